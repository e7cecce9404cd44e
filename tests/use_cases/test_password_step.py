"""The password step of a sign-in."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from sqlalchemy import update

from tests.support.installation import PASSWORD, Installation
from tests.use_cases.instrumentation import ObservedHasher, parts_of, statements, tries
from tests.use_cases.use_case_browser import ANNA, UseCaseBrowser
from xpressbot.foundation.settings import Settings
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.outcomes import Denied, Reason, SecondFactorRequired, SignedIn
from xpressbot.identity.passwords.hasher import PasswordHasher
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.sign_in.log import SignInLog
from xpressbot.identity.sign_in.password_step import PasswordStep
from xpressbot.identity.sign_in.refusals import SignInRefusal
from xpressbot.identity.tables import ACCOUNT
from xpressbot.identity.throttling.charges import ThrottleRefusal

WRONG = Denied(PasswordRefusal.WRONG_CREDENTIALS)


@dataclass
class Lines(SignInLog):
    """A sign-in log to read."""

    lines: list[tuple[Reason, str | None]] = field(default_factory=list)

    def password_refused(self, *, reason: Reason, account_id: str | None, address: str) -> None:
        self.lines.append((reason, account_id))


@pytest.fixture
def hasher() -> ObservedHasher:
    return ObservedHasher(PasswordHasher(memory_kib=8, iterations=1, threads=1, filler=bytes(32)))


@pytest.fixture
def log() -> Lines:
    return Lines()


@pytest.fixture
def observed(installation: Installation, anna: Account, hasher: ObservedHasher, log: Lines) -> Callable[..., UseCaseBrowser]:
    """Makes browsers whose sign-ins are hashed by the observed hasher."""
    parts = parts_of(installation)
    password_step = PasswordStep(parts.transactions, parts.system, hasher, parts.digest, parts.session_start, log, sends_mail=False)
    return lambda **options: UseCaseBrowser(installation, password_step=password_step, **options)


def test_unknown_disabled_and_wrong_are_refused_alike(
    installation: Installation, anna: Account, observed: Callable[..., UseCaseBrowser], hasher: ObservedHasher
) -> None:
    """The same outcome, the same one hash, the same statements and the same rows, so that nothing tells accounts apart."""
    installation.add_account("berta@example.com", "Berta")
    installation.services.identity.administration.set_status("berta@example.com", AccountStatus.DISABLED)
    cases = {"unknown": ("nobody@example.com", PASSWORD), "disabled": ("berta@example.com", PASSWORD), "wrong": (ANNA, PASSWORD + "!")}
    seen = {}
    for number, (name, (email, password)) in enumerate(cases.items()):
        hasher.calls.clear()
        before = sum(tries(installation).values())
        with statements(installation) as sent:
            outcome = observed(address=f"198.51.100.{number}").begin(password, email)
        seen[name] = (outcome, tuple(hasher.calls), tuple(sent), sum(tries(installation).values()) - before)
    assert seen["unknown"][:2] == (WRONG, ("verify",))
    assert seen["unknown"] == seen["disabled"] == seen["wrong"]


@pytest.mark.parametrize(
    "email", ["", " ", "anna", "\u202eanna@example.com", "a" * 300 + "@example.com", "anna@example.com\x00", "'; --", "<b>"]
)
def test_odd_addresses_are_unknown_ones(observed: Callable[..., UseCaseBrowser], hasher: ObservedHasher, email: str) -> None:
    """Whatever is typed as an address, it is hashed for and refused in the same words."""
    assert observed().begin(PASSWORD, email) == WRONG
    assert hasher.calls == ["verify"]


@pytest.mark.parametrize(
    "password", ["", " ", PASSWORD + " ", " " + PASSWORD, PASSWORD.upper(), PASSWORD[:-1], "x" * 1_000_000, "\x00", "\U0001f600"]
)
def test_a_password_is_right_only_as_it_was_set(observed: Callable[..., UseCaseBrowser], password: str) -> None:
    """Neither trimmed nor cut nor folded."""
    assert observed().begin(password) == WRONG


def test_two_spellings_of_one_password_sign_in(installation: Installation, anna: Account) -> None:
    """Set composed, typed decomposed, and the other way round; the address in any case."""
    installation.add_account("berta@example.com", "Berta", "h\u00f6lle-\u00fcber-kettle-9-fjord")
    installation.add_account("carla@example.com", "Carla", "ho\u0308lle-u\u0308ber-kettle-9-fjord")
    assert isinstance(UseCaseBrowser(installation).begin("ho\u0308lle-u\u0308ber-kettle-9-fjord", "BERTA@example.com"), SignedIn)
    assert isinstance(UseCaseBrowser(installation).begin("h\u00f6lle-\u00fcber-kettle-9-fjord", " carla@EXAMPLE.com "), SignedIn)


def test_a_right_password_without_2fa_begins_a_session(installation: Installation, visitor: UseCaseBrowser, anna: Account) -> None:
    """The session is of level 1, and remembers where the person was going."""
    outcome = visitor.begin(next_path="/account")
    assert isinstance(outcome, SignedIn)
    assert outcome.next_path == "/account"
    assert (frozenset({"pwd"}), 1, anna.id) == (visitor.me.session.amr, visitor.me.session.aal, visitor.me.account.id)


def test_a_right_password_with_2fa_begins_no_session(visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """There is only a pending sign-in, whose token opens nothing as a session."""
    visitor.sign_in().enable()
    other = new_visitor()
    outcome = other.begin()
    assert isinstance(outcome, SecondFactorRequired)
    assert other.caller is None
    other.session = outcome.pending
    assert other.caller is None


def test_signing_in_again_ends_the_session_the_browser_had(visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """The token is new after every sign-in, and the old one is dead."""
    visitor.sign_in()
    thief = new_visitor()
    thief.session = visitor.session
    assert thief.caller is not None
    visitor.sign_in()
    assert visitor.session != thief.session
    assert thief.caller is None


def test_signing_in_as_another_person_ends_the_session_the_browser_had(installation: Installation, visitor: UseCaseBrowser) -> None:
    """No one could use it any more: its token is overwritten (ASVS 7.2.4)."""
    installation.add_account("berta@example.com", "Berta")
    visitor.sign_in()
    annas = visitor.session
    assert isinstance(visitor.begin(PASSWORD, "berta@example.com"), SignedIn)
    assert visitor.me.account.email == "berta@example.com"
    visitor.session = annas
    assert visitor.caller is None


def test_every_refusal_leaves_a_log_line(
    installation: Installation, anna: Account, observed: Callable[..., UseCaseBrowser], log: Lines
) -> None:
    """Known and unknown, refused by the password or by the throttle; the account by its id."""
    berta = installation.add_account("berta@example.com", "Berta")
    observed().begin("wrong")
    observed().begin("wrong", "nobody@example.com")
    for _ in range(6):
        observed().begin("wrong", "berta@example.com")
    wrong_berta = [(PasswordRefusal.WRONG_CREDENTIALS, berta.id)] * 5
    assert log.lines == [
        (PasswordRefusal.WRONG_CREDENTIALS, anna.id),
        (PasswordRefusal.WRONG_CREDENTIALS, None),
        *wrong_berta,
        (ThrottleRefusal.THROTTLED, None),
    ]


def test_a_hash_of_other_parameters_is_renewed_and_changes_nothing_else(
    installation: Installation, visitor: UseCaseBrowser, observed: Callable[..., UseCaseBrowser], hasher: ObservedHasher
) -> None:
    """The same password under new parameters: other sessions stay, and the next sign-in has nothing to renew."""
    visitor.sign_in()
    before = visitor.me.account
    hasher.inner = PasswordHasher(memory_kib=16, iterations=1, threads=1, filler=bytes(32))
    observed().sign_in()
    after = visitor.me.account
    assert hasher.calls == ["verify", "hash"]
    assert "$m=16," in after.password_hash
    assert (before.security_version, False) == (after.security_version, before.password_hash == after.password_hash)
    observed().sign_in()
    assert hasher.calls == ["verify", "hash", "verify"]


def test_2fa_enabled_while_the_password_is_checked_leaves_no_password_only_session(
    visitor: UseCaseBrowser, observed: Callable[..., UseCaseBrowser], hasher: ObservedHasher
) -> None:
    """What was decided before the change is decided again: the sign-in starts over."""
    visitor.sign_in()
    hasher.meanwhile = visitor.enable
    late = observed()
    assert late.begin() == Denied(SignInRefusal.START_AGAIN)
    assert (late.session, late.pending) == (None, None)
    assert isinstance(late.begin(), SecondFactorRequired)


def test_an_account_disabled_while_the_password_is_checked_gets_no_session(
    installation: Installation, observed: Callable[..., UseCaseBrowser], hasher: ObservedHasher
) -> None:
    """The status is read again under the lock."""
    hasher.meanwhile = lambda: installation.services.identity.administration.set_status(ANNA, AccountStatus.DISABLED)
    late = observed()
    assert late.begin() == Denied(SignInRefusal.START_AGAIN)
    assert late.begin() == WRONG


def test_a_password_changed_while_the_old_one_is_checked_gets_no_session(
    installation: Installation, anna: Account, observed: Callable[..., UseCaseBrowser], hasher: ObservedHasher
) -> None:
    """The old password was right when it was checked, and is not any more."""

    def change() -> None:
        with parts_of(installation).transactions.writing() as tx:
            account = account_store.lock(tx, anna.id)
            assert account is not None
            account_store.renew_password_hash(tx, anna.id, account.password_hash, hasher.inner.hash("another-violet-anchor-kettle"))
            account_store.raise_security_version(tx, anna.id)
            tx.commit()

    hasher.meanwhile = change
    late = observed()
    assert late.begin() == Denied(SignInRefusal.START_AGAIN)
    assert late.begin() == WRONG
    assert isinstance(late.begin("another-violet-anchor-kettle"), SignedIn)


def test_a_hash_has_the_parameters_that_the_standards_name() -> None:
    """ASVS 11.4.2: Argon2id with 46 MiB, one pass and one lane, where no setting says otherwise."""
    settings = Settings()
    hasher = PasswordHasher(memory_kib=settings.argon2_memory_kib, iterations=settings.argon2_iterations, threads=1, filler=bytes(32))
    assert hasher.hash(PASSWORD).startswith("$argon2id$v=19$m=47104,t=1,p=1$")


def test_a_password_does_not_expire(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """ASVS 6.2.10: ten years later it signs in as on the first day."""
    installation.clock.advance(hours=24 * 3650)
    assert isinstance(visitor.begin(), SignedIn)


@pytest.mark.parametrize("kept", [0, 7, 40, -1])
def test_a_damaged_hash_is_no_wrong_password(installation: Installation, anna: Account, visitor: UseCaseBrowser, kept: int) -> None:
    """A person must not be told to type better what the database has lost: it is an error."""
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).values(password_hash=anna.password_hash[:kept]))
        connection.commit()
    with pytest.raises(RuntimeError, match="a stored password hash is damaged"):
        visitor.begin()
