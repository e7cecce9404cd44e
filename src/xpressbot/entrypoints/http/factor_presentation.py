"""What a kind of factor shows and takes on the pages that all kinds share: the web side of identity/factors/kind.py."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from xpressbot.entrypoints.http.forms import Form
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.languages import Languages
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.identity.factors.enrolment_steps import OpenEnrolment
from xpressbot.identity.factors.kind import Proof, ProofRefusal
from xpressbot.identity.outcomes import Denied


@dataclass(frozen=True, slots=True)
class ProofForm:
    """What a person has sent to prove a factor. languages: those that a line copied from a page or file may be in."""

    form: Form
    texts: Texts
    languages: Languages


class FactorPresentation(ABC):
    """One kind of factor as people meet it. The texts are keys for gettext.

    kind: the kind's name. label: what one is called that has no name.
    template_package: the package whose folder `templates` has its templates.
    sign_in_path, sign_in_template: the page that takes its proof as the second step of a sign-in.
    sign_in_link: what the pages of other kinds call the way to that page.
    proven_by: what it is proven with, as one of a list of such words.
    misplaced: what to say of its proof in the form of another kind.
    step_up_fields: the template of its fields on the page that asks for a proof in a session.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    template_package: ClassVar[str]
    sign_in_path: ClassVar[str]
    sign_in_template: ClassVar[str]
    sign_in_link: ClassVar[str]
    proven_by: ClassVar[str]
    misplaced: ClassVar[str]
    step_up_fields: ClassVar[str]

    @abstractmethod
    def parse(self, sent: ProofForm) -> Proof | None:
        """The proof in a form, by its shape; None if there is none. A form without one is no try, and is charged nowhere."""

    @abstractmethod
    def problem(self, sent: ProofForm) -> dict[str, Text]:
        """What is wrong with the shape, by field."""

    @abstractmethod
    def refusal(self, texts: Texts, denied: Denied[ProofRefusal], now: int) -> Text:
        """Why its proof was refused, and what to do. How many tries are left, the page adds."""

    def challenge_context(self, challenge: object) -> dict[str, Any]:
        """What its templates are told of a challenge."""
        del challenge
        return {}


class PrimaryFactorPresentation(FactorPresentation):
    """A kind that turns 2FA on.

    set_up_template: extends set_up.html by the steps of this kind.
    set_up_choice: what offers to set one up, where there are several kinds.
    """

    set_up_template: ClassVar[str]
    set_up_choice: ClassVar[str]

    @abstractmethod
    def set_up_context(self, texts: Texts, issuer: str, address: str, enrolment: OpenEnrolment) -> dict[str, Any]:
        """What the set-up page shows of a pending authenticator. issuer: what the installation is called; address: whose account."""


@dataclass(frozen=True, slots=True)
class Factors:
    """All kinds of factors as people meet them, primary ones in the order of preference."""

    primary: Sequence[PrimaryFactorPresentation]
    backup: Sequence[FactorPresentation]

    def __iter__(self) -> Iterator[FactorPresentation]:
        yield from self.primary
        yield from self.backup

    @property
    def template_packages(self) -> Sequence[str]:
        """Where templates are looked for, besides those of this package."""
        return [factor.template_package for factor in self]

    def find_primary(self, kind: str) -> PrimaryFactorPresentation | None:
        """The primary kind of this name."""
        return next((factor for factor in self.primary if factor.kind == kind), None)

    def offered(self, kinds: Sequence[str]) -> Sequence[FactorPresentation]:
        """Those of these kinds that there are, in the order of preference."""
        return [factor for factor in self if factor.kind in kinds]

    def misplaced(self, sent: ProofForm, at: FactorPresentation) -> FactorPresentation | None:
        """The kind whose proof was sent to the form of another one."""
        return next((factor for factor in self if factor is not at and factor.parse(sent) is not None), None)
