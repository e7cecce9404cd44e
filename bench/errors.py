"""Why a run cannot go on."""


class BenchError(Exception):
    """Something that is needed is missing, or an answer was not the expected one. The message says what, and what to do."""
