"""What tests share: a settable world, an installation, a browser over HTTP, an independent authenticator app."""
