"""What a web chat shows: its greeting, its colour, its privacy notice. Pure."""

import json
import re
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

MOST_GREETING: Final = 1000
"""Code points of a greeting."""
MOST_URL: Final = 500
"""Characters of the address of a privacy notice."""
DEFAULT_ACCENT: Final = "#3b5bdb"
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")
_URL_CHARACTERS: Final = re.compile(r"[!-~]+")
"""RFC 3986 has no other: white space, control characters and what is not ASCII are percent-encoded."""


class SettingsProblem(StrEnum):
    """Why settings cannot be kept."""

    GREETING_TOO_LONG = "greeting_too_long"
    ACCENT = "accent"
    """Not a colour like #3b5bdb."""
    PRIVACY_URL = "privacy_url"
    """Not an address that begins with https://."""


@dataclass(frozen=True, slots=True)
class WebSettings:
    """What the page of a channel shows.

    greeting: what stands above the first message; empty for the page's own words, in the visitor's language. It is no message and is
    kept nowhere else. accent: #rrggbb in small letters. privacy_url: the address of a privacy notice; empty for none.
    """

    greeting: str = ""
    accent: str = DEFAULT_ACCENT
    privacy_url: str = ""

    def problems(self) -> frozenset[SettingsProblem]:
        """What is wrong with them; none where they can be kept."""
        return frozenset(
            problem
            for problem, is_wrong in (
                (SettingsProblem.GREETING_TOO_LONG, len(self.greeting) > MOST_GREETING),
                (SettingsProblem.ACCENT, _COLOUR.fullmatch(self.accent) is None),
                (SettingsProblem.PRIVACY_URL, self.privacy_url != "" and not _is_https_url(self.privacy_url)),
            )
            if is_wrong
        )

    def written(self) -> str:
        """As a channel keeps them."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def read(cls, text: str) -> "WebSettings":
        """Read what a channel keeps. What is missing has its default; what a newer version has beside it is left out."""
        kept: dict[str, Any] = json.loads(text)
        return cls(**{field.name: kept[field.name] for field in fields(cls) if field.name in kept})


def _is_https_url(text: str) -> bool:
    if len(text) > MOST_URL or _URL_CHARACTERS.fullmatch(text) is None:
        return False
    try:
        url = urlsplit(text)
        return url.scheme == "https" and bool(url.hostname) and "@" not in url.netloc and (url.port is None or url.port > 0)
    except ValueError:
        return False
