"""What the sender of mails is given: the words of each kind of mail, and a task of its own, so that a slow server keeps nobody waiting."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import structlog

from xpressbot.entrypoints.messages.email_mails import email_changed_mail, email_mail
from xpressbot.entrypoints.messages.languages import Languages
from xpressbot.entrypoints.messages.mails import (
    Addressee,
    Words,
    enrolment_mail,
    mail_for_test,
    notice_mail,
    password_mail,
    reset_waits_mail,
)
from xpressbot.entrypoints.messages.team_mails import invitation_mail, reminder_mail
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.database.engine import UNAVAILABLE
from xpressbot.foundation.database.errors import fault_of
from xpressbot.foundation.database.transaction import Writing
from xpressbot.foundation.mail.claims import ClaimedMail
from xpressbot.foundation.mail.delivery import MAILS_IN_A_ROUND
from xpressbot.foundation.mail.message import Letter
from xpressbot.foundation.mail.prepared import NotBefore, Prepare, Prepared, UnknownKindError
from xpressbot.identity.accounts.rules.address import ascii_form
from xpressbot.identity.administration.owner_test_mail import TEST_MAIL
from xpressbot.identity.audit.notice_mails import NOTICE_MAIL
from xpressbot.identity.passwords.forgotten import PASSWORD_MAIL, PasswordMail
from xpressbot.identity.profile.email_change import EMAIL_MAIL
from xpressbot.identity.profile.email_confirmation import EMAIL_CHANGED_MAIL
from xpressbot.identity.profile.email_mails import EmailLinkMail, EmailMails
from xpressbot.identity.sign_in.enrolment_mails import ENROLMENT_MAIL, EnrolmentMail
from xpressbot.identity.team.invitations import INVITATION_MAIL
from xpressbot.identity.team.reminders import REMINDER_MAIL
from xpressbot.identity.team.reset_requests import RESET_WAITS_MAIL
from xpressbot.identity.use_cases import Identity

POLL_SECONDS: Final = 5
"""How long a mail waits for the sender at most, where nothing is wrong. A poll is one statement, which reads one row of an index."""
REST_SECONDS: Final = 0.1
"""Between two rounds that follow each other. A full round of mails that are files takes about as long, so pages have half of the time."""
_LOG = structlog.get_logger("xpressbot.mail")


def preparing(identity: Identity, public_url: str, languages: Callable[[], Languages]) -> Prepare:
    """What makes the words of every kind of mail, in the language that its account has chosen. languages: gives those that there are."""
    emails = identity.email_mails
    by_kind: Mapping[str, Prepare] = {
        NOTICE_MAIL: partial(_notice, identity, public_url, languages),
        TEST_MAIL: partial(_test, identity, public_url, languages),
        RESET_WAITS_MAIL: partial(_reset_waits, identity, public_url, languages),
        PASSWORD_MAIL: partial(_password, identity, public_url, languages),
        INVITATION_MAIL: partial(_invitation, identity, public_url, languages),
        REMINDER_MAIL: partial(_reminder, identity, public_url, languages),
        ENROLMENT_MAIL: partial(_enrolment, identity, public_url, languages),
        EMAIL_MAIL: partial(_about_address, emails, emails.confirmation, emails.store_confirmation, email_mail, public_url, languages),
        EMAIL_CHANGED_MAIL: partial(_about_address, emails, emails.stop, emails.store_stop, email_changed_mail, public_url, languages),
    }

    def prepare(mail: ClaimedMail) -> Prepared | NotBefore | None:
        if mail.kind not in by_kind:
            raise UnknownKindError(mail.kind)
        return by_kind[mail.kind](mail)

    return prepare


async def send_mails(services: Services) -> None:
    """Send what is due, round after round, until it is cancelled. A round that runs is waited for: `services.mail.stop` shortens it."""
    while True:
        tried = 0
        try:
            tried = await services.pools.mail.run(services.mail.next_round)
        except UNAVAILABLE as error:
            _LOG.warning("mail.round_postponed", error=type(error).__name__, reason=fault_of(error))
        except Exception:  # noqa: BLE001  # whatever it is, the next round must come
            _LOG.exception("mail.round_failed")
        await asyncio.sleep(seconds_until_next_round(tried))


def seconds_until_next_round(tried: int) -> float:
    """How long the sender waits after a round of so many mails. After a full one more may be due."""
    return POLL_SECONDS if tried < MAILS_IN_A_ROUND else REST_SECONDS


def _notice(identity: Identity, public_url: str, languages: Callable[[], Languages], mail: ClaimedMail) -> Prepared | None:
    notices, not_me, resets = identity.notice_mails, identity.this_wasnt_me, identity.reset_mails
    told = notices.find(mail)
    if told is None:
        return None
    account, texts = told.account, languages().of_choice(told.account.language_of_mails)
    token = not_me.new_token() if told.has_link else None
    addressee = Addressee(told.recipient.email, public_url)
    stop = resets.stop_link(told)
    words = notice_mail(texts, told.notice, addressee, token, lacks_link=told.lacks_link, reset_stop=None if stop is None else stop.token)

    def stored(tx: Writing, now: int) -> bool | NotBefore:
        if stop is not None and (is_open := resets.store(tx, stop, now)) is not True:
            return is_open
        is_wanted = token is None or not_me.store_link(tx, account.id, token, now)
        return is_wanted and notices.store(tx, told, now)

    def taken(tx: Writing, now: int) -> int | None:
        if stop is not None:
            resets.taken(tx, stop, now)
        return notices.taken(tx, told, now)

    def failed(tx: Writing) -> None:
        if token is not None:
            not_me.remove_link(tx, account.id, token)
        if stop is not None:
            resets.remove_link(tx, stop)

    return Prepared(_letter(texts, told.recipient.email, words), stored, taken, failed)


def _password(identity: Identity, public_url: str, languages: Callable[[], Languages], mail: ClaimedMail) -> Prepared | NotBefore | None:
    asked = identity.forgotten.find(mail)
    if not isinstance(asked, PasswordMail):
        return asked
    texts = languages().of_choice(asked.account.language_of_mails)
    words = password_mail(texts, Addressee(asked.account.email, public_url), asked.token)
    return Prepared(
        _letter(texts, asked.account.email, words),
        stored=lambda tx, now: identity.forgotten.store_link(tx, asked, now),
        failed=lambda tx: identity.forgotten.remove_link(tx, asked),
    )


def _enrolment(identity: Identity, public_url: str, languages: Callable[[], Languages], mail: ClaimedMail) -> Prepared | NotBefore | None:
    wanted = identity.enrolment_mails.find(mail)
    if not isinstance(wanted, EnrolmentMail):
        return wanted
    texts = languages().of_choice(wanted.language)
    words = enrolment_mail(texts, Addressee(wanted.account.email, public_url), wanted.token)
    return Prepared(
        _letter(texts, wanted.email, words),
        stored=lambda tx, now: identity.enrolment_mails.store_link(tx, wanted, now),
        failed=lambda tx: identity.enrolment_mails.remove_link(tx, wanted),
    )


def _about_address(
    emails: EmailMails,
    find: Callable[[ClaimedMail], EmailLinkMail | None],
    store: Callable[[Writing, EmailLinkMail, int], bool],
    words_of: Callable[[Texts, EmailLinkMail, str], Words],
    public_url: str,
    languages: Callable[[], Languages],
    mail: ClaimedMail,
) -> Prepared | None:
    told = find(mail)
    if told is None:
        return None
    texts = languages().of_choice(told.language)
    return Prepared(
        _letter(texts, told.email, words_of(texts, told, public_url)),
        stored=lambda tx, now: store(tx, told, now),
        failed=lambda tx: emails.remove_link(tx, told),
    )


def _test(identity: Identity, public_url: str, languages: Callable[[], Languages], mail: ClaimedMail) -> Prepared | None:
    account = identity.owner_test_mail.find(mail)
    if account is None:
        return None
    texts = languages().of_choice(account.language_of_mails)
    return Prepared(_letter(texts, account.email, mail_for_test(texts, public_url)))


def _reset_waits(identity: Identity, public_url: str, languages: Callable[[], Languages], mail: ClaimedMail) -> Prepared | None:
    account = identity.reset_mails.waits(mail)
    if account is None:
        return None
    texts = languages().of_choice(account.language_of_mails)
    return Prepared(_letter(texts, account.email, reset_waits_mail(texts, public_url)))


def _invitation(identity: Identity, public_url: str, languages: Callable[[], Languages], mail: ClaimedMail) -> Prepared | None:
    told = identity.invitation_mails.find(mail)
    if told is None:
        return None
    texts = languages().of_choice(told.language)
    return Prepared(
        _letter(texts, told.invitation.email, invitation_mail(texts, told, public_url)),
        stored=lambda tx, now: identity.invitation_mails.store_link(tx, told, now),
        failed=lambda tx: identity.invitation_mails.remove_link(tx, told),
    )


def _reminder(identity: Identity, public_url: str, languages: Callable[[], Languages], mail: ClaimedMail) -> Prepared | None:
    account = identity.reminders.find(mail)
    if account is None:
        return None
    texts = languages().of_choice(account.language_of_mails)
    return Prepared(_letter(texts, account.email, reminder_mail(texts, Addressee(account.email, public_url))))


def _letter(texts: Texts, to: str, words: Words) -> Letter:
    return Letter(ascii_form(to), words.subject, words.text, texts.tag)
