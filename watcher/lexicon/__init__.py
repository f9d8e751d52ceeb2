"""Word forms: dictionaries that run in a process that ends, and their cache on disk. Must not: be needed at run time."""
