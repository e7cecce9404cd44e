"""RowExpiry: what has had its day goes, in small steps and by one process; what is of use stays."""

from collections.abc import Callable, Mapping

import pytest
from sqlalchemy import func, select, update

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import Installation
from tests.support.many_accounts import EXPIRING, add_expired_rows
from tests.support.optional import present
from tests.use_cases.instrumentation import after_transaction, events, parts_of, statements, tries
from tests.use_cases.use_case_browser import UseCaseBrowser
from xpressbot.foundation.database import expiry
from xpressbot.foundation.database.expiry import BATCH, LEASE_TERM, RowExpiry
from xpressbot.foundation.mail.outbox import OUTBOX
from xpressbot.foundation.times import MINUTE, SECOND
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.audit.rules.event import DetailValue, EventKind
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.outcomes import Denied, EnrolmentRequired, SecondFactorRequired, SessionRenewed, SignedIn
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.sign_in.refusals import PendingRefusal, SignInRefusal
from xpressbot.identity.sign_in.retention import PENDING_SIGN_IN_KEPT
from xpressbot.identity.tables import AUTHENTICATOR, KNOWN_BROWSER, LINK, PENDING_SIGN_IN, RESERVED_ADDRESS, SESSION, THROTTLE_BUCKET
from xpressbot.identity.team.tables import INVITATION
from xpressbot.identity.throttling import store as throttle_store
from xpressbot.identity.throttling.charges import ThrottleRefusal
from xpressbot.identity.throttling.rules import FORGOTTEN_AFTER, PASSWORD
from xpressbot.identity.throttling.rules import network as network_bucket

TABLES = {
    "sessions": SESSION,
    "pending_sign_ins": PENDING_SIGN_IN,
    "links": LINK,
    "enrolments": AUTHENTICATOR,
    "known_browsers": KNOWN_BROWSER,
    "network_counts": THROTTLE_BUCKET,
    "password_counts": THROTTLE_BUCKET,
    "stranger_counts": THROTTLE_BUCKET,
    "link_counts": THROTTLE_BUCKET,
    "new_password_counts": THROTTLE_BUCKET,
    "password_request_counts": THROTTLE_BUCKET,
    "email_link_counts": THROTTLE_BUCKET,
    "invitation_counts": THROTTLE_BUCKET,
    "reset_request_counts": THROTTLE_BUCKET,
    "invitations": INVITATION,
    "export_counts": THROTTLE_BUCKET,
    "reserved_addresses": RESERVED_ADDRESS,
    "step_up_counts": THROTTLE_BUCKET,
    "enrolment_counts": THROTTLE_BUCKET,
    "sent_mails": OUTBOX,
    "low_priority_mails": OUTBOX,
    "dead_letters": OUTBOX,
}
A_MILLISECOND = 1000
ALARM_AT = present(PASSWORD.alarm_at)
RemoveExpired = Callable[[], dict[str, int]]


@pytest.fixture
def remove_expired(installation: Installation) -> RemoveExpired:
    """One round; how many rows went, of the kinds of which any did."""
    return lambda: {kind: count for kind, count in installation.services.expiry.next_round().items() if count}


def left(installation: Installation, kind: str) -> int:
    with installation.services.database.read() as connection:
        return connection.execute(select(func.count()).select_from(TABLES[kind])).scalar_one()


def guess(visitor: UseCaseBrowser, times: int) -> None:
    """Guess wrongly, each time as soon as it is allowed."""
    for _ in range(times):
        outcome = visitor.begin("guess")
        if isinstance(outcome, Denied) and outcome.retry_at is not None:
            visitor.clock.set(outcome.retry_at)
            assert visitor.begin("guess") == Denied(PasswordRefusal.WRONG_CREDENTIALS)


def charge(installation: Installation, *networks: str) -> None:
    """Count one try for each of these networks."""
    with parts_of(installation).transactions.writing() as tx:
        for network in networks:
            throttle_store.charge(tx, [network_bucket(network)], installation.clock.now())
        tx.commit()


def transaction_that_looks(kind: str, *, removals_before: int = 0) -> int:
    """Its number in a round: after the lease, one for each kind before it, and one for each removal."""
    return 2 + list(EXPIRING).index(kind) + removals_before


def reports(installation: Installation, account: Account) -> list[Mapping[str, DetailValue]]:
    return [event.details for event in events(installation, account.id) if event.kind is EventKind.PASSWORD_GUESSING]


