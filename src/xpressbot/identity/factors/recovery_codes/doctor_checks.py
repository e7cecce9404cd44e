"""What the doctor checks of recovery codes: whose run out."""

from collections.abc import Sequence
from typing import Final

from xpressbot.diagnostics.check import Check, CheckRun, Finding, Problem, Severity
from xpressbot.diagnostics.database_checks import SCHEMA
from xpressbot.foundation.database.transaction import ReadTransactions
from xpressbot.identity.factors.recovery_codes import store
from xpressbot.identity.factors.recovery_codes.rules import FEW_CODES

FEW_RECOVERY_CODES: Final = Problem("few_recovery_codes", Severity.WARNING)
ACCOUNTS_LOOKED_AT: Final = 1000
"""Of how many accounts, those that have had their authenticator longest, codes are counted for the owner's page."""


def _check_codes_left(run: CheckRun) -> Sequence[Finding]:
    with ReadTransactions(run.database).reading() as tx:
        short = store.short_of_codes(tx, FEW_CODES, None if run.thorough else ACCOUNTS_LOOKED_AT)
    accounts = [{"email": email, "left": left} for email, left in short]
    return [Finding("recovery_codes", FEW_RECOVERY_CODES, {"accounts": accounts})] if accounts else []


CODES_LEFT: Final = Check("recovery_codes", _check_codes_left, problems=(FEW_RECOVERY_CODES,), needs=(SCHEMA,))
