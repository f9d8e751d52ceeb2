"""Edge: everything that reads the outside world (HTTP, the sandbox, one file per source kind)."""
