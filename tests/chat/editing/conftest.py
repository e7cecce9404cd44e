"""Properties are searched in the same order in every run, and leave no files behind."""

from hypothesis import settings

settings.register_profile("xpressbot", deadline=None, database=None, derandomize=True)
settings.load_profile("xpressbot")
