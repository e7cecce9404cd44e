"""`python -m docs.generate` writes the tables; with `--check` it says what is out of date, and writes nothing."""

import sys

from docs.generate.documents import complaints_of, stale
from docs.generate.tables import all_tables


def main(arguments: list[str]) -> int:
    """Give the exit code: 1 when a person has something to do."""
    check = arguments == ["--check"]
    if arguments and not check:
        sys.stderr.write("usage: python -m docs.generate [--check]\n")
        return 2
    tables = all_tables()
    outdated = stale(tables)
    problems = complaints_of(tables)
    for path, text in outdated.items():
        if check:
            problems.append(f"{path.name} is out of date: run `make docs`")
        else:
            path.write_text(text, encoding="utf-8")
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
