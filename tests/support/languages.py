"""The languages that there are, read once: templates are compiled once for each of them."""

from xpressbot.entrypoints.messages.catalogues import load_languages

LANGUAGES = load_languages()
