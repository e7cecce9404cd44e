"""Opening an installation for a command, and telling its operator what is wrong in a sentence and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NoReturn, Protocol

import typer
from sqlalchemy.exc import DatabaseError

from xpressbot.entrypoints.services import Services
from xpressbot.foundation.crypto.key_ring import KeyRingError
from xpressbot.foundation.database.engine import UNAVAILABLE
from xpressbot.foundation.database.migration_runner import SchemaError
from xpressbot.foundation.database.read_only import database_file
from xpressbot.foundation.logging import configure_logging, printable
from xpressbot.foundation.settings import Settings, SettingsError, load_settings

FAILED: Final = 1
MISCONFIGURED: Final = 2
MOST_WORKERS: Final = 64


class Build(Protocol):
    """Builds the installation that the settings describe."""

    def __call__(self, settings: Settings, *, workers: int = 1, patient: bool = False, makes: bool = True) -> Services: ...


@contextmanager
def opened(build: Build, *, makes: bool = False) -> Iterator[Services]:
    """The installation of the environment's settings, for one command.

    makes: a first command, which makes database and key ring where there are none, and says where. Any other ends there with
    exit code 2, and says where it looked.
    """
    with explained():
        settings = load_settings()
        if not makes:
            refuse_where_nothing_is(settings)
        configure_logging(json_lines=settings.log_format == "json", level="WARNING")
        with telling_what_is_made(settings):
            services = build(settings, patient=True, makes=makes)
        try:
            yield services
        finally:
            services.close()


def refuse_where_nothing_is(settings: Settings) -> None:
    """End a command that was called in a wrong directory, before it makes an installation there."""
    file = database_file(settings.url)
    if file is not None and not file.exists():
        _tell(
            f"There is no installation here: no database at {file.absolute()}, by the settings of this shell and its working directory"
            f" {Path.cwd()}. Run this in the service's directory with its settings."
        )
        raise typer.Exit(MISCONFIGURED)


@contextmanager
def telling_what_is_made(settings: Settings) -> Iterator[None]:
    """Say which files of the installation were made meanwhile, with their whole paths: the directory may be the wrong one."""
    places = {"the database": database_file(settings.url), "the key ring": settings.key_file}
    absent = {what: place.absolute() for what, place in places.items() if place is not None and not place.exists()}
    try:
        yield
    finally:
        made = [f"{what} {place}" for what, place in absent.items() if place.exists()]
        if made:
            typer.echo(printable(f"Made {' and '.join(made)}."))


@contextmanager
def explained() -> Iterator[None]:
    """Turn what an operator can mend into a sentence and exit code 2, instead of a traceback."""
    try:
        yield
    except (SettingsError, KeyRingError, SchemaError) as error:
        _tell(str(error))
        raise typer.Exit(MISCONFIGURED) from None
    except UNAVAILABLE as error:
        _tell(f"The database cannot be reached: {getattr(error, 'orig', error)}")
        raise typer.Exit(MISCONFIGURED) from None
    except DatabaseError as error:
        if type(error) is not DatabaseError:
            raise  # its subclasses are faults of ours, and keep their traceback
        _tell(f"The database cannot be used: {error.orig}")
        raise typer.Exit(MISCONFIGURED) from None
    except OSError as error:
        if error.filename is None:
            raise  # no place that an operator has named
        _tell(f"{error.filename}: {error.strerror}")
        raise typer.Exit(MISCONFIGURED) from None


def fail(message: str) -> NoReturn:
    """End with a message and exit code 1."""
    _tell(message)
    raise typer.Exit(FAILED)


def _tell(message: str) -> None:
    """Say what is wrong. What a file or another program made of it must not draw on the operator's terminal."""
    typer.echo("\n".join(map(printable, message.split("\n"))), err=True)
