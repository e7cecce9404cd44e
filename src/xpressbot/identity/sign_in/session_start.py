"""Completing a sign-in: the only place where a session begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

from xpressbot.foundation.crypto.encryption import KeyedDigests
from xpressbot.foundation.database.transaction import Writing
from xpressbot.foundation.system import System
from xpressbot.foundation.times import latest_credible
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import DetailValue, EventKind, NewEvent
from xpressbot.identity.factors.recovery_codes import store as recovery_code_store
from xpressbot.identity.outcomes import SignedIn
from xpressbot.identity.sessions import known_browsers
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Client
from xpressbot.identity.sessions.rules.assurance import RECOVERY_GRANT, Amr, Method, aal_of
from xpressbot.identity.sessions.rules.session import ABSOLUTE_LIFETIME, CODES_SHOWN_FOR, Session
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.throttling import store as throttle_store
from xpressbot.identity.throttling.charges import guessing_event, stranger_bucket, take_stopped
from xpressbot.identity.throttling.rules import DelayReport


@dataclass(frozen=True, slots=True)
class CompletedProof:
    """What was proven, and the buckets its tries were charged to.

    after_waits: whether the right password followed wrong ones that had to wait.
    """

    amr: Amr
    charged: Sequence[str]
    next_path: str
    after_waits: bool = False


class SessionStart:
    """Turns a completed proof into a session, in the unit of work that consumed the proof and locked the account."""

    def __init__(self, system: System, digest: KeyedDigests) -> None:
        self._system = system
        self._digest = digest

    def complete(self, tx: Writing, account: Account, proof: CompletedProof, client: Client) -> SignedIn:
        """Begin a session under new tokens and record it. The caller commits."""
        now = self._system.now()
        recovered = Method.RECOVERY_CODE in proof.amr
        session = Session(
            id=self._system.new_id(),
            account_id=account.id,
            amr=proof.amr,
            authenticated_at=now,
            proven_at=now,
            last_used_at=now,
            expires_at=now + ABSOLUTE_LIFETIME,
            recovery_grant_until=now + RECOVERY_GRANT if recovered else 0,
            shown_set_id=None,
            codes_visible_until=0,
        )
        session_token, device_token = self._system.new_token(), self._system.new_token()
        ended = session_store.end_by_token(tx, client.session.digest) if client.session is not None else None
        session_store.add(tx, session, session_token.digest, account.security_version, client.address, client.user_agent)
        old_device = client.device.digest if client.device else None
        known_browsers.remember(tx, old_device, device_token.digest, account.id, self._system.new_id(), now)
        told = self._clear_counts(tx, account, proof)
        if (stopped := take_stopped(tx, account.id, now)) is not None:
            told.append(stopped)
        shows_codes = Method.TOTP in proof.amr and self._show_unsaved_codes(tx, session, now)
        details: dict[str, DetailValue] = {"session": session.id, "aal": aal_of(proof.amr), "amr": " ".join(sorted(proof.amr))}
        told.append(client.event(_kind(proof), **details))
        if shows_codes:
            told.append(client.event(EventKind.RECOVERY_CODES_REVEALED, session=session.id))
        recorded = [(account.id, event) for event in told]
        if ended is not None and ended.account_id != account.id and ended.is_live(now):
            recorded.append((ended.account_id, client.event(EventKind.SIGNED_OUT, session=ended.id)))
        for account_id, event in sorted(recorded, key=itemgetter(0)):  # the heads of several chains are taken in the order of ids
            append_event(tx, self._system.entropy, account_id, event, now)
        return SignedIn(session_token, device_token, proof.next_path, session.id, shows_codes)

    def _show_unsaved_codes(self, tx: Writing, session: Session, now: int) -> bool:
        """Show a new set once more whose page may have been lost with its session's token, for the rest of its time."""
        unsaved = recovery_code_store.hand_over_unsaved(tx, session.account_id, session.id, now - CODES_SHOWN_FOR, latest_credible(now))
        if unsaved is None:
            return False
        set_id, made_at = unsaved
        session_store.show_codes(tx, session.id, set_id, made_at + CODES_SHOWN_FOR)
        return True

    def _clear_counts(self, tx: Writing, account: Account, proof: CompletedProof) -> list[NewEvent]:
        """Forget the person's own tries; what to tell of guesses at their password while nobody was there to be told."""
        own = [key for key in proof.charged if not throttle.is_strangers(key)]
        reports: list[DelayReport | None] = [*throttle_store.clear(tx, own).values()]
        reports.append(throttle_store.report_delays(tx, stranger_bucket(self._digest, account.email, account.id)))
        return [guessing_event(report) for report in reports if report is not None]


def _kind(proof: CompletedProof) -> EventKind:
    if Method.RECOVERY_CODE in proof.amr:
        return EventKind.SIGNED_IN_WITH_RECOVERY_CODE
    return EventKind.SIGNED_IN_AFTER_WAITS if proof.after_waits else EventKind.SIGNED_IN
