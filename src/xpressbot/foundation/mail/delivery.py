"""The sender: claims a mail and commits, hands it over with no transaction open, notes what became of it and commits.

Of any number of processes one sends, by a lease. A kill or a failure between the server's acceptance and our commit may double one
mail, with the same Message-ID; nothing else is doubled, and nothing is lost (docs/adr/0016).
"""

from collections.abc import Callable
from email.message import EmailMessage
from enum import StrEnum
from typing import Final

import structlog

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.engine import UNAVAILABLE
from xpressbot.foundation.database.leases import give_lease_back, take_lease
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.mail import claims, outbox, outbox_overview
from xpressbot.foundation.mail.claims import ClaimedMail
from xpressbot.foundation.mail.message import Letter, Sender, compose
from xpressbot.foundation.mail.outbox import MailState, Priority
from xpressbot.foundation.mail.outbox_overview import Outbox
from xpressbot.foundation.mail.prepared import NotBefore, Prepare, Prepared, UnknownKindError
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
MAILS_IN_A_ROUND: Final = 10
"""After so many the sender rests for a moment: pages run on the same interpreter, and on SQLite write over the same connection."""
_DUTY: Final = "mail"
_LOG = structlog.get_logger("xpressbot.mail")


class TryOutcome(StrEnum):
    """What became of one try."""

    SENT = "sent"
    FAILED = "failed"
    DEAD = "dead"
    """It has failed, and its mail is a dead letter."""


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
        self._perhaps_taken: set[str] = set()
        """Mails that wait although the server may have taken one copy. Where two are delivered, programs tend to show the first."""
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
            return outbox_overview.look(tx, self._system.now())

    def revive_dead_letters(self) -> int:
        """Let them wait again; how many."""
        with self._transactions.writing() as tx:
            revived = outbox_overview.revive(tx, self._system.now())
            tx.commit()
        return revived

    def _is_any_due(self) -> bool:
        with self._transactions.reading() as tx:
            return claims.is_due(tx, self._system.now())

    def _claim(self) -> ClaimedMail | None:
        now = self._system.now()
        with self._transactions.writing() as tx:
            ours = take_lease(tx, _DUTY, self._holder, now, LEASE_TERM)
            mail = claims.claim(tx, now, now + CLAIM_TERM) if ours else None
            tx.commit()
        return mail

    def _give_lease_back(self) -> None:
        with self._transactions.writing() as tx:
            give_lease_back(tx, _DUTY, self._holder)
            tx.commit()

    def _try(self, mail: ClaimedMail) -> SendFailure | None:
        failure: SendFailure | None
        made: Prepared | NotBefore | None = None
        try:
            made = self._prepare(mail)
            message = self._compose(mail.id, made.letter) if isinstance(made, Prepared) else None
            made = self._store(made) if isinstance(made, Prepared) else made
        except UNAVAILABLE:
            raise
        except UnknownKindError:
            failure = SendFailure(FailureReason.NOT_MADE)
        except Exception:  # noqa: BLE001  # whatever it is, the next mail must come
            _LOG.exception("mail.not_made", kind=mail.kind)
            failure = SendFailure(FailureReason.NOT_MADE)
        else:
            if isinstance(made, NotBefore):
                self._delay(mail, made.at)
                return None
            if made is None or message is None:
                self._end_void(mail)
                return None
            failure = self.transport.send(mail.id, message)
            if failure is None:
                self._note_taken(mail, made)
                return None
        self._note_failed(mail, failure, made if isinstance(made, Prepared) else None)
        return failure

    def _store(self, made: Prepared) -> Prepared | NotBefore | None:
        if made.stored is None:
            return made
        with self._transactions.writing() as tx:
            stored = made.stored(tx, self._system.now())
            if stored is True:
                tx.commit()
        return stored if isinstance(stored, NotBefore) else made if stored else None

    def _delay(self, mail: ClaimedMail, until: int) -> None:
        with self._transactions.writing() as tx:
            claims.delay(tx, mail, until)
            tx.commit()

    def _compose(self, mail_id: str, letter: Letter) -> EmailMessage:
        return compose(self._sender, letter, mail_id, self._system.now())

    def _note_taken(self, mail: ClaimedMail, prepared: Prepared) -> None:
        now = self._system.now()
        with self._transactions.writing() as tx:
            again = None if prepared.taken is None else prepared.taken(tx, now)
            claims.end(tx, mail, MailState.SENT, now)
            if again is not None:
                outbox.add(tx, self._system.new_id(), mail.again(again))
            tx.commit()
        self._perhaps_taken.discard(mail.id)
        _LOG.info("mail.sent", kind=mail.kind, tries=mail.tries)
        self._count(TryOutcome.SENT)

    def _note_failed(self, mail: ClaimedMail, failure: SendFailure, prepared: Prepared | None) -> None:
        wait = None if failure.is_final else wait_after(mail.tries)
        is_dropped = wait is None and mail.priority is Priority.LOW
        with self._transactions.writing() as tx:
            if prepared is not None and prepared.failed is not None and not self._is_first_uncertain(mail, failure):
                prepared.failed(tx)
            if wait is None:
                claims.end(tx, mail, MailState.VOID if is_dropped else MailState.DEAD, self._system.now(), failure.reason)
            else:
                claims.postpone(tx, mail, self._system.now() + wait, failure.reason)
            tx.commit()
        if wait is None:
            self._perhaps_taken.discard(mail.id)
        if is_dropped:
            _LOG.warning("mail.dropped", kind=mail.kind, reason=failure.reason.value, tries=mail.tries)
        elif wait is None:
            _LOG.error("mail.given_up", kind=mail.kind, reason=failure.reason.value, tries=mail.tries)
        else:
            _LOG.warning("mail.postponed", kind=mail.kind, reason=failure.reason.value, tries=mail.tries)
        self._count(TryOutcome.DEAD if wait is None and not is_dropped else TryOutcome.FAILED)

    def _is_first_uncertain(self, mail: ClaimedMail, failure: SendFailure) -> bool:
        if not failure.is_uncertain or mail.id in self._perhaps_taken:
            return False
        self._perhaps_taken.add(mail.id)
        return True

    def _end_void(self, mail: ClaimedMail) -> None:
        with self._transactions.writing() as tx:
            claims.end(tx, mail, MailState.VOID, self._system.now())
            tx.commit()
