"""What the dashboard says of a notice besides its title."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from markupsafe import Markup

from xpressbot.entrypoints.messages.event_details import CAUSES
from xpressbot.entrypoints.messages.event_facts import GIVES_REASON
from xpressbot.entrypoints.messages.event_words import event_advice
from xpressbot.entrypoints.messages.formatting import Text, as_is, moment, number
from xpressbot.entrypoints.messages.roles import role_name
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.foundation.database.unknown_enum_values import member_or_none
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.rules.event import OPERATOR, EventKind
from xpressbot.identity.audit.rules.notice import Notice
from xpressbot.identity.team.rules.reset import VoidCause
from xpressbot.identity.throttling.rules import PASSWORD


def notice_detail(texts: Texts, notice: Notice) -> Text:
    """What more there is to say about a notice; empty when its title says all.

    Details may be missing: they can be erased, and a newer version may have written others.
    """
    if notice.kind in _COUNTED:
        return _COUNTED[notice.kind](texts, notice)
    if notice.kind is EventKind.PASSWORD_EXPOSED:
        return texts.gettext("Unless you have replaced your password since then, do it now: your next sign-in asks for it.")
    return Markup(" ").join(
        [*_by_others(texts, notice), *_by_whom_and_why(texts, notice), *_what_came_of_it(texts, notice), *_what_to_do(texts, notice)]
    )


def _by_whom_and_why(texts: Texts, notice: Notice) -> Iterator[Markup]:
    details = notice.last.details
    if asked_by := details.get("asked_by"):
        yield Markup(texts.gettext("Asked for by %(address)s.")) % {"address": as_is(str(asked_by))}
    if notice.kind in ABOUT_A_MEMBER and (email := details.get("email")):
        yield Markup(texts.gettext("Member: %(email)s.")) % {"email": as_is(str(email))}
    if isinstance(until := details.get("until"), int):
        yield Markup(texts.gettext("Until %(time)s.")) % {"time": moment(texts, until)}
    if notice.kind in GIVES_REASON and (reason := details.get("reason")):
        yield Markup(texts.gettext("Reason given: %(reason)s.")) % {"reason": reason}
    if (cause := member_or_none(VoidCause, str(details.get("cause")))) is not None:
        yield Markup("{}.").format(texts.gettext(CAUSES[cause]))


def _what_came_of_it(texts: Texts, notice: Notice) -> Iterator[Markup]:
    details = notice.last.details
    if notice.kind is EventKind.ROLE_CHANGED and (role := details.get("role")):
        called = role_name(texts, member_or_none(Role, str(role)))
        yield Markup(texts.gettext("Your role is now: %(role)s.")) % {"role": called}
    if name := details.get("name"):
        yield Markup(texts.gettext("App: %(name)s.")) % {"name": as_is(str(name))}
    if details.get("backups_renewed"):
        yield Markup(texts.gettext("Your recovery codes were replaced."))
    ended = details.get("sessions_ended")
    if isinstance(ended, int) and ended:
        sentence = texts.ngettext("%(count)s other browser was signed out.", "%(count)s other browsers were signed out.", ended)
        yield Markup(sentence) % {"count": number(texts, ended)}


def _what_to_do(texts: Texts, notice: Notice) -> Iterator[Markup]:
    """The advice of the mail, where a new password would be the wrong answer, and the history says no more."""
    if not notice.concerns_password and notice.kind not in _BY_OTHERS:
        yield Markup("{}").format(event_advice(texts, notice.last))


def _by_others(texts: Texts, notice: Notice) -> Iterator[Markup]:
    """Who in the team did it. Names are in the history."""
    if notice.kind in _BY_OTHERS and notice.last.actor == OPERATOR:
        yield Markup(texts.gettext("The operator of this XpressBot did this."))
    elif notice.kind in _BY_OTHERS and notice.last.actor != notice.last.subject:
        yield Markup(texts.gettext("An owner or an admin did this. Your account history says who."))


def shown_count(notice: Notice) -> int:
    """How often it happened, as it is shown beside the title; 1 where the detail says it."""
    return 1 if notice.kind in _COUNTED else notice.count


def _guessing(texts: Texts, notice: Notice) -> Text:
    first, last = notice.first.details.get("first_at"), notice.last.details.get("last_at")
    if not isinstance(first, int) or not isinstance(last, int):
        return ""
    sentence = texts.ngettext(
        "Further tries had to wait %(count)s time between %(first)s and %(last)s.",
        "Further tries had to wait %(count)s times between %(first)s and %(last)s.",
        notice.count,
    )
    sentences = [Markup(sentence) % {"count": number(texts, notice.count), "first": moment(texts, first), "last": moment(texts, last)}]
    alarm_at = PASSWORD.alarm_at
    if alarm_at is not None and (notice.first.details.get("alarm") or notice.last.details.get("alarm")):
        many = texts.ngettext(
            "At least %(count)s wrong password was tried. If this goes on, tell the operator of this XpressBot.",
            "At least %(count)s wrong passwords were tried. If this goes on, tell the operator of this XpressBot.",
            alarm_at,
        )
        sentences.append(Markup(many) % {"count": number(texts, alarm_at)})
    return Markup(" ").join(sentences)


def _stopped(texts: Texts, notice: Notice) -> Text:
    first, last = notice.first.details.get("first_at"), notice.last.details.get("last_at")
    if not isinstance(first, int) or not isinstance(last, int):
        return ""
    sentence = texts.ngettext(
        "Your password was entered at %(last)s, but no right code after it.",
        "Your password was entered %(count)s times between %(first)s and %(last)s, but no right code after it.",
        notice.count,
    )
    sentences = [Markup(sentence) % {"count": number(texts, notice.count), "first": moment(texts, first), "last": moment(texts, last)}]
    if notice.first.details.get("after_waits") or notice.last.details.get("after_waits"):
        sentences.append(Markup(texts.gettext("Wrong passwords were tried before.")))
    return Markup(" ").join(sentences)


_BY_OTHERS: Final = frozenset(
    {
        EventKind.ACCOUNT_DISABLED,
        EventKind.ACCOUNT_ENABLED,
        EventKind.ROLE_CHANGED,
        EventKind.SESSIONS_ENDED_BY_TEAM,
        EventKind.TWO_FACTOR_RESET,
    }
)
"""What owners and admins do to a member, and the operator as well."""
ABOUT_A_MEMBER: Final = frozenset({EventKind.MEMBER_ENROLLED_BY_PASSWORD, EventKind.ASKED_RESET_DONE, EventKind.ASKED_RESET_ENDED})
"""What an owner or admin is told of somebody else."""
_COUNTED: Final[Mapping[EventKind | None, Callable[[Texts, Notice], Text]]] = {
    EventKind.PASSWORD_GUESSING: _guessing,
    EventKind.STOPPED_AT_SECOND_FACTOR: _stopped,
}
"""Kinds with sentences of their own that say how often it happened."""
