"""What the sender of mails is given: the words of each kind of mail, and a task of its own, so that a slow server keeps nobody waiting."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

import structlog

from xpressbot.entrypoints.messages.email_mails import email_changed_mail, email_mail
from xpressbot.entrypoints.messages.languages import Languages
from xpressbot.entrypoints.messages.mails import Words, notice_mail
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.database.engine import UNAVAILABLE
from xpressbot.foundation.database.errors import fault_of
from xpressbot.foundation.mail.delivery import Prepare, Prepared, UnknownKindError
from xpressbot.foundation.mail.message import Letter
from xpressbot.foundation.mail.outbox import ClaimedMail
from xpressbot.identity.accounts.rules.address import ascii_form
from xpressbot.identity.audit.notice_mails import NOTICE_MAIL, NoticeMails
from xpressbot.identity.profile.email_change import EMAIL_MAIL
from xpressbot.identity.profile.email_confirmation import EMAIL_CHANGED_MAIL
from xpressbot.identity.profile.email_mails import EmailLinkMail, EmailMails

POLL_SECONDS: Final = 5
"""How long a mail waits for the sender at most, where nothing is wrong. A poll is one statement, which reads one row of an index."""
_LOG = structlog.get_logger("xpressbot.mail")


def preparing(notices: NoticeMails, emails: EmailMails, public_url: str, languages: Callable[[], Languages]) -> Prepare:
    """What makes the words of every kind of mail, in the language that its account has chosen. languages: gives those that there are."""
    by_kind = {
        NOTICE_MAIL: partial(_notice, notices, public_url, languages),
        EMAIL_MAIL: partial(_with_link, emails.confirmation, email_mail, public_url, languages),
        EMAIL_CHANGED_MAIL: partial(_with_link, emails.stop, email_changed_mail, public_url, languages),
    }

    def prepare(mail: ClaimedMail) -> Prepared | None:
        if mail.kind not in by_kind:
            raise UnknownKindError(mail.kind)
        return by_kind[mail.kind](mail)

    return prepare


async def send_mails(services: Services) -> None:
    """Send what is due, round after round, until it is cancelled. A round that runs is waited for: `services.mail.stop` shortens it."""
    while True:
        try:
            await services.pools.mail.run(services.mail.next_round)
        except UNAVAILABLE as error:
            _LOG.warning("mail.round_postponed", error=type(error).__name__, reason=fault_of(error))
        except Exception:  # noqa: BLE001  # whatever it is, the next round must come
            _LOG.exception("mail.round_failed")
        await asyncio.sleep(POLL_SECONDS)


def _notice(notices: NoticeMails, public_url: str, languages: Callable[[], Languages], mail: ClaimedMail) -> Prepared | None:
    told = notices.find(mail)
    if told is None:
        return None
    texts, address = languages().of_choice(told.account.language), told.account.email
    words = notice_mail(texts, told.notice, address, public_url)
    letter = Letter(ascii_form(address), words.subject, words.text, texts.tag)
    return Prepared(letter, lambda tx, now: notices.taken(tx, told, now))


def _with_link(
    find: Callable[[ClaimedMail], EmailLinkMail | None],
    words_of: Callable[[Texts, EmailLinkMail, str], Words],
    public_url: str,
    languages: Callable[[], Languages],
    mail: ClaimedMail,
) -> Prepared | None:
    told = find(mail)
    if told is None:
        return None
    texts = languages().of_choice(told.language)
    words = words_of(texts, told, public_url)
    return Prepared(Letter(ascii_form(told.email), words.subject, words.text, texts.tag), lambda _tx, _now: None)