class TestAtTheVeryMoment:
    """A row stays until its last microsecond, and goes with it."""

    @pytest.mark.parametrize("kind", EXPIRING)
    def test_a_row_that_has_its_day_goes(self, kind: str, installation: Installation, anna: Account, remove_expired: RemoveExpired) -> None:
        """To the microsecond."""
        add_expired_rows(installation, anna.id, [kind])
        installation.clock.advance(seconds=-1e-6)
        assert (remove_expired(), left(installation, kind)) == ({}, 1)
        installation.clock.advance(seconds=1e-6)
        assert (remove_expired(), left(installation, kind)) == ({kind: 1}, 0)

    def test_a_session_goes_a_day_after_its_last_moment(
        self, installation: Installation, visitor: UseCaseBrowser, remove_expired: RemoveExpired
    ) -> None:
        """However often it was used until then."""
        visitor.sign_in()
        for _ in range(47):
            installation.clock.advance(minutes=30)
            assert visitor.caller is not None
        installation.clock.advance(hours=24)
        assert remove_expired().get("sessions") is None
        installation.clock.advance(minutes=30)
        assert remove_expired()["sessions"] == 1

    def test_a_browser_is_known_for_ninety_days_after_its_last_sign_in_not_its_first(
        self, installation: Installation, visitor: UseCaseBrowser, remove_expired: RemoveExpired
    ) -> None:
        """Walked over while it is in use, and found again when it is not."""
        visitor.sign_in()
        for _ in range(3):
            installation.clock.advance(hours=60 * 24)
            assert "known_browsers" not in remove_expired()
            visitor.sign_in()
        installation.clock.advance(hours=90 * 24)
        assert remove_expired()["known_browsers"] == 1


class TestInTheMiddleOfASignIn:
    """A round between any two steps changes nothing for anybody."""

    def test_a_sign_in_at_the_end_of_its_time(self, visitor: UseCaseBrowser, app: AuthenticatorApp, remove_expired: RemoveExpired) -> None:
        """The code is taken in the last moment there is for it."""
        assert isinstance(visitor.begin(), SecondFactorRequired)
        remove_expired()
        visitor.clock.advance(minutes=10, seconds=-1e-6)
        remove_expired()
        assert isinstance(visitor.code(app.code()), SignedIn)
        remove_expired()
        assert visitor.caller is not None

    def test_a_second_click(self, visitor: UseCaseBrowser, app: AuthenticatorApp, remove_expired: RemoveExpired) -> None:
        """It is told from a sign-in that no one knows as long as a browser keeps the cookie, and longer."""
        visitor.clock.advance(minutes=1)
        visitor.begin()
        clicked_twice = visitor.pending
        assert isinstance(visitor.code(app.code()), SignedIn)
        visitor.pending = clicked_twice
        visitor.clock.advance(seconds=(10 * MINUTE + PENDING_SIGN_IN_KEPT) / SECOND - 1e-6)
        remove_expired()
        assert visitor.code(app.code()) == Denied(PendingRefusal.JUST_SIGNED_IN)
        visitor.clock.advance(seconds=A_MILLISECOND / SECOND)
        assert "pending_sign_ins" in remove_expired()
        assert visitor.code(app.code()) == Denied(SignInRefusal.START_AGAIN)

    def test_a_set_up_and_a_move(self, visitor: UseCaseBrowser, remove_expired: RemoveExpired) -> None:
        """The secret on the page is the one that is confirmed, in the last moment there is for it."""
        app = visitor.sign_in().start()
        remove_expired()
        visitor.clock.advance(minutes=10, seconds=-1e-6)
        remove_expired()
        visitor.confirm_enrolment(app.code())
        visitor.clock.advance(minutes=1)
        assert isinstance(visitor.confirm(factor=TotpCode(app.code())), SessionRenewed)
        moved = visitor.start()
        visitor.clock.advance(minutes=9)
        remove_expired()
        visitor.confirm_enrolment(moved.code())
        assert visitor.apps()

    @pytest.mark.usefixtures("app")
    def test_a_set_up_with_a_link_after_a_reset(self, visitor: UseCaseBrowser, link: Token, remove_expired: RemoveExpired) -> None:
        """The link, the sign-in and the secret all stay until they are used up."""
        visitor.clock.advance(hours=24, minutes=-10)
        remove_expired()
        visitor.link = link
        assert isinstance(visitor.begin(), EnrolmentRequired)
        remove_expired()
        app = visitor.start_again()
        visitor.clock.advance(minutes=10, seconds=-1e-6)
        remove_expired()
        assert isinstance(visitor.confirm_again(app.code()), SignedIn)
        visitor.clock.advance(hours=48)
        remove_expired()
        assert not visitor.identity.re_enrolment.is_open(link)

    def test_recovery_codes_and_apps_stay_for_ever(
        self, visitor: UseCaseBrowser, codes: tuple[str, ...], remove_expired: RemoveExpired
    ) -> None:
        """A year without a sign-in leaves the account as it was."""
        visitor.clock.advance(hours=365 * 24)
        remove_expired()
        visitor.begin()
        assert isinstance(visitor.recovery_code(codes[0]), SignedIn)
        assert visitor.apps()


