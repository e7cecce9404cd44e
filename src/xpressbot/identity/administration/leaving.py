"""What goes with an account that ends for good, whether its person closes it or somebody else removes it."""

from xpressbot.foundation.database.transaction import Writing
from xpressbot.identity.accounts import reserved_address_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.factors.reset import remove_all_factors
from xpressbot.identity.links import store as link_store
from xpressbot.identity.sessions import known_browser_store
from xpressbot.identity.sessions.security_version import raise_security_version


def end_account(tx: Writing, kinds: Kinds, account_id: str, status: AccountStatus) -> None:
    """Remove all by which the person signs in, end every session, and free the address. The row and the record of events stay.

    status: CLOSED or REMOVED. The installation and the account must be locked, and another owner must be there.
    """
    remove_all_factors(tx, kinds, account_id)
    known_browser_store.forget_all(tx, account_id)
    link_store.remove_all(tx, account_id)
    reserved_address_store.remove(tx, account_id)
    account_store.close(tx, account_id, status)
    raise_security_version(tx, account_id, keep_session=None)
