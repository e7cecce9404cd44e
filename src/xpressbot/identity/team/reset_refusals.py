"""Why a member's 2FA is not reset."""

from xpressbot.identity.outcomes import Reason


class ResetRefusal(Reason):
    """Why nothing is asked for, approved, stopped or shown."""

    OWN_RESET = "own_reset"
    """Nobody asks for a reset of their own 2FA, or approves it."""
    RESET_NOT_NEEDED = "reset_not_needed"
    """The member has 2FA off, is suspended, or was reset already."""
    RESET_ASKED_FOR = "reset_asked_for"
    """A request waits for this member."""
    NOBODY_TO_APPROVE = "nobody_to_approve"
    """No other member could approve it, and no mail reaches the member: only the command line is left."""
    RESET_REQUEST_OVER = "reset_request_over"
    """The request was stopped, approved or carried out meanwhile, or is void."""
    OWN_REQUEST = "own_request"
    """Who asks does not approve."""
    ROLE_TOO_NEW = "role_too_new"
    """They have not held their role for long enough."""
    DEPENDS_ON_ASKER = "depends_on_asker"
    """The one who asks invited or promoted them lately."""
    IS_ENROLLED = "is_enrolled"
    """The member needs no link: 2FA was not reset, or is set up again."""
