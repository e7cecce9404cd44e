"""Password strength by zxcvbn."""

from zxcvbn import zxcvbn


def estimate_strength(password: str) -> int:
    """Return zxcvbn's score: 0 (guessed at once) to 4."""
    score: int = zxcvbn(password)["score"]
    return score
