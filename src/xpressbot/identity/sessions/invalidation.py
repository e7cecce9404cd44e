"""What every change of password, factor or status does to what was decided before it."""

from xpressbot.foundation.database.transaction import Writing
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.factors import store as authenticator_store
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sign_in import store as pending_store


def void_earlier_decisions(tx: Writing, account_id: str, *, keep_session: str | None) -> int:
    """Raise the security version and end what rests on older ones.

    That is: sessions, but for one to keep, pending sign-ins, and unfinished enrolments.

    Returns the new version. The account must be locked.
    """
    version = account_store.raise_security_version(tx, account_id)
    session_store.end_others(tx, account_id, keep=keep_session)
    pending_store.end_all(tx, account_id)
    authenticator_store.discard_enrolments(tx, account_id, keep_session=keep_session)
    return version
