"""A database that people have used at an older schema is upgraded, and everything in it goes on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, delete, insert, select, text

from tests.support.databases import SqliteTemplate
from tests.support.event_chain import broken_at
from tests.support.installation import CLIENT, PASSWORD, Installation, install, make_settings
from tests.support.people import caller_with, completed, enrolment_steps, pending, protected, recovery_code, signed_in
from xpressbot.bootstrap import System, build
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.database import migrations
from xpressbot.foundation.database.engine import METADATA, Database, open_database
from xpressbot.foundation.database.migrations import HEAD, current_revision, upgrade
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors.proof import TotpCode
from xpressbot.identity.factors.totp.enrolment import Confirmed
from xpressbot.identity.outcomes import Denied, Reason, SessionRenewed, SignedIn
from xpressbot.identity.registration.account_creation import NewAccount
from xpressbot.identity.sessions.caller import Caller

EARLIER = ["0001", "0002", "0003", "0004"]
RENAMED = {"authenticator": {"session_id": "begun_in"}}
"""Columns that the first schema had under another name: the old one, and today's."""
GONE = {"account": {"notices_seen": 0}}
"""Columns that today's schema has no more, with what an older one holds in them."""


@pytest.fixture
def today(tmp_path: Path, sqlite_template: SqliteTemplate) -> Iterator[Installation]:
    """Where people do what is then put into a database of an earlier schema."""
    place = tmp_path / "today"
    place.mkdir()
    installation = install(place, sqlite_template.fresh(place))
    yield installation
    installation.close()


@pytest.fixture(params=EARLIER)
def used(request: pytest.FixtureRequest, tmp_path: Path, empty_database_url: str) -> Iterator[Database]:
    """A database at an earlier schema."""
    database = open_database(make_settings(tmp_path, empty_database_url).url, durable=False)
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with database.write() as connection:
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, request.param)
        connection.commit()
    yield database
    database.dispose()


def test_people_go_on_where_they_were(today: Installation, used: Database, tmp_path: Path, empty_database_url: str) -> None:
    """Sessions, 2FA, used and unused codes, half-finished sign-ins, enrolments and new sets, waits and the history."""
    anna, bo = protected(today.services), signed_in(today.services, "bo@example.com")
    completed(today.services, pending(today.services), recovery_code(anna.codes[0]))
    today.services.identity.sign_in.begin("anna@example.com", "wrong", "/", CLIENT)
    today.services.identity.recovery_codes.regenerate(anna.caller)
    half_signed_in, (bos_phone, _secret) = pending(today.services), enrolment_steps(today.services, bo)
    _take_back(today.services, used)

    services = _upgraded(today, used, tmp_path, empty_database_url)

    assert caller_with(services, anna.caller.client.session).account.email == "anna@example.com"
    completed(services, half_signed_in, TotpCode(anna.phone.code()))
    again = services.identity.sign_in.verify_second_factor(pending(services), recovery_code(anna.codes[0]), CLIENT)
    assert isinstance(again, Denied)
    assert again.reason is Reason.CODE_ALREADY_USED
    completed(services, pending(services), recovery_code(anna.codes[1]))
    assert isinstance(services.identity.recovery_codes.keep(anna.caller, ""), SessionRenewed)
    assert isinstance(services.identity.totp_enrolment.confirm(bo, bos_phone.code()), Confirmed)
    assert [broken_at(services, person.account.id) for person in (anna, bo)] == [None, None]
    services.close()


def test_an_open_welcome_link_still_makes_the_owner(today: Installation, used: Database, tmp_path: Path, empty_database_url: str) -> None:
    """Whoever updates before the first account is made need not look for another link."""
    token = today.services.identity.registration.issue_welcome_link()
    _take_back(today.services, used)

    services = _upgraded(today, used, tmp_path, empty_database_url)

    claimed = services.identity.registration.claim(token, NewAccount("anna@example.com", "Anna Berg", PASSWORD), CLIENT)
    assert isinstance(claimed, SignedIn)
    assert services.identity.registration.issue_welcome_link() is None
    services.close()


def test_what_nobody_has_acknowledged_yet_is_told_after_the_upgrade(
    today: Installation, used: Database, tmp_path: Path, empty_database_url: str
) -> None:
    """The same notices as if they had been made by today's program: one of a kind that repeats, and none of what was seen."""
    anna = protected(today.services)
    half_signed_in = pending(today.services)
    for code in ("000000", "000001"):
        today.services.identity.sign_in.verify_second_factor(half_signed_in, TotpCode(code), CLIENT)
    today.services.identity.recovery_codes.reveal(anna.caller)
    late = caller_with(today.services, completed(today.services, pending(today.services), recovery_code(anna.codes[0])).session)
    expected = _told(today.services, late), _told(today.services, anna.caller)
    assert EventKind.SECOND_FACTOR_REFUSED in {kind for kind, _count in expected[1]}
    _take_back(today.services, used)
    seen = 3
    with used.write() as connection:
        connection.execute(text("UPDATE account SET notices_seen = :seen"), {"seen": seen})
        connection.commit()

    services = _upgraded(today, used, tmp_path, empty_database_url)

    of_then = list(services.identity.account_page.dashboard(late).notices)
    assert {notice.kind for notice in of_then} < {kind for kind, _count in expected[0]}
    assert min(notice.first.seq for notice in of_then) > seen
    assert _told(services, anna.caller) == [one for one in expected[1] if one[0] in {notice.kind for notice in of_then}]
    services.close()


def _told(services: Services, caller: Caller) -> list[tuple[EventKind | None, int]]:
    return [(notice.kind, notice.count) for notice in services.identity.account_page.dashboard(caller).notices]


def _take_back(services: Services, used: Database) -> None:
    """Put all rows into the older database, without what it has no columns for."""
    with services.database.read() as source, used.write() as target:
        older = MetaData()
        older.reflect(target)
        for table in older.sorted_tables:
            if table.name in METADATA.tables:
                target.execute(delete(table))
                rows = [_as_then(table.name, row, set(table.columns.keys())) for row in _rows(source, table.name)]
                if rows:
                    target.execute(insert(table), rows)
        target.commit()


def _rows(connection: Connection, table: str) -> list[dict[str, object]]:
    return [dict(row) for row in connection.execute(select(METADATA.tables[table])).mappings()]


def _as_then(table: str, row: dict[str, object], columns: set[str]) -> dict[str, object]:
    renamed, with_gone = RENAMED.get(table, {}), GONE.get(table, {}) | row
    return {column: with_gone[renamed.get(column, column)] for column in columns}


def _upgraded(today: Installation, used: Database, directory: Path, url: str) -> Services:
    """The services on the older database once it is upgraded, with the same key ring and clock."""
    assert current_revision(used) in EARLIER
    upgrade(used)
    assert current_revision(used) == HEAD
    settings = make_settings(directory, url, key_file=today.services.settings.key_file)
    return build(settings, system=System(today.clock, today.entropy), durable=False)
