"""Templates, static files and QR codes: what pages are made of."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from mimetypes import guess_type
from typing import Any, Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from xpressbot.entrypoints.http.language_switch import LanguageSwitch
from xpressbot.entrypoints.http.template_texts import TranslatedTexts
from xpressbot.entrypoints.messages.formatting import Text, as_is, clock_time, day_date, doer, moment, number
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.roles import permits
from xpressbot.identity.factors.rules import ENROLMENT_TRIES

_QR_QUIET_ZONE: Final = 4
_ICONS: Final = "_icons.html"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file that pages refer to."""

    content: bytes
    media_type: str
    version: str


@dataclass(frozen=True, slots=True)
class Viewer:
    """The signed-in person, as every page's bar shows them. can_stop_reset: whether somebody asks to reset their 2FA."""

    name: str
    email: str
    sees_team: bool
    sees_inbox: bool
    sees_bots: bool
    can_stop_reset: bool
    may_change_policy: bool

    @property
    def initials(self) -> str:
        """One or two letters for the profile icon."""
        words = self.name.split()
        return "".join(word[0] for word in (words if len(words) == 1 else (words[0], words[-1]))).upper()


class Renderer:
    """Renders templates with what every page needs, in one of the languages that there are."""

    def __init__(self, switch: LanguageSwitch, packages: Sequence[str] = (), *, plain_http_warning: bool) -> None:
        """packages: where templates are looked for, besides this one."""
        self.switch = switch
        self._packages = tuple(packages)
        self._plain_http_warning = plain_http_warning
        for texts in switch.languages:
            _load_templates(texts, self._packages)  # a first page is not to wait for it

    def texts_for(self, request: Request) -> Texts:
        """The language that a request is answered in."""
        return self.switch.texts_for(request)

    def page(self, request: Request, template: str, account: Account | None, *, status: int = 200, **context: Any) -> HTMLResponse:
        """Render a page, for a signed-in person or without one."""
        texts = self.switch.texts_for(request)
        viewer = None if account is None else _viewer(account)
        common: dict[str, Any] = {
            "status": status,
            "viewer": viewer,
            "session": None,
            "countdown": None,
            "plain_http": self._plain_http_warning,
            "errors": {},
            "message": None,
            "done": None,
            "retry_after": None,
            "form": {},
            "languages": self.switch.languages,
            "place": self.switch.place_of(request, context.get("form", {}).get("next")),
        }
        body = _load_templates(texts, self._packages).get_template(template).render(common | context)
        return HTMLResponse(body, status_code=status, headers=language_headers(texts))


def _viewer(account: Account) -> Viewer:
    return Viewer(
        account.name,
        account.email,
        sees_team=permits(account.role, Action.VIEW_TEAM),
        sees_inbox=permits(account.role, Action.VIEW_INBOX),
        sees_bots=permits(account.role, Action.VIEW_BOTS),
        can_stop_reset=account.reset_request_id is not None,
        may_change_policy=permits(account.role, Action.CHANGE_POLICY),
    )


def language_headers(texts: Texts) -> dict[str, str]:
    """Which language an answer is in, and what decided that (RFC 9110 sections 8.5 and 12.5.5)."""
    return {"Content-Language": texts.tag, "Vary": "Accept-Language, Cookie"}


def qr_svg(text: str, label: str) -> Markup:
    """Draw a QR code as inline SVG, dark on light with its quiet zone, whatever the page's colours."""
    import segno  # noqa: PLC0415  # needed once for each app

    svg = segno.make(text, error="m", micro=False).svg_inline(border=_QR_QUIET_ZONE, dark="#000", light="#fff", omitsize=True)
    return Markup('<svg role="img" aria-label="{}" ').format(label) + Markup(svg.removeprefix("<svg "))  # noqa: S704  # segno's own markup


@cache
def _load_templates(texts: Texts, packages: tuple[str, ...]) -> Environment:
    """The templates in one language: an environment has one set of translations and filters."""
    templates = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in ("xpressbot.entrypoints.http", *packages)]),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", TranslatedTexts],
    )
    templates.extend(texts=texts)
    templates.install_gettext_translations(texts.catalogue, newstyle=True)  # type: ignore[attr-defined]  # the i18n extension adds it
    templates.globals |= {
        "static": _static_url,
        "enrolment_tries": ENROLMENT_TRIES,
        "lang": texts.tag,
        "dir": texts.direction,
    }
    templates.globals["icon"] = templates.get_template(_ICONS).module
    in_words: Mapping[str, Callable[..., Text]] = {"moment": moment, "clock": clock_time, "day": day_date, "number": number, "doer": doer}
    templates.filters |= {name: partial(write, texts) for name, write in in_words.items()} | {"as_is": as_is}
    return templates


def _static_url(name: str) -> str:
    return f"/static/{name}?v={load_static_files()[name].version}"


@cache
def load_static_files() -> Mapping[str, StaticFile]:
    """The files that pages refer to, by name."""
    directory = files("xpressbot.entrypoints.http") / "static"
    loaded = {}
    for file in directory.iterdir():
        content = file.read_bytes()
        media_type = guess_type(file.name)[0] or "application/octet-stream"
        loaded[file.name] = StaticFile(content, media_type, hashlib.sha256(content).hexdigest()[:12])
    return loaded