class TestCounts:
    """Counts of passwords and networks go; what they know of guessing becomes an event first."""

    def test_a_suspension_never_ends_by_itself(self, visitor: UseCaseBrowser, app: AuthenticatorApp, remove_expired: RemoveExpired) -> None:
        """Nor does a count on the way to it, not in ten years."""
        visitor.begin()
        for _ in range(49):
            outcome = visitor.code("000000")
            visitor.clock.advance(hours=1)
            visitor.begin()
        visitor.clock.advance(hours=10 * 365 * 24)
        remove_expired()
        visitor.begin()
        assert isinstance(outcome, Denied)
        assert visitor.code("000000") == Denied(ThrottleRefusal.SUSPENDED)
        visitor.clock.advance(hours=10 * 365 * 24)
        remove_expired()
        visitor.begin()
        assert visitor.code(app.code()) == Denied(ThrottleRefusal.SUSPENDED)

    def test_guessing_at_an_account_whose_owner_stays_away_becomes_an_event(
        self, installation: Installation, anna: Account, new_visitor: Callable[..., UseCaseBrowser], remove_expired: RemoveExpired
    ) -> None:
        """The same as at a sign-in, with the alarm; once, and the person is told when they come back."""
        stranger = new_visitor(address="203.0.113.9")
        guess(stranger, 5)
        first = installation.clock.now()
        guess(stranger, ALARM_AT - 5)
        last = installation.clock.now()
        installation.clock.set(last + FORGOTTEN_AFTER - 1)
        assert "stranger_counts" not in remove_expired()
        assert reports(installation, anna) == []
        installation.clock.advance(seconds=1e-6)
        assert remove_expired()["stranger_counts"] == 1
        told = [{"count": ALARM_AT - 4, "first_at": first, "last_at": last, "alarm": True}]
        assert reports(installation, anna) == told
        assert tries(installation) == {}
        assert remove_expired() == {}
        anna_back = new_visitor().sign_in()
        assert reports(installation, anna) == told
        notices = anna_back.identity.account_page.dashboard(anna_back.me).notices
        assert [notice.kind for notice in notices] == [EventKind.PASSWORD_GUESSING]

    def test_guessing_in_a_known_browser_becomes_an_event_too(
        self, installation: Installation, anna: Account, visitor: UseCaseBrowser, remove_expired: RemoveExpired
    ) -> None:
        """Although the browser itself is forgotten by then."""
        visitor.sign_in()
        installation.clock.advance(hours=70 * 24)
        guess(visitor, 6)
        installation.clock.advance(hours=31 * 24)
        assert remove_expired() == {
            "sessions": 1,
            "known_browsers": 1,
            "network_counts": 1,
            "password_counts": 1,
            "stranger_counts": 1,
        }
        assert [report["count"] for report in reports(installation, anna)] == [2]

    def test_guessing_in_two_known_browsers_of_a_person_becomes_an_event_each(
        self, installation: Installation, anna: Account, new_visitor: Callable[..., UseCaseBrowser], remove_expired: RemoveExpired
    ) -> None:
        """Both counts are found at once, and none is left."""
        for browser, guesses in ((new_visitor().sign_in(), 6), (new_visitor().sign_in(), 7)):
            guess(browser, guesses)
        installation.clock.advance(hours=31 * 24)
        assert remove_expired()["password_counts"] == 2
        assert sorted(str(report["count"]) for report in reports(installation, anna)) == ["2", "3"]
        assert tries(installation) == {}

    def test_guesses_at_an_account_that_is_gone_go_without_a_word(
        self, installation: Installation, anna: Account, visitor: UseCaseBrowser, remove_expired: RemoveExpired
    ) -> None:
        """There is no account to tell, and the other kinds of rows are not kept by it."""
        guess(visitor, 8)
        with installation.services.database.write() as connection:
            connection.execute(update(THROTTLE_BUCKET).where(THROTTLE_BUCKET.c.account_id == anna.id).values(account_id="unknown"))
            connection.commit()
        installation.clock.set(installation.clock.now() + FORGOTTEN_AFTER)
        assert remove_expired()["stranger_counts"] == 1
        assert reports(installation, anna) == []
        assert tries(installation) == {}

    def test_what_was_told_at_a_sign_in_is_not_told_again(
        self,
        installation: Installation,
        anna: Account,
        visitor: UseCaseBrowser,
        new_visitor: Callable[..., UseCaseBrowser],
        remove_expired: RemoveExpired,
    ) -> None:
        """The strangers' count stays after the owner's sign-in, and goes without a word."""
        visitor.sign_in()
        guess(new_visitor(), 6)
        visitor.sign_in()
        assert len(reports(installation, anna)) == 1
        installation.clock.advance(hours=24)
        assert remove_expired()["stranger_counts"] == 1
        assert len(reports(installation, anna)) == 1

    def test_a_few_mistakes_and_guesses_at_an_unknown_account_go_without_a_word(
        self, installation: Installation, anna: Account, new_visitor: Callable[..., UseCaseBrowser], remove_expired: RemoveExpired
    ) -> None:
        """No wait was opened, or there is no account to tell."""
        guess(new_visitor(), 4)
        guess(new_visitor(email="nobody@example.com", address="198.51.100.2"), 8)
        installation.clock.advance(hours=31 * 24)
        assert remove_expired() == {"network_counts": 2, "stranger_counts": 2}
        assert (tries(installation), reports(installation, anna)) == ({}, [])

    def test_an_account_made_after_the_first_guesses_is_told_of_them_all(
        self, installation: Installation, anna: Account, new_visitor: Callable[..., UseCaseBrowser], remove_expired: RemoveExpired
    ) -> None:
        """A count learns at every try whom it is about."""
        stranger = new_visitor(email="berta@example.com")
        guess(stranger, 6)
        berta = installation.add_account("berta@example.com", "Berta")
        guess(stranger, 1)
        installation.clock.advance(hours=31 * 24)
        remove_expired()
        assert [report["count"] for report in reports(installation, berta)] == [3]

    @pytest.mark.parametrize("guesses", [4, 6])
    def test_a_try_that_comes_between_looking_and_removing_keeps_the_count(
        self,
        guesses: int,
        installation: Installation,
        anna: Account,
        new_visitor: Callable[..., UseCaseBrowser],
        remove_expired: RemoveExpired,
    ) -> None:
        """The count begins anew by that try; what it knew of waits is kept for its time, and told once."""
        stranger = new_visitor()
        guess(stranger, guesses)
        installation.clock.advance(hours=24)
        outcomes = []
        looked = transaction_that_looks("stranger_counts")
        with after_transaction(installation, looked, lambda: outcomes.append(stranger.begin("guess"))):
            removed = remove_expired()
        assert "stranger_counts" not in removed
        assert outcomes == [Denied(PasswordRefusal.WRONG_CREDENTIALS)]
        assert tries(installation)["stranger"] == 1
        assert reports(installation, anna) == []
        installation.clock.advance(hours=24)
        assert remove_expired()["stranger_counts"] == 1
        assert [report["count"] for report in reports(installation, anna)] == ([2] if guesses == 6 else [])


