"""The one place that builds adapters and hands them to the use cases."""

import gc
import os
from collections.abc import Sequence
from functools import partial
from typing import Final, Protocol

import typer
from starlette.applications import Starlette

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
from xpressbot.foundation.crypto.re_encryption import ReEncryption
from xpressbot.foundation.database.engine import Database, has_single_writer, open_database
from xpressbot.foundation.database.expiry import RowExpiry
from xpressbot.foundation.database.migration_runner import prepare_schema
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
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.administration.accounts import Administration
from xpressbot.identity.administration.after_restore import AfterRestore, Restored
from xpressbot.identity.administration.doctor_checks import account_checks
from xpressbot.identity.administration.installation_queries import InstallationQueries
from xpressbot.identity.administration.sessions import SessionAdministration
from xpressbot.identity.administration.trial_mails import TrialMails
from xpressbot.identity.administration.two_factor_reset import TwoFactorReset
from xpressbot.identity.audit.history import History
from xpressbot.identity.audit.notice_mails import NoticeMails
from xpressbot.identity.factors.authenticators import Authenticators
from xpressbot.identity.factors.enrolment_steps import EnrolmentSteps
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.factors.protection import protection_of
from xpressbot.identity.factors.recovery_codes.use_cases import RecoveryCodes
from xpressbot.identity.factors.registry import all_kinds
from xpressbot.identity.factors.rules import ENROLMENT_COUNT
from xpressbot.identity.factors.two_factor import TwoFactor
from xpressbot.identity.migrations import MIGRATIONS
from xpressbot.identity.overview.account_page import AccountPage
from xpressbot.identity.passwords.change import PasswordChange
from xpressbot.identity.passwords.forgotten import Forgotten
from xpressbot.identity.passwords.hasher import PasswordHasher
from xpressbot.identity.passwords.new_password import NewPasswords
from xpressbot.identity.passwords.reset import PasswordReset
from xpressbot.identity.passwords.rules import PasswordRules
from xpressbot.identity.passwords.session_password import SessionPassword
from xpressbot.identity.passwords.strength import estimate_strength
from xpressbot.identity.passwords.this_wasnt_me import ThisWasntMe
from xpressbot.identity.profile.closing import AccountClosing
from xpressbot.identity.profile.email_change import EmailChange
from xpressbot.identity.profile.email_confirmation import EmailConfirmation
from xpressbot.identity.profile.email_mails import EmailMails
from xpressbot.identity.profile.email_stop import EmailStop
from xpressbot.identity.profile.export import AccountExport
from xpressbot.identity.profile.language import LanguageChoice
from xpressbot.identity.profile.name import NameChange
from xpressbot.identity.registration.account_creation import Registration
from xpressbot.identity.sessions.gate import Gate
from xpressbot.identity.sessions.listing import SessionListing
from xpressbot.identity.sessions.lookup import SessionLookup, Sessions
from xpressbot.identity.sessions.rules.session import STEP_UP_COUNT, Session
from xpressbot.identity.sessions.store import RESOLVE, resolved
from xpressbot.identity.sign_in.log import SignInLog
from xpressbot.identity.sign_in.new_password import NewPasswordStep
from xpressbot.identity.sign_in.password_step import PasswordStep
from xpressbot.identity.sign_in.re_enrolment import ReEnrolment
from xpressbot.identity.sign_in.second_step import SecondStep
from xpressbot.identity.sign_in.session_start import SessionStart
from xpressbot.identity.sign_in.step_up import StepUp
from xpressbot.identity.sign_in.unlock import Unlock
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.use_cases import Identity, at_restore, expiring_rows

