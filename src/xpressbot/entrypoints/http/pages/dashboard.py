"""The dashboard: protection, notices, bots, recent activity; for the owner first steps, and what is wrong with the installation."""

import re
from typing import Any, Final

from markupsafe import Markup, escape
from starlette.responses import Response

from xpressbot.diagnostics.background_check import CheckResult
from xpressbot.diagnostics.check import Finding, Severity
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import HOME_PATH
from xpressbot.entrypoints.http.routing import Page, SignedInOutcome, SignedInPage
from xpressbot.entrypoints.messages.email_addresses import listed_address
from xpressbot.entrypoints.messages.event_words import event_title, where
from xpressbot.entrypoints.messages.findings.advice import Advice, advice
from xpressbot.entrypoints.messages.first_scripts import ready_choices
from xpressbot.entrypoints.messages.formatting import as_is
from xpressbot.entrypoints.messages.mail_failures import text_of_test_mail
from xpressbot.entrypoints.messages.notice_details import notice_detail, shown_count
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.roles import permits
from xpressbot.identity.accounts.rules.two_factor_policy import is_reminded
from xpressbot.identity.administration.doctor_checks import ENCRYPTED_SECRETS_CHECK
from xpressbot.identity.audit.rules.event import SecurityEvent
from xpressbot.identity.audit.rules.notice import Notice, Shown
from xpressbot.identity.outcomes import Done
from xpressbot.identity.sessions.caller import Caller

_SHOWN: Final = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")


def show_dashboard(request: PageRequest, caller: Caller) -> Response:
    """The first page after signing in."""
    dashboard = request.identity.account_page.dashboard(caller)
    chat = request.site.services.chat.overview.look()
    makes_first_bot = chat.bots == 0 and permits(caller.account.role, Action.CHANGE_BOTS)
    without_mail = not request.site.services.settings.smtp_url
    return request.page(
        "dashboard.html",
        caller.account,
        chat=chat,
        ready=ready_choices(request.texts) if makes_first_bot else (),
        form_id=request.new_form_id(),
        protected=dashboard.protection.on,
        codes_left=dashboard.protection.codes_left,
        codes_are_few=dashboard.protection.codes_are_few,
        recovery_session=dashboard.protection.recovery_session,
        notices=[_notice(request.texts, notice) for notice in dashboard.notices],
        password_in_doubt=any(notice.concerns_password for notice in dashboard.notices),
        more_notices=dashboard.more_notices,
        notices_shown=" ".join(f"{shown.first_seq}-{shown.last_seq}" for shown in (notice.as_shown for notice in dashboard.notices)),
        read=[_notice(request.texts, notice) for notice in dashboard.read],
        first_steps={step.value for step in request.identity.first_steps.left(caller)},
        activity=[_entry(request.texts, event) for event in dashboard.activity],
        installation=_installation(request.texts, request.site.services.background_check.last()) if dashboard.owner else None,
        reminded=is_reminded(caller.account, caller.policy, request.now()),
        unconfirmed_addresses=dashboard.unconfirmed_addresses,
        without_mail=without_mail,
        test_mail=_test_mail(request, caller) if dashboard.owner and not without_mail else None,
    )


def acknowledge_notices(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """The person has read the notices that the page named."""
    shown = [Shown(int(one[1]), int(one[2])) for word in request.form["shown"].split() if (one := _SHOWN.fullmatch(word))]
    outcome = request.identity.account_page.acknowledge(caller, shown) if shown else Done()
    return redirect(HOME_PATH) if isinstance(outcome, Done) else outcome


def put_off_reminder(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Show no reminder of 2FA for a while."""
    outcome = request.identity.reminder.put_off(caller)
    return redirect(HOME_PATH) if isinstance(outcome, Done) else outcome


def send_test_mail(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Let a test mail to the owner wait; the dashboard says what becomes of it. For all others there is nothing at this address."""
    outcome = request.identity.owner_test_mail.ask(caller)
    return redirect(HOME_PATH) if isinstance(outcome, Done) else outcome


def hide_first_steps(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Put away the list of first steps, for all owners and for good."""
    outcome = request.identity.first_steps.hide(caller)
    return redirect(HOME_PATH) if isinstance(outcome, Done) else outcome


def _test_mail(request: PageRequest, caller: Caller) -> str | None:
    status = request.identity.owner_test_mail.status(caller)
    return None if status is None else text_of_test_mail(request.texts, caller.account.email, status)


def _entry(texts: Texts, event: SecurityEvent) -> dict[str, Any]:
    browser, address = where(texts, event)
    return {"title": event_title(texts, event.kind), "at": event.at, "browser": browser, "address": address}


def _notice(texts: Texts, notice: Notice) -> dict[str, Any]:
    """One line, with place and time of the newest of its events."""
    return _entry(texts, notice.last) | {
        "title": event_title(texts, notice.kind),
        "detail": notice_detail(texts, notice),
        "count": shown_count(notice),
        "several_places": notice.several_places,
    }


def _installation(texts: Texts, result: CheckResult | None) -> dict[str, Any]:
    """What calls for the owner, errors first, and how much was looked at; `at` is None before the first result is there."""
    if result is None:
        return {"at": None}
    secrets = next((finding.facts for finding in result.findings if finding.check == ENCRYPTED_SECRETS_CHECK), {})
    calling = [finding for finding in result.findings if finding.severity in {Severity.WARNING, Severity.ERROR}]
    calling.sort(key=lambda finding: finding.severity is not Severity.ERROR)
    return {
        "at": result.at,
        "tried": secrets.get("tried"),
        "stored": secrets.get("stored"),
        "findings": [_finding(texts, finding) for finding in calling],
    }


def _finding(texts: Texts, finding: Finding) -> dict[str, Any]:
    said = advice(texts, finding)
    return {"advice": said, "what": _what(finding, said), "error": finding.severity is Severity.ERROR}


def _what(finding: Finding, said: Advice) -> Markup:
    """What a finding says, with the addresses in it as they are."""
    accounts = finding.facts.get("accounts", ())
    addresses = sorted((listed_address(account["email"]) for account in accounts), key=len, reverse=True)
    if not addresses:
        return escape(said.what)
    parts = re.split(f"({'|'.join(map(re.escape, addresses))})", said.what)
    return Markup().join(as_is(part) if number % 2 else escape(part) for number, part in enumerate(parts))


PAGES: Final[list[Page]] = [
    SignedInPage("GET", HOME_PATH, Action.VIEW_ACCOUNT, show_dashboard),
    SignedInPage("POST", "/notices/seen", Action.ACKNOWLEDGE_NOTICES, acknowledge_notices, returns_to=HOME_PATH),
    SignedInPage("POST", "/first-steps/hide", Action.HIDE_FIRST_STEPS, hide_first_steps, returns_to=HOME_PATH),
    SignedInPage("POST", "/account/2fa/reminder", Action.PUT_OFF_REMINDER, put_off_reminder, returns_to=HOME_PATH),
    SignedInPage("POST", "/mail/test", Action.SEND_TEST_MAIL, send_test_mail, returns_to=HOME_PATH),
]
