"""What every change of password, factor or status does to what was decided before it."""

from xpressbot.identity.ports import UnitOfWork


def void_earlier_decisions(uow: UnitOfWork, account_id: str, *, keep_session: str | None) -> int:
    """Raise the security version and end what rests on older ones.

    That is: sessions, but for one to keep, pending sign-ins, and unfinished enrolments.

    Returns the new version. The account must be locked.
    """
    version = uow.accounts.raise_security_version(account_id)
    uow.sessions.end_others(account_id, keep=keep_session)
    uow.pending_sign_ins.end_all(account_id)
    uow.authenticators.discard_enrolments(account_id, keep_session=keep_session)
    return version