class TestOneAtATime:
    """Of all workers and nodes, one removes rows."""

    def test_another_process_removes_rows_only_when_the_first_has_gone(self, installation: Installation, anna: Account) -> None:
        """It takes over once the lease has run out, and then the first one waits."""
        parts = parts_of(installation)
        first, second = (RowExpiry(parts.transactions, parts.system, [*EXPIRING.values()]) for _process in range(2))
        for at_work, waiting in ((first, second), (second, first)):
            add_expired_rows(installation, anna.id, ["links"])
            assert at_work.next_round()["links"] == 1
            installation.clock.advance(seconds=LEASE_TERM / SECOND - 1e-6)
            assert not waiting.next_round()
            at_work.next_round()
            installation.clock.advance(seconds=LEASE_TERM / SECOND)

    def test_who_waits_looks_at_nothing(self, installation: Installation) -> None:
        """One statement, that is refused."""
        installation.services.expiry.next_round()
        parts = parts_of(installation)
        other = RowExpiry(parts.transactions, parts.system, [*EXPIRING.values()])
        with statements(installation) as sent:
            assert not other.next_round()
        assert len(sent) == 1

    def test_a_lease_from_a_clock_that_was_ahead_counts_for_nothing(self, installation: Installation) -> None:
        """After the clock was set right, a process removes rows at once."""
        parts = parts_of(installation)
        first, second = (RowExpiry(parts.transactions, parts.system, [*EXPIRING.values()]) for _process in range(2))
        first.next_round()
        installation.clock.advance(hours=-1)
        assert list(second.next_round()) == list(EXPIRING)
        installation.clock.advance(seconds=-LEASE_TERM / SECOND)
        assert list(first.next_round()) == []


