"""Why the steps of a sign-in are refused."""

from xpressbot.identity.outcomes import Reason


class SignInRefusal(Reason):
    """Why any step of a sign-in ends it."""

    START_AGAIN = "start_again"
    """What it rests on has expired, or was changed meanwhile."""


class PendingRefusal(Reason):
    """Why a browser has no sign-in to go on with."""

    NO_SIGN_IN = "no_sign_in"
    """It never had one, or one that has another step before it."""
    JUST_SIGNED_IN = "just_signed_in"
    CLOCK_WAS_CHANGED = "clock_was_changed"


class SecondStepRefusal(Reason):
    """Why a second factor does not help."""

    ENROLMENT_REQUIRED = "enrolment_required"
    """2FA was reset, or the team requires it."""
    NEW_PASSWORD_REQUIRED = "new_password_required"
    """It was proven already."""


class ReEnrolmentRefusal(Reason):
    """Why 2FA is not set up again with the link that a browser holds."""

    MUST_ENROL = "must_enrol"
    """It holds none that works."""
    LINK_OF_ANOTHER = "link_of_another"
