"""Security headers of every answer (ASVS 3.4)."""

from typing import Final

_CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_ALWAYS: Final = {
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_TWO_YEARS: Final = 63_072_000


def security_headers(*, https: bool, loopback: bool) -> dict[str, str]:
    """The headers; HSTS only where the public URL is https, opener isolation only where browsers take it."""
    headers = dict(_ALWAYS)
    if https or loopback:
        # On plain http beyond this machine browsers ignore it, and say so in the console of every page.
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if https:
        headers["Strict-Transport-Security"] = f"max-age={_TWO_YEARS}; includeSubDomains"
    return headers
