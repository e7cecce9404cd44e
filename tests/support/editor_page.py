"""The page of the script editor as its tests read it: the fields of its form, and what the draft says."""

from html.parser import HTMLParser

from tests.support.installation import Installation
from xpressbot.chat.bots.store import Bot
from xpressbot.chat.editing.parts import fields_of, parts_of
from xpressbot.chat.scripts.script import Script


def script_of(installation: Installation, bot: Bot) -> Script:
    """The draft of a bot."""
    opened = installation.services.chat.editing.open(bot.id)
    assert opened is not None
    return opened.script


def text_of(installation: Installation, bot: Bot, part_id: str) -> str:
    """What a step says, or a topic's name."""
    (part,) = [part for topic in script_of(installation, bot).topics for part in parts_of(topic) if part.id == part_id]
    fields = fields_of(part)
    return fields.get("text") or fields.get("name") or fields.get("label") or ""


class _Fields(HTMLParser):
    """The fields of the editor's form with what they hold."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._is_in_editor = False
        self._area = self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self._is_in_editor |= attributes.get("class") == "editor"
        name = attributes.get("name", "")
        if not self._is_in_editor:
            return
        if tag == "input":
            self.found[name] = attributes.get("value", "")
        elif tag == "textarea":
            self._area, self.found[name] = name, ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and ("selected" in attributes or self._select not in self.found) and self._select:
            self.found[self._select] = attributes["value"]

    def handle_endtag(self, tag: str) -> None:
        self._area = "" if tag == "textarea" else self._area
        self._select = "" if tag == "select" else self._select
        self._is_in_editor &= tag != "form"

    def handle_data(self, data: str) -> None:
        if self._area:
            self.found[self._area] += data.removeprefix("\n") if not self.found[self._area] else data


def fields_shown(page: str) -> dict[str, str]:
    """The fields of the editor's form, as a browser would send them."""
    fields = _Fields()
    fields.feed(page)
    return fields.found
