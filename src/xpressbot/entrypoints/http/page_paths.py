"""Paths of pages. One about a single row has the row's id in it: /team/members/{member:id}."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from starlette.convertors import StringConvertor, register_url_convertor

_ID: Final = "[0-9a-f]{32}"
_PARAMETER: Final = re.compile(r"\{(\w+):id\}")


class IdConvertor(StringConvertor):
    """Takes an id as the program makes them, and nothing else: any other text is a page that there is not."""

    regex = _ID


register_url_convertor("id", IdConvertor())


def path_with(template: str, ids: Mapping[str, str]) -> str:
    """The path of the page about these rows."""
    return _PARAMETER.sub(lambda parameter: ids[parameter[1]], template)


class Destinations:
    """The paths that `next` may name: exactly those of our own GET pages (ASVS 3.7.2)."""

    def __init__(self, templates: Iterable[str]) -> None:
        self.templates: Final = frozenset(templates)
        self._pattern = re.compile("|".join(_PARAMETER.sub(_ID, template) for template in sorted(self.templates)))

    def __contains__(self, path: str) -> bool:
        return self._pattern.fullmatch(path) is not None
