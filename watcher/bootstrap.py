"""The one place that builds things: settings to engine, store, sources, channels."""
