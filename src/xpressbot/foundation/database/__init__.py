"""The database: engine, migrations, and the row that names the keys in use."""
