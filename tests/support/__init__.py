"""What tests share: a settable clock and entropy, an installation, a browser over HTTP, an independent authenticator app."""
