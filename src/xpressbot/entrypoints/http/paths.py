"""The paths that pages send people to."""

from typing import Final

SIGN_IN_PATH: Final = "/sign-in"
UNLOCK_PATH: Final = "/sign-in/unlock"
STEP_UP_PATH: Final = "/account/confirm-identity"
HOME_PATH: Final = "/"
SETTINGS_PATH: Final = "/account"
HISTORY_PATH: Final = "/account/history"
SESSIONS_PATH: Final = "/account/sessions"
CODES_PATH: Final = "/account/2fa/recovery-codes"
RE_ENROLMENT_PATH: Final = "/link/re-enrolment"
