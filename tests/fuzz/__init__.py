"""Random damage to what people and publishers write: feeds, watchlists, queries. Only declared errors may come out."""
