"""What documents and messages say of settings."""

import re

from tests.contract.documents import ROOT, documents, name_of, read
from xpressbot.foundation.settings import PREFIX, Settings

SETTINGS = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


def test_no_document_names_a_setting_that_does_not_exist() -> None:
    """A reader who copies a name from a document gets a setting and no refusal."""
    named = {(name_of(path), name) for path in documents() for name in re.findall(rf"{PREFIX}[A-Z0-9_]+", read(name_of(path)))}
    assert sorted((path, name) for path, name in named if name not in SETTINGS) == []


def test_messages_of_the_program_name_existing_settings_only() -> None:
    """A message that tells an operator to set something names something that can be set."""
    sources = (ROOT / "src").rglob("*.py")
    named = {(name_of(path), name) for path in sources for name in re.findall(rf"{PREFIX}[A-Z0-9_]*[A-Z0-9]", path.read_text("utf-8"))}
    assert sorted((path, name) for path, name in named if name not in SETTINGS) == []
