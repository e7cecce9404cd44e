"""The sender: claims a mail and commits, hands it over with no transaction open, notes what became of it and commits.

Of any number of processes one sends, by a lease. A kill or a failure between the server's acceptance and our commit may double one
mail, with the same Message-ID; nothing else is doubled, and nothing is lost (docs/adr/0016).
"""

from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum
from typing import Final, Protocol

import structlog

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.engine import UNAVAILABLE
from xpressbot.foundation.database.leases import give_lease_back, take_lease
from xpressbot.foundation.database.transaction import Transactions, Writing
from xpressbot.foundation.mail import outbox
from xpressbot.foundation.mail.message import Letter, Sender, compose
from xpressbot.foundation.mail.outbox import ClaimedMail, MailState, NewMail, Outbox
from xpressbot.foundation.mail.transport import OF_ONE_MAIL, FailureReason, SendFailure, Transport
from xpressbot.foundation.times import HOUR, MINUTE

CLAIM_TERM: Final = 10 * MINUTE
"""After so long a mail that was claimed and not marked is due again: longer than any handing over takes."""
LEASE_TERM: Final = 5 * MINUTE
FIRST_WAIT: Final = 1 * MINUTE
LONGEST_WAIT: Final = 4 * HOUR
MOST_TRIES: Final = 20
"""With waits that double, the last one is two days after the first. RFC 5321 section 4.5.4.1 asks for four to five days; a notice that
comes so late is of no use any more, and the operator can revive it."""
MAILS_IN_A_ROUND: Final = 100
_DUTY: Final = "mail"
_LOG = structlog.get_logger("xpressbot.mail")


class TryOutcome(StrEnum):
    """What became of one try."""

    SENT = "sent"
    FAILED = "failed"
    DEAD = "dead"
    """The last try has failed."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A mail in words, and what is to be noted once it is taken.

    taken: runs in the transaction that marks it, before the mark. Returns when the same is to be told again, None where never.
    """

    letter: Letter
    taken: Callable[[Writing, int], int | None]


class UnknownKindError(Exception):
    """A newer version has written this mail, and may yet send it."""


class Prepare(Protocol):
    """Makes the words of a mail; None where there is nothing to tell any more. What it raises is a failed try.

    Raises UnknownKindError where it knows no such mail.
    """

    def __call__(self, mail: ClaimedMail, /) -> Prepared | None: ...


def wait_after(tries: int) -> int | None:
    """How long to wait after so many failed tries; None after the last one."""
    return None if tries >= MOST_TRIES else min(LONGEST_WAIT, FIRST_WAIT << (tries - 1))


class Delivery:
    """Sends what is due, one mail after the other."""

    def __init__(
        self,
        transactions: Transactions,
        system: System,
        sender: Sender,
        transport: Transport,
        prepare: Prepare,
        count: Callable[[TryOutcome], None],
    ) -> None:
        """count: takes what became of each try."""
        self._transactions = transactions
        self._system = system
        self._sender = sender
        self._prepare = prepare
        self._count = count
        self._holder = system.new_id()
        self._is_stopping = False
        self.transport = transport

    def next_round(self) -> int:
        """Send what is due; how many mails were tried. A failure that is not one mail's alone ends the round.

        Where nothing is due it costs one statement that reads.
        """
        tried = 0
        while tried < MAILS_IN_A_ROUND and not self._is_stopping and self._is_any_due() and (mail := self._claim()) is not None:
            tried += 1
            failure = self._try(mail)
            if failure is not None and failure.reason not in OF_ONE_MAIL:
                break
        if tried:
            self._give_lease_back()
        return tried

    def stop(self) -> None:
        """Begin no further mail, and let one that is under way end soon."""
        self._is_stopping = True
        self.transport.stop()

    def send_now(self, letter: Letter) -> tuple[str, SendFailure | None]:
        """Hand one mail over that no outbox holds. Gives its id."""
        mail_id = self._system.new_id()
        return mail_id, self.transport.send(mail_id, self._compose(mail_id, letter))

    def look(self) -> Outbox:
        """What is in the outbox."""
        with self._transactions.reading() as tx:
            return outbox.look(tx, self._system.now())

    def revive_dead_letters(self) -> int:
        """Let them wait again; how many."""
        with self._transactions.writing() as tx:
            revived = outbox.revive(tx, self._system.now())
            tx.commit()
        return revived

    def _is_any_due(self) -> bool:
        with self._transactions.reading() as tx:
            return outbox.is_due(tx, self._system.now())

    def _claim(self) -> ClaimedMail | None:
        now = self._system.now()
        with self._transactions.writing() as tx:
            ours = take_lease(tx, _DUTY, self._holder, now, LEASE_TERM)
            mail = outbox.claim(tx, now, now + CLAIM_TERM) if ours else None
            tx.commit()
        return mail

    def _give_lease_back(self) -> None:
        with self._transactions.writing() as tx:
            give_lease_back(tx, _DUTY, self._holder)
            tx.commit()

    def _try(self, mail: ClaimedMail) -> SendFailure | None:
        failure: SendFailure | None
        try:
            prepared = self._prepare(mail)
            message = None if prepared is None else self._compose(mail.id, prepared.letter)
        except UNAVAILABLE:
            raise
        except UnknownKindError:
            failure = SendFailure(FailureReason.NOT_MADE)
        except Exception:  # noqa: BLE001  # whatever it is, the next mail must come
            _LOG.exception("mail.not_made", kind=mail.kind)
            failure = SendFailure(FailureReason.NOT_MADE)
        else:
            if prepared is None or message is None:
                self._end(mail, MailState.VOID)
                return None
            failure = self.transport.send(mail.id, message)
            if failure is None:
                self._note_taken(mail, prepared)
                return None
        self._note_failed(mail, failure)
        return failure

    def _compose(self, mail_id: str, letter: Letter) -> EmailMessage:
        return compose(self._sender, letter, mail_id, self._system.now())

    def _note_taken(self, mail: ClaimedMail, prepared: Prepared) -> None:
        now = self._system.now()
        with self._transactions.writing() as tx:
            again = prepared.taken(tx, now)
            outbox.end(tx, mail, MailState.SENT, now)
            if again is not None:
                outbox.add(tx, self._system.new_id(), NewMail(mail.kind, mail.account_id, mail.parameters, again, mail.about))
            tx.commit()
        _LOG.info("mail.sent", kind=mail.kind, tries=mail.tries)
        self._count(TryOutcome.SENT)

    def _note_failed(self, mail: ClaimedMail, failure: SendFailure) -> None:
        wait = None if failure.is_final else wait_after(mail.tries)
        if wait is None:
            self._end(mail, MailState.DEAD, failure.reason)
            _LOG.error("mail.given_up", kind=mail.kind, reason=failure.reason.value, tries=mail.tries)
            self._count(TryOutcome.DEAD)
            return
        with self._transactions.writing() as tx:
            outbox.postpone(tx, mail, self._system.now() + wait, failure.reason)
            tx.commit()
        _LOG.warning("mail.postponed", kind=mail.kind, reason=failure.reason.value, tries=mail.tries)
        self._count(TryOutcome.FAILED)

    def _end(self, mail: ClaimedMail, state: MailState, failure: FailureReason | None = None) -> None:
        with self._transactions.writing() as tx:
            outbox.end(tx, mail, state, self._system.now(), failure)
            tx.commit()
