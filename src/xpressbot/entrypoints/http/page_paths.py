"""Paths of pages. One about a single row has the row's id in it: /team/members/{member:id}.

What stands in a script has ids of the script's own, which may be words: /bots/{bot:id}/topics/{topic:slug}.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from starlette.convertors import StringConvertor, register_url_convertor

_PATTERNS: Final = {"id": "[0-9a-f]{32}", "slug": "[a-z0-9][a-z0-9-]{0,31}"}
_PARAMETER: Final = re.compile(r"\{(\w+):(id|slug)\}")


class IdConvertor(StringConvertor):
    """Takes an id as the program makes them, and nothing else: any other text is a page that there is not."""

    regex = _PATTERNS["id"]


class SlugConvertor(StringConvertor):
    """Takes an id as scripts have them."""

    regex = _PATTERNS["slug"]


register_url_convertor("id", IdConvertor())
register_url_convertor("slug", SlugConvertor())


def path_with(template: str, ids: Mapping[str, str]) -> str:
    """The path of the page about these rows."""
    return _PARAMETER.sub(lambda parameter: ids[parameter[1]], template)


class Destinations:
    """The paths that `next` may name: exactly those of our own GET pages (ASVS 3.7.2)."""

    def __init__(self, templates: Iterable[str]) -> None:
        self.templates: Final = frozenset(templates)
        patterns = (_PARAMETER.sub(lambda parameter: _PATTERNS[parameter[2]], template) for template in sorted(self.templates))
        self._pattern = re.compile("|".join(patterns))

    def __contains__(self, path: str) -> bool:
        return self._pattern.fullmatch(path) is not None
