"""Templates to pages, and values to what people read."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files
from mimetypes import guess_type
from typing import Any, Final

import segno
import ua_parser
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from xpressbot.entrypoints.http.translation import TRANSLATIONS, _
from xpressbot.identity.domain.account import Account
from xpressbot.identity.domain.authenticator import ENROLMENT_TRIES
from xpressbot.identity.domain.instant import SECOND
from xpressbot.identity.domain.recovery_code import FEW_CODES

_QR_QUIET_ZONE: Final = 4


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file that pages refer to."""

    content: bytes
    media_type: str
    version: str


@dataclass(frozen=True, slots=True)
class Viewer:
    """The signed-in person, as every page's bar shows them."""

    name: str
    email: str

    @property
    def initials(self) -> str:
        """One or two letters for the profile icon."""
        words = self.name.split()
        return "".join(word[0] for word in (words if len(words) == 1 else (words[0], words[-1]))).upper()


class Renderer:
    """Renders templates with what every page needs."""

    def __init__(self, *, plain_http_warning: bool) -> None:
        self._plain_http_warning = plain_http_warning
        self._templates = _load_templates()

    def page(self, template: str, account: Account | None, *, status: int = 200, **context: Any) -> HTMLResponse:
        """Render a page for a person, or for nobody."""
        viewer = None if account is None else Viewer(account.name, account.email)
        common: dict[str, Any] = {
            "status": status,
            "viewer": viewer,
            "plain_http": self._plain_http_warning,
            "errors": {},
            "message": None,
            "retry_after": None,
            "form": {},
        }
        return HTMLResponse(self._templates.get_template(template).render(common | context), status_code=status)


def as_is(text: str) -> Markup:
    """A name, an address or a secret within a sentence: a browser that translates the page leaves it alone."""
    return Markup('<span translate="no">{}</span>').format(text)


def moment(at: int) -> Markup:
    """Date and time; the page's script rewrites it to the reader's time zone."""
    return Markup('<time datetime="{}" data-moment>{}</time>').format(_iso(at), moment_text(at))


def moment_text(at: int) -> str:
    """Date and time where no script reaches them."""
    return f"{_utc(at):%-d %b %Y, %H:%M} UTC"


def clock_time(at: int) -> Markup:
    """The time of day alone."""
    return Markup('<time datetime="{}" data-clock>{:%H:%M} UTC</time>').format(_iso(at), _utc(at))


def qr_svg(text: str, label: str) -> Markup:
    """Draw a QR code as inline SVG, dark on light with its quiet zone, whatever the page's colours."""
    svg = segno.make(text, error="m", micro=False).svg_inline(border=_QR_QUIET_ZONE, dark="#000", light="#fff", omitsize=True)
    return Markup('<svg role="img" aria-label="{}" ').format(label) + Markup(svg.removeprefix("<svg "))  # noqa: S704  # segno's own markup


@lru_cache(maxsize=1024)
def browser_name(user_agent: str) -> str:
    """What a person calls the browser: "Firefox on Linux"."""
    parsed = ua_parser.parse(user_agent)
    browser = parsed.user_agent.family if parsed.user_agent else ""
    system = parsed.os.family if parsed.os else ""
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("an unknown browser")


def _utc(at: int) -> datetime:
    return datetime.fromtimestamp(at // SECOND, tz=UTC)


def _iso(at: int) -> str:
    return _utc(at).strftime("%Y-%m-%dT%H:%M:%SZ")


@cache
def _load_templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("xpressbot.entrypoints.http"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    templates.install_gettext_translations(TRANSLATIONS, newstyle=True)  # type: ignore[attr-defined]  # the i18n extension adds it
    templates.globals |= {"static": _static_url, "few_codes": FEW_CODES, "enrolment_tries": ENROLMENT_TRIES}
    templates.filters |= {"moment": moment, "clock": clock_time, "as_is": as_is}
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
