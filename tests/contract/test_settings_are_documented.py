"""docs/settings.md against the Settings class."""

import re
from enum import Enum

from tests.contract.documents import ROOT, documents, name_of, read, table
from xpressbot.foundation.settings import PREFIX, Settings

SETTINGS = {f"{PREFIX}{name.upper()}": field for name, field in Settings.model_fields.items()}


def test_the_table_names_every_setting_and_no_other() -> None:
    """A setting that is added, renamed or removed is so in the table too."""
    assert list(SETTINGS) == [row["Setting"] for row in table("docs/settings.md", "Setting")]


def test_the_table_tells_every_default_as_the_code_has_it() -> None:
    """A default in the table is what an empty environment gives."""
    documented = {row["Setting"]: row["Default"] for row in table("docs/settings.md", "Setting")}
    assert {name: _spelled(field.default) for name, field in SETTINGS.items()} == documented


def test_the_table_tells_every_choice_of_a_setting_that_has_choices() -> None:
    """Where only certain words are taken, the table lists exactly these."""
    documented = {row["Setting"]: row["Values"] for row in table("docs/settings.md", "Setting")}
    for name, field in SETTINGS.items():
        choices = getattr(field.annotation, "__args__", ()) if "Literal" in str(field.annotation) else ()
        if choices:
            assert ", ".join(choices) == documented[name], name


def test_the_readme_repeats_defaults_truly() -> None:
    """The short table of the README agrees with the full one wherever it names a value."""
    for row in table("README.md", "Setting"):
        default = _spelled(SETTINGS[row["Setting"]].default)
        assert row["Default"].startswith("empty" if default == "(empty)" else default), row


def test_no_document_names_a_setting_that_does_not_exist() -> None:
    """Whoever copies a name from a document gets a setting and no refusal."""
    named = {(name_of(path), name) for path in documents() for name in re.findall(rf"{PREFIX}[A-Z0-9_]+", read(name_of(path)))}
    assert sorted((path, name) for path, name in named if name not in SETTINGS) == []


def test_messages_of_the_program_name_existing_settings_only() -> None:
    """A message that tells an operator to set something names something that can be set."""
    sources = (ROOT / "src").rglob("*.py")
    named = {(name_of(path), name) for path in sources for name in re.findall(rf"{PREFIX}[A-Z0-9_]*[A-Z0-9]", path.read_text("utf-8"))}
    assert sorted((path, name) for path, name in named if name not in SETTINGS) == []


def _spelled(default: object) -> str:
    if isinstance(default, Enum):
        return str(default.value)
    if isinstance(default, bool):
        return str(default).lower()
    return str(default) if default not in ("", ()) else "(empty)"
