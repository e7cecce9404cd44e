"""How people and programs come in: pages, the JSON API, the command line."""
