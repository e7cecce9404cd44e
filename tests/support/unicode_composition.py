"""What Unicode composition is asked to work on: its time grows with the square of a text's length."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import pytest


@contextmanager
def lengths_composed() -> Iterator[list[int]]:
    """How many code points each call of unicodedata.normalize is given, on whichever thread."""
    lengths: list[int] = []
    normalize = unicodedata.normalize

    def noted(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
        lengths.append(len(text))
        return normalize(form, text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unicodedata, "normalize", noted)
        yield lengths
