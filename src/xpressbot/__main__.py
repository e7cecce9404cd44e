"""`xpressbot` and `python -m xpressbot`."""

from xpressbot.bootstrap import command_line


def main() -> None:
    """Run the command line."""
    command_line()()


if __name__ == "__main__":
    main()
