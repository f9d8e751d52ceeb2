"""Use cases: no SQL, no HTTP, no printing. They are handed what they need by bootstrap."""
