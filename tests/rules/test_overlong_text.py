"""Overlong addresses and names are refused by their length alone."""

from collections.abc import Callable

import pytest

from tests.support.unicode_composition import lengths_composed
from xpressbot.identity.accounts.rules.account import normalise_name
from xpressbot.identity.accounts.rules.address import normalise_email

Normalise = Callable[[str], object]
MOST_TYPED = 1024
MARKS = "\u0300\u0316"
ENDINGS: dict[Normalise, str] = {
    normalise_email: "@example.com",
    normalise_name: "",
}


def overlong(normalise: Normalise, length: int) -> str:
    """Combining marks in the order that costs most to compose."""
    ending = ENDINGS[normalise]
    return ("a" + MARKS * length)[: length - len(ending)] + ending


def is_taken(normalise: Normalise, text: str) -> bool:
    """Whether it gives a text, and no refusal."""
    return isinstance(normalise(text), str)


@pytest.mark.parametrize("normalise", ENDINGS)
@pytest.mark.parametrize("length", [MOST_TYPED + 1, 4096])
def test_more_than_1024_characters_are_refused_and_never_composed(normalise: Normalise, length: int) -> None:
    """Composing takes time that grows with the square, and anybody may send them."""
    with lengths_composed() as lengths:
        assert not is_taken(normalise, overlong(normalise, length))
    assert lengths == []


@pytest.mark.parametrize("normalise", ENDINGS)
def test_white_space_counts_towards_the_length(normalise: Normalise) -> None:
    """The length is judged before anything is taken away: what surrounds a good address may be endless too."""
    good = "anna" + ENDINGS[normalise]
    assert is_taken(normalise, " " * (MOST_TYPED - len(good)) + good)
    assert not is_taken(normalise, " " * (MOST_TYPED - len(good) + 1) + good)


@pytest.mark.parametrize("normalise", ENDINGS)
def test_1024_characters_are_looked_at(normalise: Normalise) -> None:
    """The bound is no stricter than it says; such a text is refused for what it is."""
    with lengths_composed() as lengths:
        assert not is_taken(normalise, overlong(normalise, MOST_TYPED))
    assert lengths == [MOST_TYPED]
