"""The languages that pages are served in, and which of them a request asks for."""

import re
from collections.abc import Iterator
from typing import Final

from xpressbot.entrypoints.messages.translation import ENGLISH, Texts

LONGEST_HEADER: Final = 1000
"""Characters of an Accept-Language header that is read. A browser's has a few dozen."""
_ANY: Final = "*"
_RANGE: Final = re.compile(
    r"[ \t]*(?P<tag>[a-z]{1,8}(?:-[a-z0-9]{1,8})*|\*)[ \t]*(?:;[ \t]*q=(?P<weight>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*)?",
    re.ASCII | re.IGNORECASE,
)


class Languages:
    """English, which is the default, and the others that there are."""

    def __init__(self, *others: Texts) -> None:
        self._by_tag: Final = {texts.tag.lower(): texts for texts in (ENGLISH, *others)}

    def __iter__(self) -> Iterator[Texts]:
        """Each of them."""
        return iter(self._by_tag.values())

    def find(self, tag: str | None) -> Texts | None:
        """The language of a tag that was chosen; None without one, and where there is no such language."""
        return None if tag is None else self._by_tag.get(tag.lower())

    def of_choice(self, tag: str | None) -> Texts:
        """The language of what reaches a person outside a request, such as a mail. tag: what their account says of it.

        English where it says nothing, or names one that there is not.
        """
        return self.find(tag) or ENGLISH

    def __len__(self) -> int:
        """How many there are."""
        return len(self._by_tag)

    def asked_for(self, header: str) -> Texts:
        """The language that an Accept-Language header prefers (RFC 9110 section 12.5.4).

        English where the header prefers none of those that there are, and where it is malformed or too long.
        """
        return next((found for tag in _by_preference(header) if (found := self._lookup(tag)) is not None), ENGLISH)

    def translations_of(self, text: str) -> frozenset[str]:
        """A text in every language that there is."""
        return frozenset(texts.gettext(text) for texts in self)

    def _lookup(self, tag: str) -> Texts | None:
        """The language of a range, or of the nearest one that it is a variant of (RFC 4647 section 3.4)."""
        while tag and tag != _ANY:
            if tag in self._by_tag:
                return self._by_tag[tag]
            tag = tag.rpartition("-")[0]
        return ENGLISH if tag == _ANY else None


def _by_preference(header: str) -> list[str]:
    """The ranges of a header in lower case, the most wanted first; none if one of them is malformed."""
    if len(header) > LONGEST_HEADER:
        return []
    weighted = []
    for element in filter(str.strip, header.split(",")):
        found = _RANGE.fullmatch(element)
        if found is None:
            return []
        weighted.append((float(found["weight"] or 1), found["tag"].lower()))
    # Sorting is stable: of ranges with one weight the first comes first.
    return [tag for weight, tag in sorted(weighted, key=lambda one: -one[0]) if weight > 0]
