"""The one place that builds adapters and hands them to the use cases."""

import gc
import os
from collections.abc import Sequence
from functools import partial
from typing import Final, Protocol

import typer
from starlette.applications import Starlette

from xpressbot.chat import doctor_checks as chat_checks
from xpressbot.chat import retention as retention_of_chat
from xpressbot.chat.migrations import MIGRATIONS as MIGRATIONS_OF_CHAT
from xpressbot.chat.use_cases import ChatFigures, build_chat
from xpressbot.diagnostics import database_checks, file_checks, key_checks, mail_checks, memory_checks, network_checks, settings_checks
from xpressbot.diagnostics.background_check import BackgroundCheck
from xpressbot.diagnostics.check import Check, ConnectionDemand
from xpressbot.diagnostics.doctor import Doctor
from xpressbot.diagnostics.readiness import ReadinessCheck
from xpressbot.entrypoints.cli.commands import create_cli
from xpressbot.entrypoints.cli.serve import serve_command
from xpressbot.entrypoints.http import doctor_checks as page_checks
from xpressbot.entrypoints.http.app import create_app
from xpressbot.entrypoints.mail_delivery import preparing
from xpressbot.entrypoints.messages.catalogues import load_languages
from xpressbot.entrypoints.services import Services
from xpressbot.entrypoints.telemetry.definitions import Occupancy, Telemetry
from xpressbot.foundation.clock import SystemClock
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.crypto.encryption import Encryption, KeyedDigests
from xpressbot.foundation.crypto.key_ring import EMPTY_KEY_RING, KeyRing, load_key_ring
from xpressbot.foundation.crypto.key_state import attach_key_ring
from xpressbot.foundation.database.engine import Database, has_single_writer, open_database
from xpressbot.foundation.database.expiry import RowExpiry
from xpressbot.foundation.database.migration_runner import Schema, prepare_schema
from xpressbot.foundation.database.read_only import database_file
from xpressbot.foundation.database.session_reader import SessionReader
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.entropy import SystemEntropy
from xpressbot.foundation.logging import configure_logging
from xpressbot.foundation.mail.delivery import Delivery
from xpressbot.foundation.mail.files import MailFiles
from xpressbot.foundation.mail.sending import mail_sender, smtp_transport
from xpressbot.foundation.metrics import Metrics
from xpressbot.foundation.settings import Settings, load_settings
from xpressbot.foundation.threads.hash_threads import HashFigures
from xpressbot.foundation.threads.worker_pools import Pools, available_cores
from xpressbot.identity.administration.after_restore import AfterRestore, Restored
from xpressbot.identity.administration.doctor_checks import account_checks
from xpressbot.identity.administration.installation_queries import InstallationQueries
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.factors.registry import all_kinds
from xpressbot.identity.factors.rules import ENROLMENT_COUNT
from xpressbot.identity.migrations import MIGRATIONS as MIGRATIONS_OF_IDENTITY
from xpressbot.identity.passwords.hasher import PasswordHasher
from xpressbot.identity.sessions.lookup import SessionLookup
from xpressbot.identity.sessions.rules.session import STEP_UP_COUNT
from xpressbot.identity.sessions.store import RESOLVE, FoundSession, resolved
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.use_cases import Identity, at_restore, build_identity, expiring_rows

WORKERS_VARIABLE: Final = "WEB_CONCURRENCY"
"""How the parent tells its workers how many they are (uvicorn's own name for it)."""
SCHEMA: Final = Schema((MIGRATIONS_OF_IDENTITY, MIGRATIONS_OF_CHAT))
"""Identity's first: its first revision makes the tables of the foundation."""
DEFAULT_SYSTEM: Final = System(SystemClock(), SystemEntropy())


class MakeKinds(Protocol):
    """Makes the kinds of factors of an installation."""

    def __call__(self, encryption: Encryption, digests: KeyedDigests, system: System) -> Kinds: ...


def build(
    settings: Settings,
    *,
    workers: int = 1,
    system: System = DEFAULT_SYSTEM,
    durable: bool = True,
    patient: bool = False,
    makes: bool = True,
    make_kinds: MakeKinds = all_kinds,
) -> Services:
    """Open the database, attach the key ring, and build the use cases.

    SQLite is migrated on the way; another database must be up to date. `durable` and `patient` are open_database's, `makes` is
    attach_key_ring's.
    Raises KeyRingError, SchemaError, or what the database driver raises.
    """
    pools = Pools.for_cores(available_cores(), workers, single_writer=has_single_writer(settings.url))
    database = open_database(settings.url, pool_size=pools.threads, durable=durable, patient=patient)
    try:
        prepare_schema(database, SCHEMA)
        ring = attach_key_ring(database, settings.key_file, system.entropy, makes=makes)
    except BaseException:
        database.dispose()
        raise
    encryption = Encryption(ring, system.entropy, partial(load_key_ring, settings.key_file))
    digest = KeyedDigests(ring)
    kinds = make_kinds(encryption, digest, system)
    buckets = [*throttle.NAMES, STEP_UP_COUNT, ENROLMENT_COUNT, *(name for kind in kinds for name in kind.bucket_names)]
    telemetry = Telemetry(Metrics.of_this_process(), [kind.name for kind in kinds], buckets)
    transactions = Transactions(database, telemetry.reading.observe, telemetry.writing.observe)
    reader = _session_reader(settings.url)
    mail_files = MailFiles(settings.data_dir / "mail")
    hasher = _hasher(settings, pools, system, telemetry)
    identity = build_identity(transactions, system, kinds, encryption, digest, hasher, settings)
    demand = ConnectionDemand(workers, pools.threads)
    run_checks = partial(build_doctor(system).run, settings, database, demand, thorough=False)
    return Services(
        settings=settings,
        identity=identity,
        chat=build_chat(transactions, system, ChatFigures(telemetry.chat.received, telemetry.chat.failed)),
        pools=pools,
        clock=system.clock,
        entropy=system.entropy,
        digest=digest,
        database=database,
        session_reader=reader,
        session_lookup=None if reader is None else _session_lookup(reader, system, kinds, telemetry),
        expiry=RowExpiry(transactions, system, [*expiring_rows(kinds), *retention_of_chat.expiring_rows(settings.keep_conversations_days)]),
        mail=_delivery(settings, transactions, system, mail_files, identity, telemetry),
        mail_files=mail_files,
        background_check=BackgroundCheck(run_checks, system.clock),
        telemetry=telemetry,
        occupancy=Occupancy(telemetry.metrics, pools, database),
        readiness=ReadinessCheck(database, encryption, SCHEMA),
    )


