"""A request as page handlers see it, and the site they answer from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, assert_never
from urllib.parse import urlencode, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from xpressbot.entrypoints.http.client_address import client_address
from xpressbot.entrypoints.http.cookies import Cookie, Cookies
from xpressbot.entrypoints.http.factor_presentation import FactorPresentation, Factors, PrimaryFactorPresentation, ProofForm
from xpressbot.entrypoints.http.form_subject import FIELD, FormSubject, FormSubjects, Holder
from xpressbot.entrypoints.http.forms import Form
from xpressbot.entrypoints.http.page_paths import Destinations
from xpressbot.entrypoints.http.paths import CODES_PATH, ENROLMENT_PATH, NEW_PASSWORD_PATH, RE_ENROLMENT_PATH, SIGN_IN_PATH
from xpressbot.entrypoints.http.rendering import Renderer
from xpressbot.entrypoints.messages.countdown import countdown
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.redirect_reasons import NO_COOKIE
from xpressbot.entrypoints.messages.refusals import refusal_text, with_tries_left
from xpressbot.entrypoints.messages.session_times import session_times
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.entrypoints.services import Services
from xpressbot.entrypoints.telemetry.sign_in_metrics import SignInMetrics
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.settings import normalised_host
from xpressbot.foundation.times import whole_seconds_until
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.two_factor_policy import enrolment_due_at
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.links.charges import LinkThrottleRefusal
from xpressbot.identity.outcomes import Denied, EnrolmentRequired, NewPasswordRequired, SessionRenewed, SignedIn
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.sessions.caller import Caller, Client
from xpressbot.identity.sign_in.new_password_step import Subscriber
from xpressbot.identity.sign_in.re_enrolment import Enrollee
from xpressbot.identity.sign_in.refusals import PendingRefusal, SignInRefusal
from xpressbot.identity.sign_in.second_step import Claimant, NothingPending
from xpressbot.identity.throttling.charges import ThrottleRefusal
from xpressbot.identity.use_cases import Identity

_MAX_USER_AGENT = 256
ShownRefusal = PasswordRefusal | SignInRefusal | ThrottleRefusal | LinkThrottleRefusal
"""What is said on the page whose form was refused, whichever kind of factor it asks for."""


@dataclass(frozen=True, slots=True)
class Site:
    """What all pages share."""

    services: Services
    renderer: Renderer
    cookies: Cookies
    destinations: Destinations
    """The paths that `next` may name."""
    form_subjects: FormSubjects
    factors: Factors


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One request. Handlers run on a pool's thread, and answer with a response.

    caller: the signed-in person, and back: the page to come back to, where the page is for signed-in people.
    """

    site: Site
    starlette: Request
    form: Form
    tokens: Mapping[Cookie, Token]
    client: Client
    caller: Caller | None = None
    back: str = ""

    @classmethod
    def of(cls, site: Site, request: Request, form: Form) -> "PageRequest":
        """Read who asks from a request."""
        tokens = site.cookies.read(request)
        client = Client(
            address=client_address(request, site.services.settings.trusted_proxies),
            user_agent=request.headers.get("user-agent", "")[:_MAX_USER_AGENT],
            session=tokens.get(Cookie.SESSION),
            device=tokens.get(Cookie.DEVICE),
            sign_in=tokens.get(Cookie.SIGN_IN),
            language=site.renderer.texts_for(request).tag,
        )
        return cls(site, request, form, tokens, client)

    @property
    def texts(self) -> Texts:
        """The language to answer in."""
        return self.site.renderer.texts_for(self.starlette)

    def within(self, caller: Caller, back: str) -> "PageRequest":
        """The same request, of a signed-in person. Its pages say until when they stay so, and from when they need 2FA."""
        return replace(self, caller=caller, back=back)

    @property
    def identity(self) -> Identity:
        """The use cases."""
        return self.site.services.identity

    def new_form_id(self) -> str:
        """For a form that makes something: sent twice, it is known by it."""
        return System(self.site.services.clock, self.site.services.entropy).new_id()

    @property
    def running_bots(self) -> int:
        """How many bots answer people just now: pages about 2FA say that these go on."""
        return self.site.services.chat.overview.running_bots()

    @property
    def metrics(self) -> SignInMetrics:
        """Where outcomes of proofs are counted."""
        return self.site.services.telemetry.sign_ins

    @property
    def factors(self) -> Factors:
        """The kinds of factors as people meet them."""
        return self.site.factors

    @property
    def proof_form(self) -> ProofForm:
        """What was sent, for a kind of factor to find its proof in."""
        return ProofForm(self.form, self.texts, self.site.renderer.switch.languages)

    @property
    def chosen_kind(self) -> PrimaryFactorPresentation:
        """The kind of authenticator that a form asks to set up; the preferred one where it names none. One that there is not is 422."""
        if not self.form["kind"]:
            return self.factors.primary[0]
        chosen = self.factors.find_primary(self.form["kind"])
        if chosen is None:
            raise HTTPException(422)
        return chosen

    def query(self, name: str) -> str:
        """A parameter of the address; empty when it has none of this name."""
        return self.starlette.query_params.get(name, "")

    def with_reason(self, path: str) -> str:
        """Another page's address, with the reason for which the person was sent to this one."""
        return f"{path}?{urlencode({'reason': reason})}" if (reason := self.query("reason")) else path

    def id_in_path(self, name: str) -> str:
        """The id of the row that the page is about."""
        found: str = self.starlette.path_params[name]
        return found

    def now(self) -> int:
        """The time, for words about it."""
        return self.site.services.clock.now()

    def safe_next(self, text: str) -> str:
        """The place to go on to: exactly one of our own GET pages, else home (ASVS 3.7.2)."""
        return text if text in self.site.destinations else "/"

    @property
    def comes_from_sign_in(self) -> bool:
        """Whether the person was on one of our sign-in pages just before, as far as the browser tells."""
        try:
            came_from = urlsplit(self.starlette.headers.get("referer", ""))
        except ValueError:
            return False
        is_ours = normalised_host(came_from.netloc, https=self.site.services.settings.https) in self.site.services.settings.allowed_hosts
        return is_ours and (came_from.path == SIGN_IN_PATH or came_from.path.startswith(f"{SIGN_IN_PATH}/"))

    def to_sign_in(self, next_path: str | None = None) -> Response:
        """Send a person who is not signed in to where they can do it; one who has just tried is told that cookies are needed."""
        told = [*([f"next={next_path}"] if next_path else []), *([f"reason={NO_COOKIE}"] if self.comes_from_sign_in else [])]
        return redirect("?".join(filter(None, (SIGN_IN_PATH, "&".join(told)))))

    def cookie(self, cookie: Cookie) -> Token | None:
        """The token in a cookie."""
        return self.tokens.get(cookie)

    def claimant(self) -> Claimant | Denied[NothingPending]:
        """The person in this browser whom a second factor would sign in, if there is one."""
        return self.identity.second_step.claimant(self.cookie(Cookie.SIGN_IN), self.client)

    def subscriber(self) -> Subscriber | Denied[SignInRefusal | PendingRefusal]:
        """The person in this browser who has to set a new password before there is a session, if there is one."""
        return self.identity.new_password_step.subscriber(self.cookie(Cookie.SIGN_IN), self.client)

    def enrollee(self) -> Enrollee | Denied[SignInRefusal | PendingRefusal]:
        """The person who has to set up 2FA in this browser before there is a session, if there is one."""
        return self.identity.re_enrolment.enrollee(self.cookie(Cookie.SIGN_IN), self.cookie(Cookie.LINK), self.client)

    def page(
        self, template: str, account: Account | None, *, status: int = 200, shown_to: FormSubject | None = None, **context: Any
    ) -> HTMLResponse:
        """Answer with a page. shown_to: whom its forms act for, where that is not the signed-in account."""
        subject = FormSubject.signed_in(account) if account is not None else shown_to
        if subject is not None:
            context["form_for"] = self.site.form_subjects.value(subject)
        if account is not None and self.caller is not None:
            context |= {"session": session_times(self.texts, self.caller.session, self.now()), "came_from": self.back}
            context["countdown"] = countdown(self.texts, enrolment_due_at(account, self.caller.policy, self.now()), self.now())
        return self.site.renderer.page(self.starlette, template, account, status=status, **context)

    def refuse_form_of_another(self, subject: FormSubject, account: Account | None, back: str) -> Response | None:
        """409 for a form that was shown to another person than is there now, before anything is charged; None for any other request.

        back: the page on which the one who is there can go on. Raises HTTPException 422 for a form that does not say whom it was
        shown to.
        """
        if self.starlette.method != "POST":
            return None
        shown_to = self.site.form_subjects.other_than(subject, self.form[FIELD])
        if shown_to is None:
            return None
        context = {
            "opened_as": shown_to,
            "address": subject.address,
            "signing_in": subject.holder is Holder.PENDING_SIGN_IN,
            "back": back,
        }
        return self.page("other_subject.html", account, status=409, shown_to=subject, **context)

    def refused(self, template: str, account: Account | None, denied: Denied[ShownRefusal], **context: Any) -> HTMLResponse:
        """Answer with the page again and why: 429 while waiting helps, else 401."""
        wait = whole_seconds_until(denied.retry_at, self.now()) if _ends_by_waiting(denied.reason) and denied.retry_at is not None else None
        response = self.page(
            template,
            account,
            status=401 if wait is None else 429,
            message=refusal_text(self.texts, denied),
            retry_after=wait,
            **context,
        )
        if wait is not None:
            response.headers["Retry-After"] = str(wait)
        return response

    def throttled(self, template: str, account: Account | None, denied: Denied[ThrottleRefusal], **context: Any) -> HTMLResponse:
        """The same for a form that came too often, which is counted."""
        self.metrics.throttled(denied)
        return self.refused(template, account, denied, **context)

    def proof_refused(
        self, template: str, account: Account | None, factor: FactorPresentation, denied: Denied[ProofRefusal], **context: Any
    ) -> HTMLResponse:
        """Answer 401 with the page again, and why in the words of the kind whose proof it was."""
        why = factor.refusal(self.texts, denied, self.now())
        return self.page(template, account, status=401, message=with_tries_left(self.texts, why, denied), **context)

    def invalid(self, template: str, account: Account | None, errors: dict[str, Text], **context: Any) -> HTMLResponse:
        """Answer 422 with the page again and a message beside each field."""
        return self.page(template, account, status=422, errors=errors, **context)

    def signed_in(self, outcome: SignedIn, path: str | None = None) -> Response:
        """Give the browser its session and send it to where it was going, or to `path`."""
        response = redirect(path or (CODES_PATH if outcome.shows_codes else outcome.next_path))
        self.site.cookies.set(response, Cookie.SESSION, outcome.session)
        self.site.cookies.set(response, Cookie.DEVICE, outcome.device)
        self.site.cookies.clear(response, Cookie.SIGN_IN)
        return response

    def to_new_password(self, outcome: NewPasswordRequired) -> Response:
        """Give the browser its pending sign-in, and send it to the page for a new password."""
        response = redirect(NEW_PASSWORD_PATH)
        self.site.cookies.set(response, Cookie.SIGN_IN, outcome.pending)
        return response

    def to_enrolment(self, outcome: EnrolmentRequired) -> Response:
        """Give the browser its pending sign-in, and send it to the page where 2FA is set up before there is a session."""
        response = redirect(ENROLMENT_PATH if outcome.by_policy else RE_ENROLMENT_PATH)
        self.site.cookies.set(response, Cookie.SIGN_IN, outcome.pending)
        return response

    def renewed(self, outcome: SessionRenewed, path: str) -> Response:
        """Give the browser its session's new token and go on."""
        response = redirect(path)
        self.site.cookies.set(response, Cookie.SESSION, outcome.session)
        return response


def _ends_by_waiting(reason: ShownRefusal) -> bool:
    match reason:
        case ThrottleRefusal.THROTTLED | ThrottleRefusal.ADDRESS_THROTTLED | LinkThrottleRefusal.LINK_THROTTLED:
            return True
        case ThrottleRefusal.SUSPENDED | PasswordRefusal.WRONG_CREDENTIALS | SignInRefusal.START_AGAIN:
            return False
        case unknown:
            assert_never(unknown)


def redirect(path: str) -> RedirectResponse:
    """303: the browser asks for `path` with GET."""
    return RedirectResponse(path, status_code=303)
