"""Fills an installation of ours with people: 2FA on, two sessions, ten recovery codes, ten security events each.

The rows are made by the domain and encrypted and digested by the adapters, and go into the tables in bulk.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, text

from bench.people import PASSWORD, Person
from xpressbot.bootstrap import SCHEMA
from xpressbot.foundation.clock import SystemClock
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.crypto.encryption import Encryption, KeyedDigests
from xpressbot.foundation.crypto.key_ring import load_key_ring
from xpressbot.foundation.crypto.key_state import active_key_id, attach_key_ring
from xpressbot.foundation.database.engine import open_database
from xpressbot.foundation.database.migration_runner import upgrade
from xpressbot.foundation.database.transaction import Writing
from xpressbot.foundation.entropy import SystemEntropy
from xpressbot.foundation.settings import Settings
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.accounts.rules.address import email_key
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.rules.chain import GENESIS, SALT_BYTES, chained_hash, details_hash, encode_details
from xpressbot.identity.audit.rules.event import EventKind, NewEvent
from xpressbot.identity.factors.recovery_codes.codes import draw_codes
from xpressbot.identity.factors.rules import AuthenticatorState
from xpressbot.identity.factors.totp.kind import Totp
from xpressbot.identity.factors.totp.store import SECRET
from xpressbot.identity.passwords.hasher import PasswordHasher
from xpressbot.identity.sessions.rules.session import ABSOLUTE_LIFETIME
from xpressbot.identity.tables import (
    ACCOUNT,
    AUTHENTICATOR,
    CHAIN_HEAD,
    RECOVERY_CODE,
    RECOVERY_CODE_SET,
    SECURITY_EVENT,
    SESSION,
    TOTP_AUTHENTICATOR,
)

CHEAPEST_HASH_KIB = 8
"""For the password step where it only prepares what is measured."""
SESSIONS_EACH = 2
EVENTS_EACH = 10
_BATCH = 500
_USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
_HISTORY = [EventKind.ACCOUNT_CREATED, EventKind.TWO_FACTOR_ENABLED, *[EventKind.SIGNED_IN] * (EVENTS_EACH - 2)]

Rows = dict[Table, list[dict[str, Any]]]


@dataclass(frozen=True)
class Installation:
    """An installation of ours: its folder, its database (the embedded one if no URL is given), its password hash."""

    directory: Path
    database_url: str = ""
    argon2_memory_kib: int = Settings.model_fields["argon2_memory_kib"].default

    @property
    def settings(self) -> Settings:
        """As the application reads them."""
        return Settings(
            data_dir=self.directory / "data",
            key_file=self.directory / "keys" / "keyring.json",
            database_url=self.database_url,
            argon2_memory_kib=self.argon2_memory_kib,
        )

    @property
    def environment(self) -> dict[str, str]:
        """The same for a server's process. One proxy is trusted: this machine's, as which the load client speaks."""
        settings = self.settings
        return {
            "XPRESSBOT_DATA_DIR": str(settings.data_dir),
            "XPRESSBOT_KEY_FILE": str(settings.key_file),
            "XPRESSBOT_DATABASE_URL": settings.url,
            "XPRESSBOT_ARGON2_MEMORY_KIB": str(settings.argon2_memory_kib),
            "XPRESSBOT_TRUSTED_PROXIES": "127.0.0.1/32",
        }


def seed(installation: Installation, numbers: range, advance: Callable[[int], None] = lambda _count: None) -> Installation:
    """Migrate, and add the people with these numbers; `advance` hears of each batch. Gives the installation back."""
    settings, entropy = installation.settings, SystemEntropy()
    database = open_database(settings.url, pool_size=1, durable=False, patient=True)
    try:
        upgrade(database, SCHEMA)
        ring = attach_key_ring(database, settings.key_file, entropy)
        encryption = Encryption(ring, entropy, partial(load_key_ring, settings.key_file))
        hasher = PasswordHasher(
            memory_kib=settings.argon2_memory_kib, iterations=settings.argon2_iterations, threads=1, filler=entropy.token_bytes(32)
        )
        maker = _Maker(System(SystemClock(), entropy), encryption, KeyedDigests(ring), hasher.hash(PASSWORD))
        for start in range(numbers.start, numbers.stop, _BATCH):
            batch = range(start, min(start + _BATCH, numbers.stop))
            with database.write() as connection:
                tx = Writing(connection)
                for table, rows in maker.rows(tx, [Person(number) for number in batch]).items():
                    _insert(connection, table, rows)
                tx.commit()
            advance(len(batch))
        _settle(database.engine.connect())
    finally:
        database.dispose()
    return installation


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the rows of people. All share one password hash: hashing is measured elsewhere."""

    system: System
    encryption: Encryption
    digest: KeyedDigests
    password_hash: str

    def rows(self, tx: Writing, people: Sequence[Person]) -> Rows:
        rows: Rows = defaultdict(list)
        for person in people:
            account_id = person.account_id
            self._account(rows, account_id, person)
            self._authenticator(rows, tx, account_id, person)
            sessions = [self._session(rows, account_id, person) for _number in range(SESSIONS_EACH)]
            self._recovery_codes(rows, tx, account_id, sessions[0])
            self._history(rows, account_id, person, sessions[0])
        return rows

    def _account(self, rows: Rows, account_id: str, person: Person) -> None:
        rows[ACCOUNT].append(
            {
                "id": account_id,
                "email": person.email,
                "email_key": email_key(person.email),
                "name": f"Person {person.number}",
                "status": AccountStatus.ACTIVE.value,
                "security_version": 1,
                "password_hash": self.password_hash,
                "created_at": self.system.now(),
                "role": Role.AGENT.value,
                "role_since": self.system.now(),
                "protected_since": self.system.now(),
            }
        )

    def _authenticator(self, rows: Rows, tx: Writing, account_id: str, person: Person) -> None:
        authenticator_id, now = self.system.new_id(), self.system.now()
        rows[AUTHENTICATOR].append(
            {
                "id": authenticator_id,
                "account_id": account_id,
                "kind": Totp.name,
                "name": "",
                "state": AuthenticatorState.ACTIVE.value,
                "created_at": now,
                "security_version": 1,
                "plan": "replace",
                "renews_backups": False,
                "confirmed_at": now,
            }
        )
        secret = SECRET.encrypt(self.encryption, active_key_id(tx), account_id, authenticator_id, person.secret)
        rows[TOTP_AUTHENTICATOR].append({"id": authenticator_id, "account_id": account_id, "secret": secret})

    def _session(self, rows: Rows, account_id: str, person: Person) -> str:
        session_id, now = self.system.new_id(), self.system.now()
        rows[SESSION].append(
            {
                "id": session_id,
                "token_hash": self.system.new_token().digest,
                "account_id": account_id,
                "security_version": 1,
                "amr": "otp pwd",
                "authenticated_at": now,
                "proven_at": now,
                "last_used_at": now,
                "expires_at": now + ABSOLUTE_LIFETIME,
                "recovery_grant_until": 0,
                "codes_visible_until": 0,
                "address": person.network_address,
                "user_agent": _USER_AGENT,
            }
        )
        return session_id

    def _recovery_codes(self, rows: Rows, tx: Writing, account_id: str, session_id: str) -> None:
        codes, now = draw_codes(tx, self.system, self.encryption, self.digest, account_id, session_id), self.system.now()
        rows[RECOVERY_CODE_SET].append(
            {"id": codes.id, "account_id": account_id, "state": "in_force", "session_id": session_id, "created_at": now, "saved_at": now}
        )
        rows[RECOVERY_CODE] += [
            {"id": code.id, "set_id": codes.id, "position": code.position, "digest": code.digest, "shown_copy": code.shown_copy}
            for code in codes.codes
        ]

    def _history(self, rows: Rows, account_id: str, person: Person, session_id: str) -> None:
        previous = GENESIS
        for seq, kind in enumerate(_HISTORY, 1):
            salt, now = self.system.entropy.token_bytes(SALT_BYTES), self.system.now()
            details = encode_details({"address": person.network_address, "user_agent": _USER_AGENT, "session": session_id})
            digest = details_hash(salt, details)
            event = NewEvent(kind, {}, actor=account_id)
            previous = chained_hash(previous, event, subject=account_id, seq=seq, at=now, details_digest=digest)
            rows[SECURITY_EVENT].append(
                {
                    "subject": account_id,
                    "seq": seq,
                    "kind": kind.value,
                    "actor": account_id,
                    "at": now,
                    "details": details,
                    "salt": salt,
                    "details_hash": digest,
                    "hash": previous,
                }
            )
        rows[CHAIN_HEAD].append({"subject": account_id, "seq": EVENTS_EACH, "hash": previous})


def _insert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    if connection.dialect.name != "postgresql":
        connection.execute(insert(table), rows)
        return
    columns = ", ".join(f'"{name}"' for name in rows[0])
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(tuple(row.values()))


def _settle(connection: Connection) -> None:
    """What the database would do by itself, sooner or later: count its rows, and move the log into the file."""
    with connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(text("VACUUM ANALYZE"))
            connection.execute(text("CHECKPOINT"))
        else:
            connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
