"""`xpressbot` and `python -m xpressbot`."""

import gc
import os


def main() -> None:
    """Run the command line. Files it makes are for its own user only."""
    os.umask(0o077)
    gc.disable()
    from xpressbot.bootstrap import command_line  # noqa: PLC0415  # what is loaded stays: a search for garbage meanwhile finds none

    gc.freeze()
    gc.enable()
    command_line()()


if __name__ == "__main__":
    main()
