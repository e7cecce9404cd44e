"""The dashboard and its API over HTTP."""
