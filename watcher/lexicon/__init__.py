"""Edge: word forms from dictionaries, cached on disk; loaded in a process that ends."""
