"""Records of identity, one file a kind. The conditional writes that decide a race live here."""