class TestInSmallSteps:
    """A round does so much and no more, and the next one goes on."""

    def test_a_batch_is_one_short_transaction(self, installation: Installation, anna: Account, remove_expired: RemoveExpired) -> None:
        """Looking is no transaction at all, and none removes more than a batch."""
        add_expired_rows(installation, anna.id, ["sessions"], rows=BATCH + 1)
        with statements(installation) as sent:
            assert remove_expired() == {"sessions": BATCH + 1}
        removed = [statement.partition(" IN (")[2].partition(")")[0].count("?") for statement in sent if statement.startswith("DELETE")]
        assert removed == [BATCH, 1]

    def test_a_round_is_bounded_and_the_next_goes_on(
        self, installation: Installation, anna: Account, remove_expired: RemoveExpired, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """No round holds a thread for long, however much has come together."""
        monkeypatch.setattr(expiry, "BATCH", 3)
        monkeypatch.setattr(expiry, "BATCHES_IN_A_ROUND", 2)
        add_expired_rows(installation, anna.id, rows=8)
        walked_past_one_another = [kind for kind in EXPIRING if TABLES[kind] is THROTTLE_BUCKET or TABLES[kind] is OUTBOX]
        rounds = [remove_expired() for _round in range(2 * len(walked_past_one_another))]
        for kind in set(EXPIRING) - set(walked_past_one_another):
            assert [round_.get(kind, 0) for round_ in rounds][:3] == [6, 2, 0]
        assert [left(installation, kind) for kind in EXPIRING] == [0] * len(EXPIRING)

    def test_a_walk_goes_on_where_the_last_round_stopped_and_begins_anew_at_its_end(
        self, installation: Installation, remove_expired: RemoveExpired, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What lies behind more live rows than a round looks at is reached by the second, and what has ended since by the next walk."""
        monkeypatch.setattr(expiry, "BATCH", 2)
        monkeypatch.setattr(expiry, "BATCHES_IN_A_ROUND", 2)
        charge(installation, "a", "b", "c", "d", "e")
        installation.clock.advance(hours=-1)
        charge(installation, "f")
        installation.clock.advance(hours=1)
        assert [remove_expired() for _round in range(2)] == [{}, {"network_counts": 1}]
        installation.clock.advance(hours=1)
        assert [remove_expired() for _round in range(3)] == [{"network_counts": 4}, {"network_counts": 1}, {}]

    def test_nothing_to_do_takes_no_transaction_but_the_lease(
        self, installation: Installation, visitor: UseCaseBrowser, remove_expired: RemoveExpired
    ) -> None:
        """An idle installation is left alone."""
        visitor.sign_in()
        remove_expired()
        with statements(installation) as sent:
            assert remove_expired() == {}
        assert [statement for statement in sent if not statement.startswith("SELECT")] == sent[:1]

    def test_a_row_that_is_in_use_again_by_then_stays(
        self, installation: Installation, anna: Account, remove_expired: RemoveExpired
    ) -> None:
        """Every row is judged again when it is removed: here a browser in which a person has just signed in."""
        add_expired_rows(installation, anna.id, ["known_browsers"])

        def use() -> None:
            with installation.services.database.write() as connection:
                connection.execute(KNOWN_BROWSER.update().values(last_sign_in_at=installation.clock.now()))
                connection.commit()

        with after_transaction(installation, transaction_that_looks("known_browsers"), use):
            assert remove_expired() == {}
        assert left(installation, "known_browsers") == 1
