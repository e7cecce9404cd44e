"""The events of a reset that was asked for: in the record of the team, in the member's own, and in that of the one who asked."""

from collections.abc import Mapping

from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.audit.rules.event import EventKind, NewEvent
from xpressbot.identity.sessions.caller import Client
from xpressbot.identity.team.rules.reset import ResetRequest, VoidCause


def carried_out(request: ResetRequest, asker: Account, *, actor: str) -> NewEvent:
    """The member's, of a reset that was carried out."""
    return NewEvent(EventKind.TWO_FACTOR_RESET, {"reason": request.reason, "asked_by": asker.email}, actor=actor)


def stopped(client: Client, member: Account, *, actor: str | None) -> NewEvent:
    """The team's, of one that the member has stopped; None where a mailed link has."""
    return client.event(EventKind.RESET_STOPPED, actor=actor, target=member.id, email=member.email)


def voided(member: Account, cause: VoidCause) -> tuple[NewEvent, NewEvent]:
    """The member's and the team's, of one that came to nothing by itself."""
    told = NewEvent(EventKind.TWO_FACTOR_RESET_STOPPED, {"cause": cause.value})
    return told, NewEvent(EventKind.RESET_VOIDED, {"email": member.email, "cause": cause.value}, target=member.id)


def of_asker(
    kind: EventKind, member: Account, asker: Account | None, *, actor: str | None = None, cause: VoidCause | None = None
) -> Mapping[str, NewEvent]:
    """That of the one who asked, by their id; none where they ended it themselves, or are no active member any more."""
    if asker is None or asker.id == actor or asker.status is not AccountStatus.ACTIVE:
        return {}
    details = {"email": member.email} if cause is None else {"email": member.email, "cause": cause.value}
    return {asker.id: NewEvent(kind, details, actor=actor, target=member.id)}
