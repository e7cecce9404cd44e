"""Everything identity can do, ready to be called. bootstrap.py has it built; entrypoints call nothing else of this package.

And what becomes of the rows of all its packages, joined.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.crypto.encryption import Encryption, KeyedDigests
from xpressbot.foundation.crypto.re_encryption import ReEncryption
from xpressbot.foundation.database.expiry import ExpiringRows
from xpressbot.foundation.database.rows_at_restore import AtRestore
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.mail import retention as mail
from xpressbot.foundation.settings import Settings
from xpressbot.identity.accounts import retention as accounts
from xpressbot.identity.administration.accounts import Administration
from xpressbot.identity.administration.owner_test_mail import OwnerTestMail
from xpressbot.identity.administration.sessions import SessionAdministration
from xpressbot.identity.administration.two_factor_reset import TwoFactorReset
from xpressbot.identity.audit import retention as audit
from xpressbot.identity.audit.history import History
from xpressbot.identity.audit.notice_mails import NoticeMails
from xpressbot.identity.factors import retention as factors
from xpressbot.identity.factors.authenticators import Authenticators
from xpressbot.identity.factors.enrolment_steps import EnrolmentSteps
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.factors.protection import protection_of
from xpressbot.identity.factors.recovery_codes.use_cases import RecoveryCodes
from xpressbot.identity.factors.two_factor import TwoFactor
from xpressbot.identity.links import retention as links
from xpressbot.identity.links.states import LinkStates
from xpressbot.identity.overview.account_page import AccountPage
from xpressbot.identity.passwords.change import PasswordChange
from xpressbot.identity.passwords.forgotten import Forgotten
from xpressbot.identity.passwords.hasher import PasswordHasher
from xpressbot.identity.passwords.replacement import NewPasswords
from xpressbot.identity.passwords.reset import PasswordReset
from xpressbot.identity.passwords.rules import PasswordRules
from xpressbot.identity.passwords.session_password import SessionPassword
from xpressbot.identity.passwords.strength import estimate_strength
from xpressbot.identity.passwords.this_wasnt_me import ThisWasntMe
from xpressbot.identity.profile.closing import AccountClosing
from xpressbot.identity.profile.email_change import EmailChange
from xpressbot.identity.profile.email_confirmation import EMAIL_CHANGED_MAIL, EmailConfirmation
from xpressbot.identity.profile.email_mails import EmailMails
from xpressbot.identity.profile.email_stop import EmailStop
from xpressbot.identity.profile.export import AccountExport
from xpressbot.identity.profile.language import LanguageChoice
from xpressbot.identity.profile.name import NameChange
from xpressbot.identity.registration.account_creation import Registration
from xpressbot.identity.registration.new_accounts import NewAccounts
from xpressbot.identity.sessions import retention as sessions
from xpressbot.identity.sessions.gate import Gate
from xpressbot.identity.sessions.listing import SessionListing
from xpressbot.identity.sessions.lookup import Sessions
from xpressbot.identity.sign_in import retention as sign_in
from xpressbot.identity.sign_in.enrolment_mails import EnrolmentMails
from xpressbot.identity.sign_in.log import SignInLog
from xpressbot.identity.sign_in.new_password_step import NewPasswordStep
from xpressbot.identity.sign_in.password_step import PasswordStep
from xpressbot.identity.sign_in.re_enrolment import ReEnrolment
from xpressbot.identity.sign_in.second_step import SecondStep
from xpressbot.identity.sign_in.session_start import SessionStart
from xpressbot.identity.sign_in.step_up import StepUp
from xpressbot.identity.sign_in.unlock import Unlock
from xpressbot.identity.team import retention as team
from xpressbot.identity.team.by_operator import MemberAdministration
from xpressbot.identity.team.exemptions import Exemptions
from xpressbot.identity.team.first_steps import FirstSteps
from xpressbot.identity.team.invitation_mails import InvitationMails
from xpressbot.identity.team.invitations import Invitations
from xpressbot.identity.team.joining import Joining
from xpressbot.identity.team.member_page import MemberPages
from xpressbot.identity.team.members import Members
from xpressbot.identity.team.policy_change import PolicyChange
from xpressbot.identity.team.record import TeamRecord
from xpressbot.identity.team.reminder import Reminder
from xpressbot.identity.team.reminders import Reminders
from xpressbot.identity.team.reset_decisions import ResetDecisions
from xpressbot.identity.team.reset_mails import ResetMails
from xpressbot.identity.team.reset_requests import ResetRequests
from xpressbot.identity.team.resets import ResetViews
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
    team_record: TeamRecord
    first_steps: FirstSteps
    member_pages: MemberPages
    members: Members
    member_administration: MemberAdministration
    resets: ResetViews
    reset_requests: ResetRequests
    reset_decisions: ResetDecisions
    reset_mails: ResetMails
    invitations: Invitations
    invitation_mails: InvitationMails
    joining: Joining
    reminders: Reminders
    policy_change: PolicyChange
    exemptions: Exemptions
    reminder: Reminder
    administration: Administration
    session_administration: SessionAdministration
    notice_mails: NoticeMails
    owner_test_mail: OwnerTestMail
    two_factor_reset: TwoFactorReset
    re_encryption: ReEncryption


def build_identity(
    transactions: Transactions,
    system: System,
    kinds: Kinds,
    encryption: Encryption,
    digest: KeyedDigests,
    hasher: PasswordHasher,
    settings: Settings,
) -> Identity:
    """Make every use case, each with what it takes. Nothing is opened or read."""
    gate, steps, log = Gate(transactions, system, kinds.methods), EnrolmentSteps(system, kinds), SignInLog()
    password_rules = PasswordRules(settings.password_min_length, estimate_strength)
    new_passwords, session_password = NewPasswords(hasher, password_rules), SessionPassword(gate, hasher)
    session_start, sends_mail = SessionStart(system, digest, kinds), bool(settings.smtp_url)
    new_accounts = NewAccounts(system, hasher, session_start, password_rules)
    reset_decisions = ResetDecisions(transactions, gate, system, kinds)
    reset_requests = ResetRequests(transactions, gate, system, reset_decisions.settle, sends_mail=sends_mail)
    second_step = SecondStep(transactions, system, kinds, session_start, log)
    return Identity(
        kinds=kinds,
        password_step=PasswordStep(transactions, system, hasher, digest, session_start, log, sends_mail=bool(settings.smtp_url)),
        second_step=second_step,
        new_password_step=NewPasswordStep(transactions, system, kinds, session_start, second_step, new_passwords),
        sessions=Sessions(transactions, gate, system, kinds.methods),
        session_listing=SessionListing(transactions, gate, system),
        session_password=session_password,
        step_up=StepUp(transactions, gate, hasher, kinds),
        unlock=Unlock(gate, hasher),
        two_factor=TwoFactor(transactions, gate, kinds, steps),
        authenticators=Authenticators(transactions, gate, kinds, steps),
        re_enrolment=ReEnrolment(transactions, system, kinds, session_start, second_step, steps),
        enrolment_mails=EnrolmentMails(transactions, system),
        recovery_codes=RecoveryCodes(transactions, gate, system, encryption, digest, viewable=settings.recovery_codes_viewable),
        account_page=AccountPage(transactions, gate, system, kinds, steps),
        history=History(transactions),
        password_change=PasswordChange(gate, session_password, new_passwords),
        password_reset=PasswordReset(transactions, system, new_passwords),
        forgotten=Forgotten(transactions, system, digest, sends_mail=sends_mail),
        this_wasnt_me=ThisWasntMe(transactions, system, lambda tx, account_id: protection_of(tx, account_id).newest_since),
        language_choice=LanguageChoice(gate),
        name_change=NameChange(gate),
        email_change=EmailChange(transactions, gate, system),
        email_confirmation=EmailConfirmation(transactions, gate, system),
        email_stop=EmailStop(transactions, system),
        email_mails=EmailMails(transactions, system),
        account_export=AccountExport(transactions, gate, kinds),
        account_closing=AccountClosing(gate, kinds),
        link_states=LinkStates(transactions, system),
        registration=Registration(transactions, system, new_accounts),
        roster=Roster(gate, kinds),
        invitations=Invitations(transactions, gate, system, sends_mail=sends_mail),
        invitation_mails=InvitationMails(transactions, system),
        joining=Joining(transactions, system, new_accounts),
        reminders=Reminders(transactions, gate, system, sends_mail=sends_mail),
        team_record=TeamRecord(transactions, gate),
        first_steps=FirstSteps(transactions, gate, system, kinds, sends_mail=sends_mail),
        member_pages=MemberPages(gate, kinds),
        members=Members(gate, kinds),
        member_administration=MemberAdministration(transactions, system, kinds),
        resets=ResetViews(gate, reset_requests),
        reset_requests=reset_requests,
        reset_decisions=reset_decisions,
        reset_mails=ResetMails(transactions, system, reset_requests),
        policy_change=PolicyChange(gate),
        exemptions=Exemptions(gate),
        reminder=Reminder(gate),
        administration=Administration(transactions, system, kinds),
        session_administration=SessionAdministration(transactions, system),
        notice_mails=NoticeMails(transactions, system),
        owner_test_mail=OwnerTestMail(transactions, gate),
        two_factor_reset=TwoFactorReset(transactions, system, kinds),
        re_encryption=ReEncryption(transactions, encryption, kinds.encrypted_columns),
    )


def expiring_rows(kinds: Kinds) -> Sequence[ExpiringRows]:
    """The rows of all packages and kinds of factors that are removed some time after they have ended."""
    packages = (sessions, sign_in, links, factors, throttling, accounts, team, mail)
    return [*(rows for package in packages for rows in package.EXPIRING_ROWS), *kinds.expiring_rows]


def at_restore(kinds: Kinds) -> Sequence[AtRestore]:
    """What becomes of the tables of all packages and kinds of factors when an older copy of the database is put in place."""
    packages = (sessions, sign_in, links, factors, throttling, audit, accounts, team)
    return [*(table for package in packages for table in package.AT_RESTORE), *mail.at_restore({EMAIL_CHANGED_MAIL}), *kinds.at_restore]
