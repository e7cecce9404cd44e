"""The set-up page of an authenticator: what its kind shows, and the field for the first proof. The same with a session and before it."""

from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from xpressbot.entrypoints.http.factor_presentation import PrimaryFactorPresentation
from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.foundation.installation_name import InstallationName
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.factors.enrolment_steps import OpenEnrolment
from xpressbot.identity.factors.kind import Proof, ProofRefusal
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.sessions.caller import Caller

SETUP_PATH: Final = "/account/2fa/setup"


@dataclass(frozen=True, slots=True)
class SetUpForm:
    """The page, for the person whose enrolment it is. caller is None before there is a session."""

    request: PageRequest
    caller: Caller | None
    subject: FormSubject
    enrolment: OpenEnrolment

    def show(self) -> Response:
        """Show what the authenticator needs."""
        return self.request.page(self._factor.set_up_template, self._account, **self._context)

    def parse(self) -> Proof | None:
        """The first proof, if the form has one by its shape."""
        return self._factor.parse(self.request.proof_form)

    def invalid(self) -> Response:
        """Say what is wrong with the shape."""
        errors = self._factor.problem(self.request.proof_form)
        return self.request.invalid(self._factor.set_up_template, self._account, errors, **self._context)

    def refused(self, denied: Denied[ProofRefusal]) -> Response:
        """Say why the proof was refused. The page still shows as many tries as there were before it."""
        return self.request.proof_refused(self._factor.set_up_template, self._account, self._factor, denied, **self._context)

    @property
    def _account(self) -> Account | None:
        return None if self.caller is None else self.caller.account

    @property
    def _factor(self) -> PrimaryFactorPresentation:
        factor = self.request.factors.find_primary(self.enrolment.kind)
        if factor is None:
            raise LookupError(f"no page sets up {self.enrolment.kind}")
        return factor

    @property
    def _context(self) -> dict[str, Any]:
        request, enrolment = self.request, self.enrolment
        issuer = InstallationName.of(request.site.services.settings).issuer
        return {
            "email": self.subject.address,
            "shown_to": self.subject,
            "expires_at": enrolment.expires_at,
            "tries_left": enrolment.tries_left,
            "moving": enrolment.moving,
            "adding": enrolment.adding,
            "app_name": enrolment.name,
            "renews_codes": enrolment.renews_backups,
            "recovering": self.caller is not None and self.caller.session.may_repair(request.now()),
            "other_sessions": enrolment.other_sessions,
            "running_bots": request.running_bots,
            **self._factor.set_up_context(request.texts, issuer, self.subject.address, enrolment),
        }