WORKERS_VARIABLE: Final = "WEB_CONCURRENCY"
"""How the parent tells its workers how many they are (uvicorn's own name for it)."""


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
        prepare_schema(database, MIGRATIONS)
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
    hasher = PasswordHasher(
        memory_kib=settings.argon2_memory_kib,
        iterations=settings.argon2_iterations,
        threads=pools.hash_threads,
        filler=system.entropy.token_bytes(32),
        figures=HashFigures(telemetry.hashes_waiting.inc, telemetry.hash_wait.observe, telemetry.hash_run.observe),
    )
    mail_files = MailFiles(settings.data_dir / "mail")
    gate, steps, log = Gate(transactions, system, kinds.methods), EnrolmentSteps(system, kinds), SignInLog()
    password_rules = PasswordRules(settings.password_min_length, estimate_strength)
    new_passwords, session_password = NewPasswords(hasher, password_rules), SessionPassword(gate, hasher)
    session_start = SessionStart(system, digest, kinds)
    second_step = SecondStep(transactions, system, kinds, session_start, log)
    identity = Identity(
        kinds=kinds,
        password_step=PasswordStep(transactions, system, hasher, digest, session_start, log),
        second_step=second_step,
        new_password_step=NewPasswordStep(transactions, system, kinds, session_start, second_step, new_passwords),
        sessions=Sessions(transactions, gate, system, kinds.methods),
        session_listing=SessionListing(transactions, gate, system),
        session_password=session_password,
        step_up=StepUp(transactions, gate, hasher, kinds),
        unlock=Unlock(gate, hasher),
        two_factor=TwoFactor(transactions, gate, kinds, steps),
        authenticators=Authenticators(transactions, gate, kinds, steps),
        re_enrolment=ReEnrolment(transactions, system, kinds, session_start, second_step, steps),
        recovery_codes=RecoveryCodes(transactions, gate, system, encryption, digest, viewable=settings.recovery_codes_viewable),
        account_page=AccountPage(transactions, gate, system, kinds),
        history=History(transactions),
        password_change=PasswordChange(gate, session_password, new_passwords),
        password_reset=PasswordReset(transactions, system, new_passwords),
        forgotten=Forgotten(transactions, system, digest, sends_mail=bool(settings.smtp_url)),
        this_wasnt_me=ThisWasntMe(transactions, system, lambda tx, account_id: protection_of(tx, account_id).is_on),
        language_choice=LanguageChoice(gate),
        name_change=NameChange(gate),
        email_change=EmailChange(transactions, gate, system),
        email_confirmation=EmailConfirmation(transactions, gate, system),
        email_stop=EmailStop(transactions, system),
        email_mails=EmailMails(transactions, system),
        account_export=AccountExport(transactions, gate, kinds),
        account_closing=AccountClosing(gate, kinds),
        registration=Registration(transactions, system, hasher, session_start, password_rules),
        administration=Administration(transactions, system, kinds),
        session_administration=SessionAdministration(transactions, system),
        notice_mails=NoticeMails(transactions, system),
        trial_mails=TrialMails(transactions, gate),
        two_factor_reset=TwoFactorReset(transactions, system, kinds),
        re_encryption=ReEncryption(transactions, encryption, kinds.encrypted_columns),
    )
    demand = ConnectionDemand(workers, pools.threads)
    run_checks = partial(build_doctor(system).run, settings, database, demand, thorough=False)
    return Services(
        settings=settings,
        identity=identity,
        pools=pools,
        clock=system.clock,
        entropy=system.entropy,
        digest=digest,
        database=database,
        session_reader=reader,
        session_lookup=None if reader is None else _session_lookup(reader, system, kinds, telemetry),
        expiry=RowExpiry(transactions, system, expiring_rows(kinds)),
        mail=Delivery(
            transactions,
            system,
            mail_sender(settings),
            mail_files if not settings.smtp_url else smtp_transport(settings),
            preparing(identity, settings.public_url, load_languages),
            telemetry.mails.count,
        ),
        mail_files=mail_files,
        background_check=BackgroundCheck(run_checks, system.clock),
        telemetry=telemetry,
        occupancy=Occupancy(telemetry.metrics, pools, database),
        readiness=ReadinessCheck(database, encryption, MIGRATIONS),
    )


def _session_reader(url: str) -> SessionReader | None:
    file = database_file(url)
    return None if file is None else SessionReader(file, RESOLVE)


def _session_lookup(reader: SessionReader, system: System, kinds: Kinds, telemetry: Telemetry) -> SessionLookup:
    def resolve(token_hash: bytes) -> tuple[Session, Account] | None:
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
        database_checks.schema_check(MIGRATIONS),
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
        prepare_schema(database, MIGRATIONS)
        kinds = _kinds_without_keys(system, make_kinds)
        return AfterRestore(Transactions(database), system, kinds, at_restore(kinds)).end_what_is_open()
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
    return create_cli(serve, build, build_doctor(), MIGRATIONS, end_what_is_open, workers_variable=WORKERS_VARIABLE)
