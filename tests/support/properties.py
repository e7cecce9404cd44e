"""How Hypothesis searches properties."""

from hypothesis import settings


def search_in_the_same_order() -> None:
    """In every run, without a deadline, and leaving no files behind."""
    settings.register_profile("xpressbot", deadline=None, database=None, derandomize=True)
    settings.load_profile("xpressbot")
