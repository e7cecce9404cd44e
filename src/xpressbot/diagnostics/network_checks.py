"""How people reach the dashboard, as far as the settings tell."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Final, TypeGuard
from urllib.parse import urlsplit

from xpressbot.diagnostics.findings import Check, Finding, Problem
from xpressbot.diagnostics.observations import Observation
from xpressbot.foundation.networks import Network, is_within
from xpressbot.foundation.settings import Settings
from xpressbot.foundation.times import DAY

_FEWEST_PREFIX_BITS: Final[Mapping[int, int]] = {4: 8, 6: 16}
"""Shorter prefixes than these hold more public addresses than any proxy has."""
REMEMBERED_FOR: Final = 7 * DAY
"""What no request has shown for so long tells nothing of today."""


def check_public_url(settings: Settings) -> Sequence[Finding]:
    """Whether people can open it, and whether what they send is encrypted."""
    facts = {"url": settings.public_url}
    findings = []
    if not _may_be_reached(urlsplit(settings.public_url).hostname or ""):
        findings.append(Finding(Check.PUBLIC_URL, Problem.PUBLIC_URL_UNREACHABLE, facts))
    if settings.plain_http_warning:
        findings.append(Finding(Check.PUBLIC_URL, Problem.PUBLIC_URL_PLAIN, facts))
    return findings or [Finding(Check.PUBLIC_URL, facts=facts)]


def check_proxies(settings: Settings) -> Sequence[Finding]:
    """Whether the proxies that are trusted are named, and are proxies."""
    wide = [str(network) for network in settings.trusted_proxies if _is_too_wide(network)]
    if wide:
        return [Finding(Check.PROXIES, Problem.PROXIES_TOO_WIDE, {"networks": wide})]
    if settings.https and not settings.trusted_proxies:
        return [Finding(Check.PROXIES, Problem.PROXIES_UNNAMED, {"url": settings.public_url})]
    return [Finding(Check.PROXIES, facts={"networks": [str(network) for network in settings.trusted_proxies]})]


def check_forwarded_headers(
    settings: Settings, forwarded: Observation | None, not_named: Observation | None, now: int
) -> Sequence[Finding]:
    """Whether somebody who is not trusted says lately where requests come from, and whether somebody who is does not say it."""
    findings = []
    if _is_recent(forwarded, now) and not is_within(forwarded.detail["peer"], settings.trusted_proxies):
        findings.append(Finding(Check.FORWARDED_HEADERS, Problem.FORWARDED_BY_UNKNOWN, _facts(forwarded)))
    if _is_recent(not_named, now) and is_within(not_named.detail["peer"], settings.trusted_proxies):
        findings.append(Finding(Check.FORWARDED_HEADERS, Problem.CLIENT_NOT_NAMED, _facts(not_named)))
    return findings


def check_host_header(settings: Settings, foreign: Observation | None, now: int) -> Sequence[Finding]:
    """Whether a proxy asked lately for another host than the public URL's."""
    if not _is_recent(foreign, now) or settings.answers_to(foreign.detail["host"]):
        return []
    facts = {**_facts(foreign), "public": settings.public_host}
    return [Finding(Check.HOST_HEADER, Problem.HOST_NOT_PASSED_ON, facts)]


def _is_recent(seen: Observation | None, now: int) -> TypeGuard[Observation]:
    return seen is not None and abs(now - seen.at) <= REMEMBERED_FOR


def _facts(seen: Observation) -> Mapping[str, str | int]:
    return {**seen.detail, "at": seen.at}


def _may_be_reached(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return True
    return not (address.is_unspecified or address.is_multicast)


def _is_too_wide(network: Network) -> bool:
    return not network.is_private and network.prefixlen < _FEWEST_PREFIX_BITS[network.version]
