"""Texts without placeholders are looked up when a template is loaded: an environment has one language, so that they are constants of it."""

from collections.abc import Iterator
from typing import Final

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

_CALL: Final = "name:_"


class TranslatedTexts(Extension):
    """Replaces `_("a text")` by its translation, as markup, so that pages make no call for it. `environment.texts` has the language.

    Raises TemplateSyntaxError where `_` is given anything but one text as it stands. For texts with placeholders there is `trans`. To
    join a text to another constant, use `+`: Jinja joins constants by `~` as if they were no markup, and escapes the result once more.
    """

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Jinja hands over each template's tokens."""
        for token in stream:
            if not token.test(_CALL):
                yield token
                continue
            yield stream.expect("lparen")
            text = stream.expect("string")
            translated = self.environment.texts.gettext(text.value)  # type: ignore[attr-defined]  # the renderer adds it
            yield from (Token(text.lineno, "string", translated), Token(text.lineno, "pipe", "|"), Token(text.lineno, "name", "safe"))
            yield stream.expect("rparen")
