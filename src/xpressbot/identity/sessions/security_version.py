"""What every change of password, factor, role or status does to what was decided before it."""

from xpressbot.foundation.database.transaction import Writing
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.sessions import store as session_store


def raise_security_version(tx: Writing, account_id: str, *, keep_session: str | None) -> int:
    """Raise the account's security version, end its sessions but for one to keep, and return the new version.

    Pending sign-ins and enrolments carry the version that they were begun on, and count for nothing from here on. The account must be
    locked.
    """
    version = account_store.raise_security_version(tx, account_id)
    session_store.end_others(tx, account_id, keep=keep_session)
    return version


def end_step_up(tx: Writing, account_id: str) -> None:
    """Raise the account's security version, and let its sessions go on, each without what its person had lately proven.

    For a change of role: nobody who sits at one of its browsers has the new powers, or keeps a proof of the old ones, without confirming
    who they are. Pending sign-ins, enrolments and links that give power count for nothing from here on. The account must be locked.
    """
    session_store.void_proofs(tx, account_id, account_store.raise_security_version(tx, account_id))
