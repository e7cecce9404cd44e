"""Until when a person is signed in, as every page says it. The sentences are built here: a template takes several times as long."""

from dataclasses import dataclass

from markupsafe import Markup

from xpressbot.entrypoints.messages.formatting import clock_time, moment
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.foundation.times import SECOND, whole_seconds_until
from xpressbot.identity.sessions.rules.session import STAY_OFFERED_BEFORE, Session


@dataclass(frozen=True, slots=True)
class SessionTimes:
    """What a page says of its session.

    until: a line for everybody. warning, over: what the page's script shows when little time is left, and when none is.
    can_stay: whether using the session on would help. warned_before, seconds_left: before it locks or ends.
    """

    until: Markup
    warning: Markup
    over: str
    can_stay: bool
    seconds_left: int
    warned_before: int


def session_times(texts: Texts, session: Session, now: int) -> SessionTimes:
    """The sentences about a live session. In its last hour use moves nothing: it ends, and does not lock."""
    seconds_left, warned_before = whole_seconds_until(session.locks_at, now), STAY_OFFERED_BEFORE // SECOND
    until = Markup(texts.gettext("You are signed in until %(time)s.")) % {"time": moment(texts, session.expires_at)}
    clock = {"time": clock_time(texts, session.locks_at)}
    if session.locks_at == session.expires_at:
        warning = Markup(texts.gettext("The session ends at %(time)s. Finish what you are doing, then sign in again.")) % clock
        over = texts.gettext("The session has ended.")
        return SessionTimes(until, warning, over, can_stay=False, seconds_left=seconds_left, warned_before=warned_before)
    locks = Markup(texts.gettext("Without use, the session locks at %(time)s, and asks for your password.")) % clock
    warning = Markup(texts.gettext("Nothing has happened here for a while. The session locks at %(time)s.")) % clock
    over = texts.gettext("The session is locked. Enter your password to go on.")
    line = Markup(" ").join((until, locks))
    return SessionTimes(line, warning, over, can_stay=True, seconds_left=seconds_left, warned_before=warned_before)
