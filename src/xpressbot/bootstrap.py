"""The one place that builds adapters and hands them to the use cases."""

import os
from dataclasses import dataclass
from functools import partial
from typing import Final

import typer
from fastapi import FastAPI

from xpressbot.entrypoints.check_up import CheckUp
from xpressbot.entrypoints.cli.commands import create_cli
from xpressbot.entrypoints.examination import Doctor, Subject
from xpressbot.entrypoints.house import House
from xpressbot.entrypoints.http.app import create_app
from xpressbot.entrypoints.http.pools import Pools, available_cores
from xpressbot.entrypoints.measures import Measures, Occupancy
from xpressbot.foundation.clock import SystemClock
from xpressbot.foundation.database.engine import Database, has_single_writer, open_database
from xpressbot.foundation.database.key_state import attach_key_ring
from xpressbot.foundation.database.migrations import prepare_schema
from xpressbot.foundation.database.readiness import ReadinessCheck
from xpressbot.foundation.diagnosis.database import ConnectionDemand
from xpressbot.foundation.entropy import SystemEntropy
from xpressbot.foundation.key_ring import EMPTY_KEY_RING, KeyRing, load_key_ring
from xpressbot.foundation.logging import configure_logging
from xpressbot.foundation.metrics import Metrics
from xpressbot.foundation.sealed_box import KeyedDigests, SealedBoxes
from xpressbot.foundation.settings import Settings, load_settings
from xpressbot.identity.adapters.database.unit_of_work import ReadingUnits, UnitsOfWork, UnitTimes
from xpressbot.identity.adapters.hash_threads import HashFigures
from xpressbot.identity.adapters.password_hasher import Argon2Hasher
from xpressbot.identity.adapters.password_strength import estimate_strength
from xpressbot.identity.adapters.sign_in_log import StructuredSignInLog
from xpressbot.identity.application.account_page import AccountPage
from xpressbot.identity.application.administration import Administration
from xpressbot.identity.application.after_restore import AfterRestore
from xpressbot.identity.application.authenticator_apps import AuthenticatorApps
from xpressbot.identity.application.enrolling import Enrolling
from xpressbot.identity.application.gate import Gate
from xpressbot.identity.application.minting import Mint
from xpressbot.identity.application.ports import Clock, Entropy
from xpressbot.identity.application.re_enrolment import ReEnrolment
from xpressbot.identity.application.reauthentication import Reauthentication
from xpressbot.identity.application.recovery_codes import RecoveryCodes
from xpressbot.identity.application.registration import PasswordRules, Registration
from xpressbot.identity.application.resealing import Resealing
from xpressbot.identity.application.sessions import SessionLookup, Sessions
from xpressbot.identity.application.sign_in import SignIn
from xpressbot.identity.application.survey import Survey
from xpressbot.identity.application.sweeping import Sweeping
from xpressbot.identity.application.totp_enrolment import TotpEnrolment
from xpressbot.identity.application.use_cases import Identity
from xpressbot.identity.domain.restoring import Restored

WORKERS_VARIABLE: Final = "WEB_CONCURRENCY"
"""How the parent tells its workers how many they are (uvicorn's own name for it)."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What a test may replace: time and chance."""

    clock: Clock
    entropy: Entropy


SYSTEM: Final = Outside(SystemClock(), SystemEntropy())


