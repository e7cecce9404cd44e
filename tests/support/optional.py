"""Values that an interface may leave out, in tests that rely on their being there."""

from typing import TypeVar

T = TypeVar("T")


def present(value: T | None) -> T:
    """The value; a test fails here where there is none."""
    assert value is not None
    return value
