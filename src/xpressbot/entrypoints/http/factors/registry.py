"""The kinds of factors that the pages know, and the pages that a kind has of its own. A new kind is a line here."""

from typing import Final

from xpressbot.entrypoints.http.factor_presentation import Factors
from xpressbot.entrypoints.http.factors.recovery_codes.pages import PAGES as RECOVERY_CODE_PAGES
from xpressbot.entrypoints.http.factors.recovery_codes.presentation import RecoveryCodePresentation
from xpressbot.entrypoints.http.factors.totp.presentation import TotpPresentation

FACTORS: Final = Factors(primary=(TotpPresentation(),), backup=(RecoveryCodePresentation(),))
FACTOR_PAGES: Final = (*RECOVERY_CODE_PAGES,)
