"""Every text for people can be extracted, and none in a template escapes translation."""

import re
from pathlib import Path

import pytest
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from tests.contract.documents import ROOT, name_of

TEMPLATES = sorted((ROOT / "src/xpressbot/entrypoints/http").rglob("*.html"))
NAMES = {"XpressBot"}
"""What is the same in every language."""


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What pybabel extracts with our configuration: the texts, and the files each stands in."""
    target = tmp_path_factory.mktemp("messages") / "messages.pot"
    CommandLineInterface().run(  # type: ignore[no-untyped-call]  # the library's
        ["pybabel", "--quiet", "extract", "--mapping-file", str(ROOT / "babel.cfg"), "--output-file", str(target), str(ROOT / "src")]
    )
    with target.open("rb") as file:
        catalog = read_po(file)
    return {
        message.id if isinstance(message.id, str) else message.id[0]: {Path(location).name for location, _line in message.locations}
        for message in catalog
        if message.id
    }


@pytest.mark.parametrize(
    "label", ["2FA Disabled", "Enable 2FA", "Account Settings", "Continue", "2FA Enabled", "Disable 2FA", "View recovery codes"]
)
def test_the_labels_of_the_guide_are_extracted(messages: dict[str, set[str]], label: str) -> None:
    """A translator sees each label that the guide names, word for word."""
    assert label in messages


def test_texts_of_python_are_extracted(messages: dict[str, set[str]]) -> None:
    """Refusals and titles of events come from Python, plural forms among them."""
    assert "event_words.py" in messages["Signed in with a recovery code"]
    assert "refusals.py" in messages["%(count)s more try."]


def test_texts_that_are_looked_up_when_shown_are_extracted(messages: dict[str, set[str]]) -> None:
    """They are only marked where they stand, such as titles and remedies of the doctor's findings."""
    assert "files.py" in messages["Key ring"]
    assert "network.py" in messages["Name only the addresses from which your proxies connect."]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_text_beside_translation(template: Path) -> None:
    """What is left of a template without tags, expressions and translated texts contains no word.

    Translated texts are calls in the parsed template, so that only the others are its own data.
    """
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    tree = environment.parse(template.read_text("utf-8"))
    fixed = "\0".join(data.data for data in tree.find_all(nodes.TemplateData))
    markup_free = re.sub(r"<!?[^<>]*>?|[^<>\0]*>", " ", fixed.replace("\0", ""))
    words = set(re.findall(r"[^\W\d_]{2,}", markup_free)) - NAMES
    assert not words, name_of(template)
    assert not re.findall(r'(?:aria-label|placeholder|title|alt)="[^"]*[^\W\d_]', fixed), name_of(template)
