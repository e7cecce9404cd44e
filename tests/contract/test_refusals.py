"""Refusals: an enum for each use case, and one value for each reason over all of them."""

from collections import Counter

from tests.support.reasons import REASONS, REFUSALS


def test_every_reason_has_a_value_of_its_own() -> None:
    """Logs, events, metrics and addresses have it without its enum, and equal strings are equal reasons to a match."""
    assert REASONS
    assert [value for value, count in Counter(reason.value for reason in REASONS).items() if count > 1] == []
    assert {reason.value for reason in REASONS} == {reason.name.lower() for reason in REASONS}


def test_every_enum_of_reasons_is_named_for_what_is_refused() -> None:
    """So that a signature tells a refusal from an outcome."""
    assert [enum.__name__ for enum in REFUSALS if not enum.__name__.endswith("Refusal")] == []
