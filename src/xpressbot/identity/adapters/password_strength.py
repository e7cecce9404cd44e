"""Password strength by zxcvbn."""


def estimate_strength(password: str) -> int:
    """Return zxcvbn's score: 0 (guessed at once) to 4."""
    from zxcvbn import zxcvbn  # noqa: PLC0415  # its dictionaries take 13 MB that a worker at rest need not hold

    score: int = zxcvbn(password)["score"]
    return score
