"""What tests of several layers share. Must not: hold tests."""
