"""Security headers of every answer (ASVS 3.4)."""

from typing import Final

from xpressbot.foundation.settings import Settings

_CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors {}; base-uri 'none'"
)
ALWAYS: Final = {
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY.format("'none'"),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def security_headers(settings: Settings) -> dict[str, str]:
    """The headers; HSTS only where the public URL is https, opener isolation only where browsers take it."""
    headers = dict(ALWAYS)
    if settings.https or settings.public_is_loopback:
        # On plain http beyond this machine browsers ignore it, and say so in the console of every page.
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if settings.https:
        # It holds for every port of the host, and cannot be taken back before its age is over (RFC 6797 section 8.2).
        subdomains = "; includeSubDomains" if settings.hsts_subdomains else ""
        headers["Strict-Transport-Security"] = f"max-age={settings.hsts_seconds}{subdomains}"
    return headers


def customer_headers(settings: Settings) -> dict[str, str]:
    """The same for pages of customers, which a page of this origin may frame."""
    headers = security_headers(settings) | {"Content-Security-Policy": _CONTENT_SECURITY_POLICY.format("'self'")}
    del headers["X-Frame-Options"]  # it would forbid what frame-ancestors allows, in browsers that know only it
    return headers
