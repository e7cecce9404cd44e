"""Log lines for refused sign-ins (ASVS 16.3.1). Accounts by id, never by the address or password that was typed."""

import structlog

from xpressbot.identity.outcomes import Reason

_LOG = structlog.get_logger("xpressbot.sign_in")


class SignInLog:
    """Notes what may not become an event: failed password steps, of known and unknown addresses alike."""

    def password_refused(self, *, reason: Reason, account_id: str | None, address: str) -> None:
        """A password step was refused."""
        _LOG.warning("sign_in.password_refused", reason=reason.value, account=account_id, address=address)

    def second_factor_refused(self, *, reason: Reason, account_id: str, factor: str, address: str) -> None:
        """A proof of a second factor was refused."""
        _LOG.warning("sign_in.second_factor_refused", reason=reason.value, account=account_id, factor=factor, address=address)
