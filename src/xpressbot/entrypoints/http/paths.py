"""The paths that pages send people to."""

from typing import Final

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
CODES_PATH: Final = "/account/2fa/recovery-codes"
PASSWORD_LINK_PATH: Final = "/link/password"
NOT_ME_PATH: Final = "/link/not-me"
FORGOT_PASSWORD_PATH: Final = "/forgot-password"
RE_ENROLMENT_PATH: Final = "/link/re-enrolment"
