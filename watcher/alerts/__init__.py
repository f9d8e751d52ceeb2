"""Edge: channels that alerts leave through."""
