"""The paths that pages send people to."""

from typing import Final

from xpressbot.entrypoints.messages.links import link_path
from xpressbot.identity.links.rules import LinkKind

SIGN_IN_PATH: Final = "/sign-in"
UNLOCK_PATH: Final = "/sign-in/unlock"
NEW_PASSWORD_PATH: Final = "/sign-in/new-password"
LANGUAGE_PATH: Final = "/language"
STEP_UP_PATH: Final = "/account/confirm-identity"
HOME_PATH: Final = "/"
SETTINGS_PATH: Final = "/account"
HISTORY_PATH: Final = "/account/history"
SESSIONS_PATH: Final = "/account/sessions"
PASSWORD_PATH: Final = "/account/password"
TEAM_PATH: Final = "/team"
RECORD_PATH: Final = "/team/record"
MEMBER_PATH: Final = "/team/members/{member:id}"
RESET_PATH: Final = f"{MEMBER_PATH}/reset"
EXEMPTION_PATH: Final = f"{MEMBER_PATH}/exemption"
RESETS_PATH: Final = "/team/resets"
INVITE_PATH: Final = "/team/invite"
INVITATION_PATH: Final = "/team/invitations/{invitation:id}"
CODES_PATH: Final = "/account/2fa/recovery-codes"
EMAIL_PATH: Final = "/account/email"
FORGOT_PASSWORD_PATH: Final = "/forgot-password"
RE_ENROLMENT_PATH: Final = link_path(LinkKind.RE_ENROLMENT)
ENROLMENT_PATH: Final = link_path(LinkKind.ENROLMENT)
REQUIRED_PATH: Final = "/account/2fa/required"
POLICY_PATH: Final = "/team/policy"
INBOX_PATH: Final = "/inbox"
CONVERSATION_PATH: Final = f"{INBOX_PATH}/{{conversation:id}}"
CONTACT_PATH: Final = f"{INBOX_PATH}/people/{{contact:id}}"
CHAT_RECORD_PATH: Final = "/bots/record"
