"""Log lines for refused sign-ins (ASVS 16.3.1). Accounts by id, never by the address or password that was typed."""

import structlog

from xpressbot.identity.outcomes import Reason
from xpressbot.identity.sessions.rules.assurance import Method

_LOG = structlog.get_logger("xpressbot.sign_in")


class StructuredSignInLog:
    """Fulfils SignInLog."""

    def password_refused(self, *, reason: Reason, account_id: str | None, address: str) -> None:
        _LOG.warning("sign_in.password_refused", reason=reason.value, account=account_id, address=address)

    def second_factor_refused(self, *, reason: Reason, account_id: str, method: Method, address: str) -> None:
        _LOG.warning("sign_in.second_factor_refused", reason=reason.value, account=account_id, method=method.value, address=address)
