"""`xpressbot` and `python -m xpressbot`."""

import os
import sys

from xpressbot.foundation.large_pages import begin_anew_with_large_pages


def start() -> None:
    """Run the command line; a server with large pages, if it gets them (docs/adr/0016)."""
    if sys.argv[1:2] == ["serve"]:
        begin_anew_with_large_pages()
    main()


def main() -> None:
    """Run the command line. Files it makes are for its own user only."""
    from xpressbot.bootstrap import command_line  # noqa: PLC0415  # what is imported before a new beginning is imported twice

    os.umask(0o077)
    command_line()()


if __name__ == "__main__":
    start()
