"""Texts of templates stand in the language of their environment from when they are loaded."""

from gettext import NullTranslations

import pytest
from babel import Locale
from jinja2 import DictLoader, Environment, TemplateSyntaxError

from xpressbot.entrypoints.http.template_texts import TranslatedTexts
from xpressbot.entrypoints.messages.translation import Texts


class _Spanish(NullTranslations):
    def gettext(self, message: str) -> str:
        return {"Q & A": "Preguntas &amp; respuestas"}.get(message, message)


def _templates(source: str) -> Environment:
    templates = Environment(loader=DictLoader({"page.html": source}), autoescape=True, extensions=[TranslatedTexts])
    templates.extend(texts=Texts(Locale("es"), _Spanish()))
    return templates


@pytest.mark.parametrize(
    "source", ['{{ _("Q & A") }}', "{{ _('Q & A') }}", '{% set title = _("Q & A") %}{{ title }}', '{{ _("Q & A") + "" }}']
)
def test_a_text_is_translated_and_is_markup(source: str) -> None:
    """Translations are markup, like the texts in the templates."""
    assert _templates(source).get_template("page.html").render() == "Preguntas &amp; respuestas"


@pytest.mark.parametrize(
    "source", ["{{ _(name) }}", '{{ _("Hello " ~ name) }}', '{{ _("Hello {name}", name=name) }}', "{{ _() }}", "{{ _ }}"]
)
def test_what_is_no_text_as_it_stands_is_refused_when_the_template_is_loaded(source: str) -> None:
    """No catalogue has a text that is put together, and what a person typed must not pass as markup."""
    with pytest.raises(TemplateSyntaxError):
        _templates(source).get_template("page.html")
