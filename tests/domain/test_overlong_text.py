"""Overlong addresses and names are refused by their length alone."""

from collections.abc import Callable

import pytest

from tests.support.composed import lengths_composed
from xpressbot.identity.domain.account import normalise_email, normalise_name

Normalise = Callable[[str], str | None]
MOST_TYPED = 1024
MARKS = "\u0300\u0316"
ENDINGS = {normalise_email: "@example.com", normalise_name: ""}


def overlong(normalise: Normalise, length: int) -> str:
    """Combining marks in the order that costs most to compose."""
    ending = ENDINGS[normalise]
    return ("a" + MARKS * length)[: length - len(ending)] + ending


@pytest.mark.parametrize("normalise", ENDINGS)
@pytest.mark.parametrize("length", [MOST_TYPED + 1, 4096])
def test_more_than_1024_characters_are_refused_and_never_composed(normalise: Normalise, length: int) -> None:
    """Composing takes time that grows with the square, and anybody may send them."""
    with lengths_composed() as lengths:
        assert normalise(overlong(normalise, length)) is None
    assert lengths == []


@pytest.mark.parametrize("normalise", ENDINGS)
def test_white_space_counts_towards_the_length(normalise: Normalise) -> None:
    """The length is judged before anything is taken away: what surrounds a good address may be endless too."""
    good = overlong(normalise, 40)
    assert normalise(" " * (MOST_TYPED - 40) + good) is not None
    assert normalise(" " * (MOST_TYPED - 39) + good) is None


@pytest.mark.parametrize("normalise", ENDINGS)
def test_1024_characters_are_looked_at(normalise: Normalise) -> None:
    """The bound is no stricter than it says; such a text is refused for what it is."""
    with lengths_composed() as lengths:
        assert normalise(overlong(normalise, MOST_TYPED)) is None
    assert lengths == [MOST_TYPED]