def build(
    settings: Settings, *, workers: int = 1, outside: Outside = SYSTEM, durable: bool = True, patient: bool = False, makes: bool = True
) -> House:
    """Open the database, attach the key ring, and build the use cases.

    SQLite is migrated on the way; another database must be up to date. `durable` and `patient` are open_database's, `makes` is
    attach_key_ring's.
    Raises KeyRingError, SchemaError, or what the database driver raises.
    """
    pools = Pools.for_cores(available_cores(), workers, single_writer=has_single_writer(settings.url))
    database = open_database(settings.url, pool_size=pools.threads, durable=durable, patient=patient)
    try:
        prepare_schema(database)
        ring = attach_key_ring(database, settings.key_file, outside.entropy, makes=makes)
    except BaseException:
        database.dispose()
        raise
    mint = Mint(outside.clock, outside.entropy)
    measures = Measures(Metrics.of_this_process())
    boxes = SealedBoxes(ring, outside.entropy, partial(load_key_ring, settings.key_file))
    times = UnitTimes(measures.reading.observe, measures.writing.observe)
    units = UnitsOfWork(database, boxes, outside.entropy, times, before_disk=pools.form.hand_back)
    at_once = None if database.at_once is None else ReadingUnits(database.at_once, boxes, outside.entropy, times.reading)
    digest = KeyedDigests(ring)
    hasher = Argon2Hasher(
        memory_kib=settings.argon2_memory_kib,
        iterations=settings.argon2_iterations,
        threads=pools.hash_threads,
        filler=outside.entropy.token_bytes(32),
        figures=HashFigures(measures.hashes_waiting.inc, measures.hash_wait.observe, measures.hash_run.observe),
    )
    gate = Gate(units, mint)
    enrolling = Enrolling(mint, digest)
    sign_in = SignIn(units, mint, hasher, digest, StructuredSignInLog())
    identity = Identity(
        sign_in=sign_in,
        sessions=Sessions(units, gate, mint),
        reauthentication=Reauthentication(units, gate, hasher, digest),
        totp_enrolment=TotpEnrolment(units, gate, enrolling),
        authenticator_apps=AuthenticatorApps(units, gate, enrolling),
        re_enrolment=ReEnrolment(units, mint, digest, sign_in, enrolling),
        recovery_codes=RecoveryCodes(units, gate, mint, digest, viewable=settings.recovery_codes_viewable),
        account_page=AccountPage(units, gate, mint),
        registration=Registration(units, mint, hasher, digest, PasswordRules(settings.password_min_length, estimate_strength)),
        administration=Administration(units, mint),
        resealing=Resealing(units),
        sweeping=Sweeping(units, mint),
    )
    subject = Subject(settings, database, ConnectionDemand(workers, pools.threads))
    check_up = CheckUp(partial(build_doctor(outside).examine, subject, thorough=False), outside.clock)
    return House(
        settings=settings,
        identity=identity,
        pools=pools,
        clock=outside.clock,
        entropy=outside.entropy,
        digest=digest,
        database=database,
        lookup_at_once=None if at_once is None else SessionLookup(at_once, mint),
        check_up=check_up,
        measures=measures,
        occupancy=Occupancy(measures.metrics, pools, database),
        readiness=ReadinessCheck(database, boxes),
    )


def build_doctor(outside: Outside = SYSTEM) -> Doctor:
    """What examines an installation, also one that cannot be built."""

    def survey_of(database: Database, ring: KeyRing) -> Survey:
        boxes = SealedBoxes(ring, outside.entropy, lambda: ring)
        return Survey(UnitsOfWork(database, boxes, outside.entropy), Mint(outside.clock, outside.entropy))

    return Doctor(outside.clock, survey_of)


def end_what_is_open(url: str, outside: Outside = SYSTEM) -> Restored:
    """End what an older copy of a database brings back open, before anybody uses it. Each wing has a list of its own.

    SQLite is migrated on the way; another database must be up to date. No key ring is needed.
    Raises SchemaError, or what the database driver raises.
    """
    database = open_database(url, pool_size=1, patient=True)
    try:
        prepare_schema(database)
        boxes = SealedBoxes(EMPTY_KEY_RING, outside.entropy, lambda: EMPTY_KEY_RING)
        return AfterRestore(UnitsOfWork(database, boxes, outside.entropy), Mint(outside.clock, outside.entropy)).end_what_is_open()
    finally:
        database.dispose()


def web_application() -> FastAPI:
    """What each uvicorn worker runs: the application by the environment's settings."""
    settings = load_settings()
    configure_logging(json_lines=settings.log_format == "json", level=settings.log_level)
    return create_app(build(settings, workers=int(os.environ.get(WORKERS_VARIABLE, "1"))))


def command_line() -> typer.Typer:
    """The xpressbot command."""
    application = "xpressbot.bootstrap:web_application"
    return create_cli(build, build_doctor(), end_what_is_open, application=application, workers_variable=WORKERS_VARIABLE)
