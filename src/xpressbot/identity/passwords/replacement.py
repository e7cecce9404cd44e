"""A new password for an account that there is: judged, hashed, and put in the place of the old one."""

from xpressbot.foundation.database.transaction import Writing
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.passwords.hasher import PasswordHasher
from xpressbot.identity.passwords.rules import PasswordRules, PasswordWeakness, WeakPassword, normalise
from xpressbot.identity.sessions import known_browser_store


class NewPasswords:
    """Judges new passwords and hashes them. Never called while a transaction is open."""

    def __init__(self, hasher: PasswordHasher, rules: PasswordRules) -> None:
        self._hasher = hasher
        self._rules = rules

    def refuse(self, account: Account, password: str) -> WeakPassword | None:
        """Why a password is too weak for this person, if it is. It is not compared with the one that the account has."""
        return self._rules.refuse(normalise(password), email=account.email, name=account.name)

    def hashed(self, account: Account, password: str) -> str | WeakPassword:
        """The hash of a new password. One that is weak, or is the account's already, is refused.

        It tells whether a text is the account's password: only who may set another one may ask.
        """
        if weak := self.refuse(account, password):
            return weak
        if self._hasher.verify(account.password_hash, normalise(password)):
            return self.same()
        return self.hash(password)

    def hash(self, password: str) -> str:
        """The hash of a password that was judged."""
        return self._hasher.hash(normalise(password))

    def same(self) -> WeakPassword:
        """The refusal of the password that the account has."""
        return WeakPassword(PasswordWeakness.SAME, self._rules.min_length)


def put_in_place(tx: Writing, account_id: str, password_hash: str, *, keep_browser: bytes | None) -> None:
    """Store a new password's hash. Browsers are forgotten, but for the one with this device token, if it was known.

    The account must be locked. The caller raises the security version, which ends what was decided on the old password.
    """
    account_store.set_password(tx, account_id, password_hash)
    known_browser_store.forget_others(tx, account_id, keep=keep_browser)
