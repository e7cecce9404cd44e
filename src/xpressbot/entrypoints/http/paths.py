"""The paths that pages send people to."""

from typing import Final

SIGN_IN_PATH: Final = "/sign-in"
LANGUAGE_PATH: Final = "/language"
STEP_UP_PATH: Final = "/account/confirm-identity"
HOME_PATH: Final = "/"
SETTINGS_PATH: Final = "/account"
CODES_PATH: Final = "/account/2fa/recovery-codes"
RE_ENROLMENT_PATH: Final = "/link/re-enrolment"
