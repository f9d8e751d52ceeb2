"""Edge: the database. Tables, engine, transactions, read models, migrations."""
