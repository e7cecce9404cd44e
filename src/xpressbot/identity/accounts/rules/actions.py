"""What a signed-in person can do, and what each action asks of them: the one table, read by the gate and compared with the routes."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Action(StrEnum):
    """An action of a signed-in person."""

    VIEW_ACCOUNT = "view_account"
    VIEW_HISTORY = "view_history"
    CONFIRM_IDENTITY = "confirm_identity"
    STAY_SIGNED_IN = "stay_signed_in"
    UNLOCK = "unlock"
    SIGN_OUT = "sign_out"
    END_SESSION = "end_session"
    END_OTHER_SESSIONS = "end_other_sessions"
    ACKNOWLEDGE_NOTICES = "acknowledge_notices"
    START_ENROLMENT = "start_enrolment"
    RESTART_ENROLMENT = "restart_enrolment"
    CONFIRM_ENROLMENT = "confirm_enrolment"
    ADD_AUTHENTICATOR = "add_authenticator"
    RENAME_AUTHENTICATOR = "rename_authenticator"
    REMOVE_AUTHENTICATOR = "remove_authenticator"
    DISABLE_TWO_FACTOR = "disable_two_factor"
    REVEAL_BACKUPS = "reveal_backups"
    REGENERATE_BACKUPS = "regenerate_backups"
    KEEP_BACKUPS = "keep_backups"
    CHECK_BACKUP = "check_backup"
    CHANGE_PASSWORD = "change_password"
    CHANGE_NAME = "change_name"
    CHANGE_EMAIL = "change_email"
    CONFIRM_EMAIL = "confirm_email"
    EXPORT_DATA = "export_data"
    CLOSE_ACCOUNT = "close_account"
    CHOOSE_LANGUAGE = "choose_language"
    SEND_TEST_MAIL = "send_test_mail"
    VIEW_TEAM = "view_team"
    VIEW_TEAM_RECORD = "view_team_record"
    EXPORT_TEAM_RECORD = "export_team_record"
    HIDE_FIRST_STEPS = "hide_first_steps"
    CHANGE_ROLE = "change_role"
    HAND_OVER_OWNERSHIP = "hand_over_ownership"
    SUSPEND_MEMBER = "suspend_member"
    REINSTATE_MEMBER = "reinstate_member"
    REMOVE_MEMBER = "remove_member"
    END_MEMBER_SESSION = "end_member_session"
    END_MEMBER_SESSIONS = "end_member_sessions"
    VIEW_RESETS = "view_resets"
    ASK_FOR_RESET = "ask_for_reset"
    APPROVE_RESET = "approve_reset"
    WITHDRAW_RESET = "withdraw_reset"
    SHOW_RESET_LINK = "show_reset_link"
    STOP_RESET = "stop_reset"
    INVITE_MEMBER = "invite_member"
    REVOKE_INVITATION = "revoke_invitation"
    REMIND_MEMBERS = "remind_members"
    PUT_OFF_REMINDER = "put_off_reminder"
    VIEW_POLICY = "view_policy"
    CHANGE_POLICY = "change_policy"
    EXEMPT_MEMBER = "exempt_member"
    END_EXEMPTION = "end_exemption"
    VIEW_BOTS = "view_bots"
    CHANGE_BOTS = "change_bots"
    VIEW_CHAT_RECORD = "view_chat_record"
    ERASE_CONTACT = "erase_contact"
    VIEW_INBOX = "view_inbox"
    ANSWER = "answer"


class Permission(StrEnum):
    """Whose matters an action touches."""

    OWN_ACCOUNT = "own_account"
    INSTALLATION = "installation"
    """What concerns the program on its server."""
    TEAM = "team"
    """Other members. Without a second factor in the session it is closed to every role (NIST SP 800-63B AAL2)."""
    ROLES = "roles"
    """Who is an owner or an admin, and what is asked of all members. It needs a second factor, too."""
    BOTS = "bots"
    """Bots, channels, and what is kept of the people who write to them."""
    INBOX = "inbox"
    """The conversations with those people."""

    @property
    def needs_second_factor(self) -> bool:
        """Whether the session must rest on two factors."""
        return self in {Permission.TEAM, Permission.ROLES}


class ProofNeeded(StrEnum):
    """Which proof of identity an action needs, besides a live session (step-up, ASVS 7.5.1)."""

    NONE = "none"
    FRESH = "fresh"
    FRESH_OR_RECOVERY = "fresh_or_recovery"
    """A session begun with a recovery code may repair its account for a while without further proof."""
    FRESH_OR_PASSWORD = "fresh_or_password"
    """The password in the form is enough, also with 2FA on: a person who has lost the other factor must be able to do it."""
    CURRENT_PASSWORD = "current_password"
    """The password in the form, however fresh the last proof is (ASVS 6.2.3). In a session with a second factor, a fresh proof instead."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """What an action needs.

    writes: whether it changes something, so that its route takes POST only. while_locked: whether a locked session is enough for it.
    while_enrolling: whether a person may do it who owes the team 2FA: what signs out, or unlocks the session so that they are told why.
    among_accounts: whether it depends on other accounts than the person's own, so that the gate locks the installation first.
    """

    permission: Permission
    proof: ProofNeeded
    writes: bool
    while_locked: bool = False
    among_accounts: bool = False
    while_enrolling: bool = False


def _own(
    proof: ProofNeeded, *, writes: bool = True, while_locked: bool = False, among_accounts: bool = False, while_enrolling: bool = False
) -> Requirement:
    return Requirement(Permission.OWN_ACCOUNT, proof, writes, while_locked, among_accounts, while_enrolling)


ACTIONS: Final[Mapping[Action, Requirement]] = {
    Action.VIEW_ACCOUNT: _own(ProofNeeded.NONE, writes=False),
    Action.VIEW_HISTORY: _own(ProofNeeded.NONE, writes=False),
    Action.CONFIRM_IDENTITY: _own(ProofNeeded.NONE),
    Action.STAY_SIGNED_IN: _own(ProofNeeded.NONE),
    Action.UNLOCK: _own(ProofNeeded.NONE, while_locked=True, while_enrolling=True),
    Action.SIGN_OUT: _own(ProofNeeded.NONE, while_locked=True, while_enrolling=True),
    Action.END_SESSION: _own(ProofNeeded.FRESH_OR_PASSWORD),
    Action.END_OTHER_SESSIONS: _own(ProofNeeded.FRESH_OR_PASSWORD),
    Action.ACKNOWLEDGE_NOTICES: _own(ProofNeeded.NONE),
    Action.START_ENROLMENT: _own(ProofNeeded.FRESH_OR_RECOVERY),
    Action.RESTART_ENROLMENT: _own(ProofNeeded.NONE),
    Action.CONFIRM_ENROLMENT: _own(ProofNeeded.NONE),
    Action.ADD_AUTHENTICATOR: _own(ProofNeeded.FRESH),
    Action.RENAME_AUTHENTICATOR: _own(ProofNeeded.NONE),
    Action.REMOVE_AUTHENTICATOR: _own(ProofNeeded.FRESH),
    Action.DISABLE_TWO_FACTOR: _own(ProofNeeded.FRESH_OR_RECOVERY),
    Action.REVEAL_BACKUPS: _own(ProofNeeded.FRESH),
    Action.REGENERATE_BACKUPS: _own(ProofNeeded.FRESH_OR_RECOVERY),
    Action.KEEP_BACKUPS: _own(ProofNeeded.NONE),
    Action.CHECK_BACKUP: _own(ProofNeeded.FRESH),
    Action.CHANGE_PASSWORD: _own(ProofNeeded.CURRENT_PASSWORD),
    Action.CHANGE_NAME: _own(ProofNeeded.FRESH),
    Action.CHANGE_EMAIL: _own(ProofNeeded.FRESH),
    Action.CONFIRM_EMAIL: _own(ProofNeeded.NONE, among_accounts=True),
    Action.EXPORT_DATA: _own(ProofNeeded.FRESH),
    Action.CLOSE_ACCOUNT: _own(ProofNeeded.FRESH, among_accounts=True),
    Action.CHOOSE_LANGUAGE: _own(ProofNeeded.NONE),
    Action.PUT_OFF_REMINDER: _own(ProofNeeded.NONE),
    Action.VIEW_TEAM: Requirement(Permission.TEAM, ProofNeeded.NONE, writes=False),
    Action.VIEW_TEAM_RECORD: Requirement(Permission.TEAM, ProofNeeded.NONE, writes=False),
    Action.EXPORT_TEAM_RECORD: Requirement(Permission.TEAM, ProofNeeded.FRESH, writes=True),
    Action.HIDE_FIRST_STEPS: Requirement(Permission.INSTALLATION, ProofNeeded.NONE, writes=True),
    Action.CHANGE_ROLE: Requirement(Permission.ROLES, ProofNeeded.FRESH, writes=True, among_accounts=True),
    Action.HAND_OVER_OWNERSHIP: Requirement(Permission.ROLES, ProofNeeded.FRESH, writes=True, among_accounts=True),
    Action.SUSPEND_MEMBER: Requirement(Permission.TEAM, ProofNeeded.FRESH, writes=True, among_accounts=True),
    Action.REINSTATE_MEMBER: Requirement(Permission.TEAM, ProofNeeded.FRESH, writes=True, among_accounts=True),
    Action.REMOVE_MEMBER: Requirement(Permission.TEAM, ProofNeeded.FRESH, writes=True, among_accounts=True),
    Action.END_MEMBER_SESSION: Requirement(Permission.TEAM, ProofNeeded.FRESH, writes=True),
    Action.END_MEMBER_SESSIONS: Requirement(Permission.TEAM, ProofNeeded.FRESH, writes=True),
    Action.VIEW_RESETS: Requirement(Permission.TEAM, ProofNeeded.NONE, writes=False),
    Action.ASK_FOR_RESET: Requirement(Permission.TEAM, ProofNeeded.FRESH, writes=True, among_accounts=True),
    Action.APPROVE_RESET: Requirement(Permission.TEAM, ProofNeeded.FRESH, writes=True, among_accounts=True),
    Action.WITHDRAW_RESET: Requirement(Permission.TEAM, ProofNeeded.NONE, writes=True),
    Action.SHOW_RESET_LINK: Requirement(Permission.TEAM, ProofNeeded.FRESH, writes=True),
    Action.STOP_RESET: _own(ProofNeeded.NONE),
    Action.INVITE_MEMBER: Requirement(Permission.TEAM, ProofNeeded.FRESH, writes=True, among_accounts=True),
    Action.REVOKE_INVITATION: Requirement(Permission.TEAM, ProofNeeded.NONE, writes=True, among_accounts=True),
    Action.REMIND_MEMBERS: Requirement(Permission.TEAM, ProofNeeded.NONE, writes=True, among_accounts=True),
    Action.VIEW_POLICY: Requirement(Permission.ROLES, ProofNeeded.NONE, writes=False),
    Action.CHANGE_POLICY: Requirement(Permission.ROLES, ProofNeeded.FRESH, writes=True, among_accounts=True),
    Action.EXEMPT_MEMBER: Requirement(Permission.ROLES, ProofNeeded.FRESH, writes=True),
    Action.END_EXEMPTION: Requirement(Permission.ROLES, ProofNeeded.FRESH, writes=True),
    Action.VIEW_BOTS: Requirement(Permission.BOTS, ProofNeeded.NONE, writes=False),
    Action.CHANGE_BOTS: Requirement(Permission.BOTS, ProofNeeded.NONE, writes=True),
    Action.VIEW_CHAT_RECORD: Requirement(Permission.BOTS, ProofNeeded.NONE, writes=False),
    Action.ERASE_CONTACT: Requirement(Permission.BOTS, ProofNeeded.FRESH, writes=True),
    Action.VIEW_INBOX: Requirement(Permission.INBOX, ProofNeeded.NONE, writes=False),
    Action.ANSWER: Requirement(Permission.INBOX, ProofNeeded.NONE, writes=True),
    Action.SEND_TEST_MAIL: Requirement(Permission.INSTALLATION, ProofNeeded.NONE, writes=True),
}
