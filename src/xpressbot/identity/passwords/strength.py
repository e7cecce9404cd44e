"""Password strength by zxcvbn, compiled: the interpreter is held for as long as one estimate takes, so its input must be short."""


def estimate_strength(password: str) -> int:
    """Return zxcvbn's score: 0 (guessed at once) to 4."""
    from zxcvbn_rs_py import zxcvbn  # noqa: PLC0415  # its dictionaries take megabytes that a worker at rest need not hold

    return int(zxcvbn(password).score)
