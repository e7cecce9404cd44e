"""Everything identity can do, ready to be called. bootstrap.py builds it; entrypoints call nothing else of this package."""

from dataclasses import dataclass

from xpressbot.foundation.crypto.re_encryption import ReEncryption
from xpressbot.identity.administration.accounts import Administration
from xpressbot.identity.expiry.removal import RowExpiry
from xpressbot.identity.factors.authenticators import Authenticators
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.factors.recovery_codes.use_cases import RecoveryCodes
from xpressbot.identity.factors.set_up import SetUp
from xpressbot.identity.overview.account_page import AccountPage
from xpressbot.identity.registration.account_creation import Registration
from xpressbot.identity.sessions.lookup import Sessions
from xpressbot.identity.sign_in.password_step import PasswordStep
from xpressbot.identity.sign_in.re_enrolment import ReEnrolment
from xpressbot.identity.sign_in.second_step import SecondStep
from xpressbot.identity.sign_in.step_up import StepUp


@dataclass(frozen=True, slots=True)
class Identity:
    """The use cases, and the kinds of factors they know."""

    kinds: Kinds
    password_step: PasswordStep
    second_step: SecondStep
    sessions: Sessions
    step_up: StepUp
    set_up: SetUp
    authenticators: Authenticators
    recovery_codes: RecoveryCodes
    re_enrolment: ReEnrolment
    account_page: AccountPage
    registration: Registration
    administration: Administration
    re_encryption: ReEncryption
    expiry: RowExpiry
