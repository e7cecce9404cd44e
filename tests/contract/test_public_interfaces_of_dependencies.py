"""The check that src/ uses public interfaces of dependencies only finds what is none."""

import pytest

from tests.contract.public_names import main, offences

PROTOCOL = "src/xpressbot/entrypoints/http/server/protocol.py"


def test_src_uses_public_interfaces_only() -> None:
    """But for the exception that the check names."""
    assert main() == 0


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from uvicorn._types import Scope", "imports the private uvicorn._types.Scope"),
        ("from sqlalchemy.orm import _orm_types", "imports the private sqlalchemy.orm._orm_types"),
        ("import starlette._utils", "imports the private starlette._utils"),
        (
            "from uvicorn.protocols.http.flow_control import FlowControl",
            "imports the undocumented uvicorn.protocols.http.flow_control.FlowControl",
        ),
        ("import structlog as log\nlog._config.reset()", "reads the private log._config"),
        ("from psycopg import Connection\nConnection.wait = None", "assigns Connection.wait"),
        ("import uvicorn.config\nuvicorn.config.LIFESPAN = {}", "assigns uvicorn.config.LIFESPAN"),
        ("import segno\nsetattr(segno, 'make', None)", "assigns by setattr(segno, 'make', None)"),
    ],
)
def test_what_is_not_public_is_found(source: str, found: str) -> None:
    """An import, a use, an assignment."""
    (offence,) = offences("src/xpressbot/example.py", source)
    assert offence == f"src/xpressbot/example.py:{source.count(chr(10)) + 1}: {found}"


@pytest.mark.parametrize(
    "source",
    [
        "import logging\nlogging._acquireLock()",
        "from xpressbot.identity.store import _LOCK",
        "import uvicorn\nuvicorn.__version__",
        "from starlette.applications import Starlette\napp = Starlette()\napp.router.redirect_slashes = False",
    ],
)
def test_what_is_public_or_no_dependency_is_let_be(source: str) -> None:
    """Of the standard library and of ourselves, ruff says more."""
    assert offences("src/xpressbot/example.py", source) == []


def test_the_exception_is_for_one_file_alone() -> None:
    """The undocumented base class of the protocol."""
    source = "from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol"
    assert offences(PROTOCOL, source) == []
    assert offences("src/xpressbot/entrypoints/cli/serve.py", source) != []
