"""The one place that builds things: settings into engine, store, fetcher, sandbox and channels. Must not: do the work."""
