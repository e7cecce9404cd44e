"""`xpressbot` and `python -m xpressbot`."""

import os

from xpressbot.bootstrap import command_line


def main() -> None:
    """Run the command line. Files it makes are for its own user only."""
    os.umask(0o077)
    command_line()()


if __name__ == "__main__":
    main()
