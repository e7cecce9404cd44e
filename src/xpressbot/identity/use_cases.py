"""Everything identity can do, ready to be called. bootstrap.py builds it; entrypoints call nothing else of this package.

And what becomes of the rows of all its packages, joined.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from xpressbot.foundation.crypto.re_encryption import ReEncryption
from xpressbot.foundation.database.expiry import ExpiringRows
from xpressbot.foundation.database.rows_at_restore import AtRestore
from xpressbot.foundation.mail import retention as mail
from xpressbot.identity.accounts import retention as accounts
from xpressbot.identity.administration.accounts import Administration
from xpressbot.identity.administration.sessions import SessionAdministration
from xpressbot.identity.administration.trial_mails import TrialMails
from xpressbot.identity.administration.two_factor_reset import TwoFactorReset
from xpressbot.identity.audit import retention as audit
from xpressbot.identity.audit.history import History
from xpressbot.identity.audit.notice_mails import NoticeMails
from xpressbot.identity.factors import retention as factors
from xpressbot.identity.factors.authenticators import Authenticators
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.factors.recovery_codes.use_cases import RecoveryCodes
from xpressbot.identity.factors.two_factor import TwoFactor
from xpressbot.identity.links import retention as links
from xpressbot.identity.links.states import LinkStates
from xpressbot.identity.overview.account_page import AccountPage
from xpressbot.identity.passwords.change import PasswordChange
from xpressbot.identity.passwords.forgotten import Forgotten
from xpressbot.identity.passwords.reset import PasswordReset
from xpressbot.identity.passwords.session_password import SessionPassword
from xpressbot.identity.passwords.this_wasnt_me import ThisWasntMe
from xpressbot.identity.profile.closing import AccountClosing
from xpressbot.identity.profile.email_change import EmailChange
from xpressbot.identity.profile.email_confirmation import EmailConfirmation
from xpressbot.identity.profile.email_mails import EmailMails
from xpressbot.identity.profile.email_stop import EmailStop
from xpressbot.identity.profile.export import AccountExport
from xpressbot.identity.profile.language import LanguageChoice
from xpressbot.identity.profile.name import NameChange
from xpressbot.identity.registration.account_creation import Registration
from xpressbot.identity.sessions import retention as sessions
from xpressbot.identity.sessions.listing import SessionListing
from xpressbot.identity.sessions.lookup import Sessions
from xpressbot.identity.sign_in import retention as sign_in
from xpressbot.identity.sign_in.enrolment_mails import EnrolmentMails
from xpressbot.identity.sign_in.new_password import NewPasswordStep
from xpressbot.identity.sign_in.password_step import PasswordStep
from xpressbot.identity.sign_in.re_enrolment import ReEnrolment
from xpressbot.identity.sign_in.second_step import SecondStep
from xpressbot.identity.sign_in.step_up import StepUp
from xpressbot.identity.sign_in.unlock import Unlock
from xpressbot.identity.team import retention as team
from xpressbot.identity.team.exemptions import Exemptions
from xpressbot.identity.team.policy_change import PolicyChange
from xpressbot.identity.team.reminder import Reminder
from xpressbot.identity.team.roster import Roster
from xpressbot.identity.throttling import retention as throttling


@dataclass(frozen=True, slots=True)
class Identity:
    """The use cases, and the kinds of factors they know."""

    kinds: Kinds
    password_step: PasswordStep
    second_step: SecondStep
    new_password_step: NewPasswordStep
    sessions: Sessions
    session_listing: SessionListing
    session_password: SessionPassword
    step_up: StepUp
    unlock: Unlock
    two_factor: TwoFactor
    authenticators: Authenticators
    recovery_codes: RecoveryCodes
    re_enrolment: ReEnrolment
    enrolment_mails: EnrolmentMails
    password_change: PasswordChange
    password_reset: PasswordReset
    forgotten: Forgotten
    this_wasnt_me: ThisWasntMe
    account_page: AccountPage
    history: History
    language_choice: LanguageChoice
    name_change: NameChange
    email_change: EmailChange
    email_confirmation: EmailConfirmation
    email_stop: EmailStop
    email_mails: EmailMails
    account_export: AccountExport
    account_closing: AccountClosing
    link_states: LinkStates
    registration: Registration
    roster: Roster
    policy_change: PolicyChange
    exemptions: Exemptions
    reminder: Reminder
    administration: Administration
    session_administration: SessionAdministration
    notice_mails: NoticeMails
    trial_mails: TrialMails
    two_factor_reset: TwoFactorReset
    re_encryption: ReEncryption


def expiring_rows(kinds: Kinds) -> Sequence[ExpiringRows]:
    """The rows of all packages and kinds of factors that are removed some time after they have ended."""
    packages = (sessions, sign_in, links, factors, throttling, accounts, team, mail)
    return [*(rows for package in packages for rows in package.EXPIRING_ROWS), *kinds.expiring_rows]


def at_restore(kinds: Kinds) -> Sequence[AtRestore]:
    """What becomes of the tables of all packages and kinds of factors when an older copy of the database is put in place."""
    packages = (sessions, sign_in, links, factors, throttling, audit, accounts, team, mail)
    return [*(table for package in packages for table in package.AT_RESTORE), *kinds.at_restore]