def _hasher(settings: Settings, pools: Pools, system: System, telemetry: Telemetry) -> PasswordHasher:
    return PasswordHasher(
        memory_kib=settings.argon2_memory_kib,
        iterations=settings.argon2_iterations,
        threads=pools.hash_threads,
        filler=system.entropy.token_bytes(32),
        figures=HashFigures(telemetry.hashes_waiting.inc, telemetry.hash_wait.observe, telemetry.hash_run.observe),
    )


def _delivery(
    settings: Settings, transactions: Transactions, system: System, files: MailFiles, identity: Identity, telemetry: Telemetry
) -> Delivery:
    return Delivery(
        transactions,
        system,
        mail_sender(settings),
        smtp_transport(settings) if settings.smtp_url else files,
        preparing(identity, settings.public_url, load_languages),
        telemetry.mails.count,
    )


def _session_reader(url: str) -> SessionReader | None:
    file = database_file(url)
    return None if file is None else SessionReader(file, RESOLVE)


def _session_lookup(reader: SessionReader, system: System, kinds: Kinds, telemetry: Telemetry) -> SessionLookup:
    def resolve(token_hash: bytes) -> FoundSession | None:
        with telemetry.reading.time():
            return resolved(reader.find(token_hash))

    return SessionLookup(resolve, system, kinds.methods)


def build_doctor(system: System = DEFAULT_SYSTEM) -> Doctor:
    """What checks an installation, also one that cannot be built."""
    return Doctor(system.clock, doctor_checks(system))


def doctor_checks(system: System = DEFAULT_SYSTEM) -> Sequence[Check]:
    """The checks of all packages, in the order of the report. What a check needs comes before it."""

    def queries_of(database: Database, ring: KeyRing) -> InstallationQueries:
        encryption = Encryption(ring, system.entropy, lambda: ring)
        return InstallationQueries(Transactions(database), system, encryption, all_kinds(encryption, KeyedDigests(ring), system))

    accounts, of_kinds = account_checks(queries_of), _kinds_without_keys(system, all_kinds).doctor_checks
    return (
        settings_checks.SETTINGS,
        database_checks.DATABASE,
        database_checks.ENCODING,
        database_checks.schema_check(SCHEMA),
        key_checks.KEY_RING,
        accounts.encrypted_secrets,
        key_checks.KEYS_APART,
        file_checks.FILE_MODES,
        database_checks.CLOCK,
        accounts.clock,
        network_checks.PUBLIC_URL,
        page_checks.COOKIES,
        network_checks.PROXIES,
        network_checks.FORWARDED_HEADERS,
        network_checks.HOST_HEADER,
        accounts.enrolments,
        *of_kinds,
        accounts.second_factors,
        *chat_checks.CHECKS,
        mail_checks.MAIL,
        database_checks.CONNECTIONS,
        file_checks.DISK_SPACE,
        memory_checks.LARGE_PAGES,
    )


def end_what_is_open(url: str, system: System = DEFAULT_SYSTEM, make_kinds: MakeKinds = all_kinds) -> Restored:
    """End what an older copy of a database brings back open, before it is used. Each package and kind of factor lists its tables.

    SQLite is migrated on the way; another database must be up to date. No key ring is needed.
    Raises SchemaError, or what the database driver raises.
    """
    database = open_database(url, pool_size=1, patient=True)
    try:
        prepare_schema(database, SCHEMA)
        kinds = _kinds_without_keys(system, make_kinds)
        return AfterRestore(Transactions(database), system, kinds, [*at_restore(kinds), *retention_of_chat.AT_RESTORE]).end_what_is_open()
    finally:
        database.dispose()


def _kinds_without_keys(system: System, make_kinds: MakeKinds) -> Kinds:
    """The kinds for what needs no secret of theirs."""
    return make_kinds(Encryption(EMPTY_KEY_RING, system.entropy, lambda: EMPTY_KEY_RING), KeyedDigests(EMPTY_KEY_RING), system)


def application_of(services: Services) -> Starlette:
    """What one worker runs, in all languages. Called once everything is loaded."""
    application = create_app(services, load_languages())
    gc.collect()
    gc.freeze()  # what a worker has loaded stays: searching it for garbage stops all its threads, for as long as many a page takes
    return application


def web_application() -> Starlette:
    """What each of several uvicorn workers runs: the application by the environment's settings."""
    settings = load_settings()
    configure_logging(json_lines=settings.log_format == "json", level=settings.log_level)
    return application_of(build(settings, workers=int(os.environ.get(WORKERS_VARIABLE, "1"))))


def command_line() -> typer.Typer:
    """The xpressbot command."""
    serve = serve_command(build, application_of, application="xpressbot.bootstrap:web_application", workers_variable=WORKERS_VARIABLE)
    return create_cli(serve, build, build_doctor(), SCHEMA, end_what_is_open, workers_variable=WORKERS_VARIABLE)
