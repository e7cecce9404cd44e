"""Challenge and response: the authenticator answers a challenge of the server, and counts its answers."""
