"""What the dashboard says of a notice besides its title."""

from collections.abc import Callable, Mapping
from typing import Final

from markupsafe import Markup

from xpressbot.entrypoints.messages.formatting import Text, as_is, moment, number
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.audit.rules.notice import Notice
from xpressbot.identity.throttling.rules import PASSWORD


def notice_detail(texts: Texts, notice: Notice) -> Text:
    """What more there is to say about a notice; empty when its title says all.

    Details may be missing: they can be erased, and a newer version may have written others.
    """
    if notice.kind in _COUNTED:
        return _COUNTED[notice.kind](texts, notice)
    if notice.kind is EventKind.PASSWORD_EXPOSED:
        return texts.gettext("Unless you have replaced your password since then, do it now: your next sign-in asks for it.")
    details, sentences = notice.last.details, []
    if notice.kind is EventKind.MEMBER_ENROLLED_BY_PASSWORD and (email := details.get("email")):
        sentences.append(Markup(texts.gettext("Member: %(email)s.")) % {"email": as_is(str(email))})
    if isinstance(until := details.get("until"), int):
        sentences.append(Markup(texts.gettext("Until %(time)s.")) % {"time": moment(texts, until)})
    if notice.kind in {EventKind.TWO_FACTOR_RESET, EventKind.EXEMPTED} and (reason := details.get("reason")):
        sentences.append(Markup(texts.gettext("Reason given: %(reason)s.")) % {"reason": reason})
    if name := details.get("name"):
        sentences.append(Markup(texts.gettext("App: %(name)s.")) % {"name": as_is(str(name))})
    if details.get("backups_renewed"):
        sentences.append(Markup(texts.gettext("Your recovery codes were replaced.")))
    ended = details.get("sessions_ended")
    if isinstance(ended, int) and ended:
        sentence = texts.ngettext("%(count)s other browser was signed out.", "%(count)s other browsers were signed out.", ended)
        sentences.append(Markup(sentence) % {"count": number(texts, ended)})
    return Markup(" ").join(sentences)


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


_COUNTED: Final[Mapping[EventKind | None, Callable[[Texts, Notice], Text]]] = {
    EventKind.PASSWORD_GUESSING: _guessing,
    EventKind.STOPPED_AT_SECOND_FACTOR: _stopped,
}
"""Kinds with sentences of their own that say how often it happened."""
