"""A thief who steals a copy of the database, without the key ring, has no seed, recovery code, password or token (ASVS 6.5.2)."""

from pathlib import Path

import psycopg

from tests.support.installation import PASSWORD, Installation
from tests.support.people import completed, enrolment_steps, pending, protected, signed_in, welcome_link
from tests.support.secret_search import found, of_bytes, of_codes, of_text, of_token
from xpressbot.foundation.crypto.key_ring import load_key_ring
from xpressbot.foundation.database.engine import METADATA
from xpressbot.identity.factors.totp.kind import TotpCode


def test_a_copy_of_the_database_holds_no_secret(installation: Installation, tmp_path: Path) -> None:
    """Every spelling of every secret is searched in the SQLite file and its log, and in all PostgreSQL tables."""
    services = installation.services
    welcome = welcome_link(services)
    anna = protected(services)
    bela = signed_in(services, "bela@example.com")
    _phone, unconfirmed = enrolment_steps(services, bela)
    session = completed(services, pending(services), TotpCode(anna.phone.code()))
    waiting = pending(services)
    ring = load_key_ring(services.settings.key_file)

    needles = (
        of_text("password", PASSWORD)
        | of_bytes("seed", anna.secret)
        | of_bytes("seed that is not confirmed", unconfirmed)
        | of_codes(anna.codes)
        | of_token("welcome token", welcome)
        | of_token("session token", session.session)
        | of_token("first session token", bela.token)
        | of_token("device token", session.device)
        | of_token("pending token", waiting)
        | of_bytes("root key", ring.keys[ring.active_id])
        | of_bytes("lookup key", ring.lookup_key)
    )
    dump = _dump(installation, tmp_path)

    assert found(dump, of_text("address", "bela@example.com")) != []
    assert found(dump, of_bytes("digest of the pending token", waiting.digest)) != []
    assert found(dump, needles) == []


def _dump(installation: Installation, directory: Path) -> bytes:
    url = installation.services.settings.url
    if url.startswith("sqlite"):
        files = sorted(directory.glob("*.sqlite3*"))
        assert any(file.name.endswith("-wal") for file in files)
        return b"".join(file.read_bytes() for file in files)
    dump = b""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            with connection.cursor().copy(f'COPY "{table}" TO STDOUT') as rows:
                dump += b"".join(map(bytes, rows))
    return dump


def test_no_column_holds_a_hint_or_the_answer_to_a_question() -> None:
    """ASVS 6.4.2: what a friend may know is no proof of who somebody is."""
    names = {column.name for table in METADATA.sorted_tables for column in table.columns}
    assert "password_hash" in names
    assert [name for name in names if any(word in name for word in ("hint", "question", "answer"))] == []
