"""Scripts to begin a bot with, ready in each language of the product."""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Final

from xpressbot.chat.scripts.json_values import Refused
from xpressbot.chat.scripts.reading import read_script
from xpressbot.chat.scripts.script import Script


class ReadyScript(StrEnum):
    """What a ready script is for; its value names its files."""

    QUESTIONS = "questions"
    """Answers questions about opening hours, the address, payment and delivery."""
    ORDER = "order"
    """Takes an order, and hands it over to a person."""
    HAND_OVER = "handover"
    """Asks what it is about, then hands over to a person."""


READY_LANGUAGES: Final = ("en", "es", "hi")
"""BCP 47 tags of the languages that all of them speak."""


def ready_script(which: ReadyScript, language: str) -> Script:
    """The script in a language of READY_LANGUAGES, of which a region is ignored; in English for any other."""
    base = language.partition("-")[0]
    return _ready_scripts()[which, base if base in READY_LANGUAGES else "en"]


@lru_cache(maxsize=1)
def _ready_scripts() -> Mapping[tuple[ReadyScript, str], Script]:
    return {(which, language): _read(which, language) for which in ReadyScript for language in READY_LANGUAGES}


def _read(which: ReadyScript, language: str) -> Script:
    name = f"{which}.{language}.json"
    script = read_script((files("xpressbot.chat.scripts") / "ready" / name).read_bytes())
    if isinstance(script, Refused):
        raise ValueError(f"{name}: {script.place}: {script.problem} {script.detail}")  # noqa: TRY004  # the file is wrong, not its type
    return script
