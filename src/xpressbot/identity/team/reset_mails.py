"""What mails about a reset tell the sender: the link with which the member stops it, and whether it still waits for another admin."""

from dataclasses import dataclass

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions, Writing
from xpressbot.foundation.mail.claims import ClaimedMail
from xpressbot.foundation.mail.prepared import NotBefore
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.roles import may_act_on, permits
from xpressbot.identity.audit.notice_mails import NoticeToMail
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.rules import Link, LinkKind
from xpressbot.identity.team import reset_store
from xpressbot.identity.team.reset_requests import ResetRequests
from xpressbot.identity.team.rules.reset import ResetRequest, void_cause


@dataclass(frozen=True, slots=True)
class StopLink:
    """The link of a mail that tells a member of a request. Its token opens nothing before it is stored."""

    request: ResetRequest
    token: Token


class ResetMails:
    """What the sender asks for, and what it reports."""

    def __init__(self, transactions: Transactions, system: System, requests: ResetRequests) -> None:
        self._transactions = transactions
        self._system = system
        self._requests = requests

    def stop_link(self, told: NoticeToMail) -> StopLink | None:
        """The link that the mail of a notice has; None where it tells of no request that waits, or its address is not confirmed."""
        is_for_member = told.recipient.is_confirmed and not told.is_copy
        if told.notice.kind is not EventKind.TWO_FACTOR_RESET_REQUESTED or not is_for_member:
            return None
        with self._transactions.reading() as tx:
            request = reset_store.of_member(tx, told.account.id)
        is_told = request is not None and request.id == told.notice.first.target
        return StopLink(request, self._system.new_token()) if request is not None and is_told else None

    def store(self, tx: Writing, link: StopLink, now: int) -> bool | NotBefore:
        """Open the link of a mail that is about to leave. Where the request has ended, the mail is made anew. The caller commits."""
        account_store.lock(tx, link.request.account_id)
        if reset_store.by_id(tx, link.request.id) is None:
            return NotBefore(now)
        link_store.add(tx, Link(LinkKind.RESET_STOP, account_id=link.request.account_id), link.token.digest, now, link.request.expires_at)
        return True

    def taken(self, tx: Writing, link: StopLink, now: int) -> None:
        """The mail was taken: from here on the member has time to stop the reset. A written file is no mail. The caller commits."""
        member = account_store.lock(tx, link.request.account_id)
        if member is not None and self._requests.is_told_by_mail(tx, member, now):
            reset_store.note_mail_accepted(tx, link.request.id, now)

    def remove_link(self, tx: Writing, link: StopLink) -> None:
        """The mail did not leave, so that nobody has its link. The caller commits."""
        account_store.lock(tx, link.request.account_id)
        link_store.remove(tx, link.token.digest)

    def waits(self, mail: ClaimedMail) -> Account | None:
        """The owner or admin who is told that a request waits; None where it does not any more, or they have nothing to say to it."""
        with self._transactions.reading() as tx:
            request = reset_store.by_id(tx, str(mail.parameters["request"]))
            if request is None or mail.account_id is None:
                return None
            accounts = account_store.by_ids(tx, {request.account_id, request.asked_by, mail.account_id})
        member, told = accounts[request.account_id], accounts[mail.account_id]
        if void_cause(request, member, accounts[request.asked_by], self._system.now()) is not None:
            return None
        may_decide = told.status is AccountStatus.ACTIVE and permits(told.role, Action.APPROVE_RESET) and may_act_on(told.role, member.role)
        return told if may_decide else None
