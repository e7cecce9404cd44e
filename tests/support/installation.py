"""A built installation, with the cheapest password hash, and people in it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Dialect, update

from tests.support.settable_system import SeededEntropy, SettableClock
from xpressbot.bootstrap import MakeKinds, build
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.engine import Database
from xpressbot.foundation.settings import Settings
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.factors.registry import all_kinds
from xpressbot.identity.registration.new_accounts import NewAccount
from xpressbot.identity.sessions.caller import Client
from xpressbot.identity.tables import ACCOUNT

PASSWORD = "violet-anchor-meadow-kettle"
CLIENT = Client(address="192.0.2.7", user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")

_DIALECTS: dict[str, Dialect] = {}
_COMPILED: dict[Any, Any] = {}


@dataclass(frozen=True)
class Installation:
    """The services of an installation, with the clock and the entropy that they use."""

    services: Services
    clock: SettableClock
    entropy: SeededEntropy

    def add_account(self, email: str = "anna@example.com", name: str = "Anna Berg", password: str = PASSWORD) -> Account:
        """Make an account as the operator does, with a confirmed address; the first is the owner's."""
        account = self.services.identity.registration.create(NewAccount(email, name, password))
        assert isinstance(account, Account), account
        return with_confirmed_address(self.services, account)

    def close(self) -> None:
        """Let go of threads and connections."""
        self.services.close()


def with_confirmed_address(services: Services, account: Account) -> Account:
    """As if a mailed link had confirmed the account's address."""
    now = services.clock.now()
    with services.database.write() as connection:
        connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == account.id).values(email_confirmed_at=now))
        connection.commit()
    return replace(account, email_confirmed_at=now)


def install(directory: Path, database_url: str, *, make_kinds: MakeKinds = all_kinds, **settings: Any) -> Installation:
    """Build an installation on a fresh database."""
    clock, entropy = SettableClock(), SeededEntropy()
    made = make_settings(directory, database_url, **settings)
    services = build(made, system=System(clock, entropy), durable=False, make_kinds=make_kinds)
    share_compiled_statements(services.database)
    return Installation(services, clock, entropy)


def share_compiled_statements(database: Database) -> None:
    """Take the SQL that other installations of this run had compiled: SQLAlchemy compiles each statement once for each engine.

    It looks compiled statements up by their dialect, too, so that all engines of one kind get that of the first.
    """
    for engine in (database.engine, database.reading):
        engine.dialect = _DIALECTS.setdefault(engine.dialect.name, engine.dialect)
        engine.update_execution_options(compiled_cache=_COMPILED)
    if database.engine.dialect.name == "sqlite":
        database.dispose()  # the single writer keeps a connection with the options that it was opened with


def make_settings(directory: Path, database_url: str, **settings: Any) -> Settings:
    """Settings of a test installation."""
    values: dict[str, Any] = {
        "data_dir": directory / "data",
        "key_file": directory / "keys" / "keyring.json",
        "argon2_memory_kib": 8,
    } | settings
    return Settings(database_url=database_url, **values)
