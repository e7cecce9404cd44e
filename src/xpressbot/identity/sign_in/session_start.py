"""Starting a session: the only place where one begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Literal, assert_never

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.crypto.encryption import KeyedDigests
from xpressbot.foundation.database.transaction import Writing
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import installation as installation_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.two_factor_policy import owes_enrolment
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import EventKind, NewEvent
from xpressbot.identity.factors.kind import FactorKind, Kinds
from xpressbot.identity.outcomes import Denied, EnrolmentRequired, NewPasswordRequired, SignedIn
from xpressbot.identity.sessions import known_browser_store
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Client
from xpressbot.identity.sessions.rules.assurance import RECOVERY_GRANT, Amr, aal_of
from xpressbot.identity.sessions.rules.session import ABSOLUTE_LIFETIME, Session
from xpressbot.identity.sign_in import store as pending_store
from xpressbot.identity.sign_in.incomplete_sign_ins import guessing_event, take_stopped
from xpressbot.identity.sign_in.refusals import SignInRefusal
from xpressbot.identity.sign_in.rules import pending as pending_sign_in
from xpressbot.identity.sign_in.rules.pending import NextStep, PendingSignIn, PendingStep, next_step
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.throttling import store as throttle_store
from xpressbot.identity.throttling.charges import stranger_bucket
from xpressbot.identity.throttling.rules import DelayReport


@dataclass(frozen=True, slots=True)
class CompletedProof:
    """What was proven, and where to.

    factor: the kind of the second factor; None where the password was enough. password_bucket, factor_bucket: the keys of the counts
    that their tries were charged to, where they were. after_waits: whether the right password followed wrong ones that had to wait.
    """

    amr: Amr
    factor: FactorKind | None
    next_path: str
    password_bucket: str | None = None
    factor_bucket: str | None = None
    after_waits: bool = False

    @property
    def charged(self) -> Sequence[str]:
        """The counts that a completed sign-in may clear."""
        return [key for key in (self.factor_bucket, self.password_bucket) if key is not None]


@dataclass(frozen=True, slots=True)
class LockedAccounts:
    """An account for which a session may begin in a browser, locked together with the one whose session that browser has.

    Only `SessionStart.lock` makes one.
    """

    account: Account
    client: Client


class SessionStart:
    """Turns a completed proof into a session, in the transaction that consumed the proof and locked the accounts."""

    def __init__(self, system: System, digest: KeyedDigests, kinds: Kinds) -> None:
        self._system = system
        self._digest = digest
        self._kinds = kinds

    def lock(
        self, tx: Writing, account_id: str, security_version: int, client: Client, others: Sequence[str] = ()
    ) -> LockedAccounts | None:
        """Lock an account on which something was decided, and the one whose session ends if one begins here, in the order of their ids.

        others: further accounts to lock with them. None where the first is not active, or its security version is another by this time.
        """
        token_hash = None if client.session is None else client.session.digest
        account = account_store.unchanged(session_store.lock_accounts(tx, account_id, token_hash, others), security_version)
        return None if account is None else LockedAccounts(account, client)

    def complete(
        self, tx: Writing, locked: LockedAccounts, proof: CompletedProof
    ) -> SignedIn | NewPasswordRequired | Denied[SignInRefusal]:
        """After a second factor: the session, or first the page for a new password. The caller commits, unless it is refused."""
        account = locked.account
        if proof.factor is not None and account.reset_request_id is not None:
            # Who proves a second factor has not lost everything.
            account_store.set_reset_request(tx, account.id, None)
        step = next_step(proof.amr, protected=True, must_enrol=account.must_enrol, replaces_password=account.replaces_password)
        match step:
            case NextStep.SESSION:
                return self.start(tx, locked, step, proof)
            case NextStep.NEW_PASSWORD:
                return self._await_new_password(tx, account, proof, locked.client)
            case (
                NextStep.SECOND_FACTOR
                | NextStep.MUST_ENROL
                | NextStep.ENROL_WITH_LINK
                | NextStep.ENROL_BY_PASSWORD
                | NextStep.ENROL_INVITED
            ):
                return Denied(SignInRefusal.START_AGAIN)
            case unknown:
                assert_never(unknown)

    def first(self, tx: Writing, locked: LockedAccounts, proof: CompletedProof) -> SignedIn | EnrolmentRequired:
        """After an account was made by a link: its first session, or first the set-up of 2FA. The caller commits."""
        account = locked.account
        owes = owes_enrolment(account, installation_store.policy(tx), self._system.now())
        step = next_step(
            proof.amr,
            protected=False,
            must_enrol=account.must_enrol,
            replaces_password=account.replaces_password,
            owes=NextStep.ENROL_INVITED if owes else None,
        )
        if step is NextStep.SESSION:
            return self.start(tx, locked, step, proof)
        return EnrolmentRequired(self._pending(tx, account, NextStep.ENROL_INVITED, proof)[0], by_policy=True)

    def start(
        self,
        tx: Writing,
        locked: LockedAccounts,
        step: Literal[NextStep.SESSION],  # noqa: ARG002  # it is there for its type: without next_step's answer nothing begins
        proof: CompletedProof,
    ) -> SignedIn:
        """Begin a session under new tokens and record it; the one that the browser had ends. The caller commits.

        step: what next_step has answered.
        """
        now, account, client = self._system.now(), locked.account, locked.client
        session = self._new_session(account, proof, now)
        session_token, browser_token = self._system.new_token(), self._system.new_token()
        ended = session_store.end_by_token(tx, client.session.digest) if client.session is not None else None
        session_store.add(tx, session, session_token.digest, account.security_version, client.address, client.user_agent)
        old_browser = client.device.digest if client.device else None
        is_new_browser = known_browser_store.remember(tx, old_browser, browser_token.digest, account.id, self._system.new_id(), now)
        account_store.note_sign_in(tx, account.id, now, client.language)
        told = self._clear_counts(tx, account, proof)
        if (stopped := take_stopped(tx, account.id, now)) is not None:
            told.append(stopped)
        shown = [] if proof.factor is None or self._is_backup(proof) else self._show_unsaved_backups(tx, session, now)
        kind, factor = self._event_kind(proof, is_new_browser=is_new_browser), None if proof.factor is None else proof.factor.name
        aal, amr = aal_of(proof.amr), " ".join(sorted(proof.amr))
        told.append(client.event(kind, factor=factor, actor=account.id, session=session.id, aal=aal, amr=amr))
        told += [client.event(EventKind.BACKUPS_REVEALED, factor=name, actor=account.id, session=session.id) for name in shown]
        recorded = [(account.id, event) for event in told]
        if ended is not None and ended.account_id != account.id and ended.is_open(now):
            recorded.append((ended.account_id, client.event(EventKind.SIGNED_OUT, session=ended.id)))
        for account_id, event in sorted(recorded, key=itemgetter(0)):  # the heads of several chains are locked in the order of ids
            append_event(tx, self._system.entropy, account_id, event, now)
        return SignedIn(session_token, browser_token, proof.next_path, session.id, shows_codes=bool(shown))

    def _await_new_password(self, tx: Writing, account: Account, proof: CompletedProof, client: Client) -> NewPasswordRequired:
        token, pending_id = self._pending(tx, account, NextStep.NEW_PASSWORD, proof)
        factor, amr = None if proof.factor is None else proof.factor.name, " ".join(sorted(proof.amr))
        event = client.event(EventKind.NEW_PASSWORD_AWAITED, factor=factor, actor=account.id, amr=amr)
        append_event(tx, self._system.entropy, account.id, event, self._system.now())
        return NewPasswordRequired(token, pending_id)

    def _pending(self, tx: Writing, account: Account, step: PendingStep, proof: CompletedProof) -> tuple[Token, str]:
        """Let a sign-in wait for its next step: its token, and the id of its row."""
        now, token = self._system.now(), self._system.new_token()
        pending = PendingSignIn(
            id=self._system.new_id(),
            next_step=step,
            account_id=account.id,
            email=account.email,
            security_version=account.security_version,
            amr=proof.amr,
            next_path=proof.next_path,
            password_bucket=proof.password_bucket or "",
            after_waits=proof.after_waits,
            expires_at=now + pending_sign_in.LIFETIME,
            consumed_at=None,
        )
        pending_store.add(tx, pending, token.digest, now, None)
        return token, pending.id

    def _new_session(self, account: Account, proof: CompletedProof, now: int) -> Session:
        return Session(
            id=self._system.new_id(),
            account_id=account.id,
            amr=proof.amr,
            authenticated_at=now,
            proven_at=now,
            last_used_at=now,
            expires_at=now + ABSOLUTE_LIFETIME,
            recovery_grant_until=now + RECOVERY_GRANT if self._is_backup(proof) else 0,
            shown_set_id=None,
            codes_visible_until=0,
        )

    def _is_backup(self, proof: CompletedProof) -> bool:
        return proof.factor is not None and self._kinds.is_backup_method(proof.factor.method)

    def _show_unsaved_backups(self, tx: Writing, session: Session, now: int) -> list[str]:
        return [kind.name for kind in self._kinds.backup if kind.show_unsaved(tx, session.account_id, session.id, now)]

    def _clear_counts(self, tx: Writing, account: Account, proof: CompletedProof) -> list[NewEvent]:
        """Forget the person's own tries; what to tell of guesses at their password that were made since they were last told."""
        reports: list[DelayReport | None] = []
        for key in proof.charged:
            if throttle.is_known_browsers(key):
                reports.append(throttle_store.clear_and_report(tx, key))
            elif not throttle.is_strangers(key):
                throttle_store.clear(tx, [key])
        reports.append(throttle_store.report_delays(tx, stranger_bucket(self._digest, account.email, account.id)))
        return [guessing_event(report) for report in reports if report is not None]

    def _event_kind(self, proof: CompletedProof, *, is_new_browser: bool) -> EventKind:
        """What is told of this sign-in: of several things that are worth a notice, the first."""
        if self._is_backup(proof):
            return EventKind.SIGNED_IN_WITH_BACKUP
        if proof.after_waits:
            return EventKind.SIGNED_IN_AFTER_WAITS
        return EventKind.SIGNED_IN_IN_NEW_BROWSER if is_new_browser else EventKind.SIGNED_IN
