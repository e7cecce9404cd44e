"""GET /readyz tells of database, schema and keys, each by itself, within bounds, and no detail of any."""

import asyncio
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, make_url, text
from starlette.applications import Starlette

from tests.http.conftest import both_engines
from tests.support.browser import Browser
from tests.support.engine_events import listening
from tests.support.installation import Installation, install
from tests.support.postgres import new_database
from xpressbot.bootstrap import SCHEMA
from xpressbot.entrypoints.http import health
from xpressbot.entrypoints.http.app import create_app
from xpressbot.foundation.crypto.key_ring import KEY_BYTES, change_key_ring, load_key_ring, with_key, with_only
from xpressbot.foundation.database.engine import open_database
from xpressbot.foundation.database.migration_runner import upgrade
from xpressbot.foundation.entropy import SystemEntropy

OK = {"database": "ok", "schema": "ok", "keys": "ok", "mail": "ok"}
UNREACHED = {"database": "unavailable", "schema": "unknown", "keys": "unknown", "mail": "unknown"}


def ready(browser: Browser) -> tuple[int, dict[str, str]]:
    """The status and the parts."""
    response = browser.get("/readyz")
    return response.status_code, response.json()


def run(installation: Installation, statement: str) -> None:
    with installation.services.database.engine.begin() as connection:
        connection.execute(text(statement))


@both_engines
def test_a_sound_installation_is_ready(browser: Browser) -> None:
    """All three parts."""
    assert ready(browser) == (200, OK)


HEAD = SCHEMA.packages[0].head


@both_engines
@pytest.mark.parametrize(
    ("statement", "undo", "state"),
    [
        (
            "UPDATE alembic_version SET version_num = '0001'",
            f"UPDATE alembic_version SET version_num = '{HEAD}'",
            "mismatch",
        ),
        (
            "UPDATE alembic_version SET version_num = '9999'",
            f"UPDATE alembic_version SET version_num = '{HEAD}'",
            "mismatch",
        ),
        ("ALTER TABLE alembic_version RENAME TO away", "ALTER TABLE away RENAME TO alembic_version", "mismatch"),
        ("ALTER TABLE alembic_version_chat RENAME TO away", "ALTER TABLE away RENAME TO alembic_version_chat", "mismatch"),
    ],
)
def test_another_schema_is_not_ready(statement: str, undo: str, state: str, installation: Installation, browser: Browser) -> None:
    """An older one, one that a newer version has migrated meanwhile, and none."""
    run(installation, statement)
    try:
        assert ready(browser) == (503, OK | {"schema": state})
    finally:
        run(installation, undo)
    assert ready(browser) == (200, OK)


@both_engines
def test_a_key_that_another_node_rotated_to_makes_this_one_unready_until_it_has_it(installation: Installation, browser: Browser) -> None:
    """The ring is read again then, and no restart is needed."""
    path = installation.services.settings.key_file
    old = load_key_ring(path)
    other_node = path.parent / "other.json"
    shutil.copy(path, other_node)
    new = change_key_ring(other_node, lambda ring: with_key(ring, SystemEntropy().token_bytes(KEY_BYTES)))
    with installation.services.database.engine.begin() as connection:
        connection.execute(
            text("UPDATE key_state SET active_key = :new, keys_in_use = :both"),
            {"new": new.newest_id, "both": f'["{old.active_id}", "{new.newest_id}"]'},
        )
    assert ready(browser) == (503, OK | {"keys": "missing"})
    path.rename(path.parent / "away")
    assert ready(browser) == (503, OK | {"keys": "missing"})
    (path.parent / "away").rename(path)
    path.chmod(0o644)
    assert ready(browser) == (503, OK | {"keys": "missing"})
    path.chmod(0o600)
    change_key_ring(path, lambda _ring: with_only(new, new.newest_id))
    assert ready(browser) == (503, OK | {"keys": "missing"})
    other_node.replace(path)
    assert ready(browser) == (200, OK)


def test_keys_that_this_process_has_need_no_file(installation: Installation, browser: Browser) -> None:
    """It can serve without it; the doctor tells that it is gone."""
    installation.services.settings.key_file.unlink()
    assert ready(browser) == (200, OK)


def test_another_lookup_key_is_not_ready(installation: Installation, browser: Browser) -> None:
    """No recovery code would be recognised."""
    run(installation, "UPDATE key_state SET lookup_key = '0123456789abcdef'")
    assert ready(browser) == (503, OK | {"keys": "mismatch"})


@pytest.mark.parametrize("replaced", [False, True])
def test_a_database_file_that_is_gone_or_replaced_is_not_ready(
    replaced: bool, installation: Installation, browser: Browser, tmp_path: Path
) -> None:
    """Connections that are open would go on with a file that no process finds again."""
    file = tmp_path / "xpressbot.sqlite3"
    assert ready(browser) == (200, OK)
    file.rename(tmp_path / "away")
    if replaced:
        shutil.copy(tmp_path / "away", file)
    assert ready(browser) == (503, UNREACHED)
    (tmp_path / "away").replace(file)
    assert ready(browser) == (200, OK)


@pytest.fixture
def on_postgres(postgres_server: str, tmp_path: Path) -> Iterator[Installation]:
    """An installation on a database of its own, which can be closed without harm to other tests."""
    url = new_database(postgres_server, f"readiness_{os.getpid()}")
    database = open_database(url.replace("postgresql://", "postgresql+psycopg://"))
    upgrade(database, SCHEMA)
    database.dispose()
    installation = install(tmp_path, url)
    yield installation
    installation.close()


def test_a_server_that_takes_no_connection_is_not_ready(on_postgres: Installation, postgres_server: str) -> None:
    """Until it takes them again. Nothing tells where it is or what it said."""
    browser = Browser(create_app(on_postgres.services), on_postgres.clock)
    name = make_url(on_postgres.services.settings.url).database
    server = create_engine(make_url(postgres_server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    assert ready(browser) == (200, OK)
    with server.connect() as connection:
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        connection.exec_driver_sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        assert ready(browser) == (503, UNREACHED)
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    server.dispose()
    assert ready(browser) == (200, OK)


def test_a_database_that_hangs_holds_one_thread_and_no_client_for_long(
    installation: Installation, app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty ask while it hangs: all are told, one question is under way, and pages and health go on."""
    monkeypatch.setattr(health, "READY_WITHIN_SECONDS", 0.05)
    release, hanging = threading.Event(), []

    def hang(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement == "SELECT 1":
            hanging.append(statement)
            release.wait()

    async def outage() -> tuple[list[httpx.Response], list[int], httpx.Response]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            told = [
                *await asyncio.gather(*(client.get("/readyz") for _one in range(20))),
                *await asyncio.gather(*(client.get("/readyz") for _one in range(20))),
            ]
            others = [(await client.get(path)).status_code for path in ("/healthz", "/sign-in")]
            release.set()
            monkeypatch.setattr(health, "READY_WITHIN_SECONDS", 20)
            return told, others, await client.get("/readyz")

    with listening(installation.services.database, "before_cursor_execute", hang):
        try:
            told, others, afterwards = asyncio.run(outage())
        finally:
            release.set()
    assert [(response.status_code, response.json()) for response in told] == [(503, UNREACHED)] * 40
    assert others == [200, 200]
    assert len(hanging) == 1
    assert (afterwards.status_code, afterwards.json()) == (200, OK)
