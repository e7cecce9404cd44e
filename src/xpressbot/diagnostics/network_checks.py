"""How people reach the dashboard, as far as the settings tell."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Final, TypeGuard
from urllib.parse import urlsplit

from xpressbot.diagnostics import observations
from xpressbot.diagnostics.check import Check, CheckRun, Finding, Problem, Severity
from xpressbot.diagnostics.database_checks import SCHEMA
from xpressbot.foundation.database.transaction import ReadTransactions
from xpressbot.foundation.networks import Network, is_within
from xpressbot.foundation.times import DAY

FEWEST_PREFIX_BITS: Final[Mapping[int, int]] = {4: 8, 6: 16}
"""Shorter prefixes than these hold more public addresses than any proxy has."""
REMEMBERED_FOR: Final = 7 * DAY
"""What no request has shown for so long tells nothing of today."""

PUBLIC_URL_PLAIN: Final = Problem("public_url_plain", Severity.WARNING)
PUBLIC_URL_UNREACHABLE: Final = Problem("public_url_unreachable", Severity.ERROR)
PROXIES_UNNAMED: Final = Problem("proxies_unnamed", Severity.WARNING)
PROXIES_TOO_WIDE: Final = Problem("proxies_too_wide", Severity.ERROR)
FORWARDED_BY_UNKNOWN: Final = Problem("forwarded_by_unknown", Severity.WARNING)
CLIENT_NOT_NAMED: Final = Problem("client_not_named", Severity.WARNING)
HOST_NOT_PASSED_ON: Final = Problem("host_not_passed_on", Severity.WARNING)


def _check_public_url(run: CheckRun) -> Sequence[Finding]:
    """Whether people can open it, and whether what they send is encrypted."""
    settings = run.settings
    facts = {"url": settings.public_url}
    findings = []
    if not _may_be_reached(urlsplit(settings.public_url).hostname or ""):
        findings.append(Finding("public_url", PUBLIC_URL_UNREACHABLE, facts))
    if settings.plain_http_warning:
        findings.append(Finding("public_url", PUBLIC_URL_PLAIN, facts))
    return findings or [Finding("public_url", facts=facts)]


def _check_proxies(run: CheckRun) -> Sequence[Finding]:
    """Whether the proxies that are trusted are named, and are proxies."""
    settings = run.settings
    wide = [str(network) for network in settings.trusted_proxies if _is_too_wide(network)]
    if wide:
        return [Finding("proxies", PROXIES_TOO_WIDE, {"networks": wide})]
    if settings.https and not settings.trusted_proxies:
        return [Finding("proxies", PROXIES_UNNAMED, {"url": settings.public_url})]
    return [Finding("proxies", facts={"networks": [str(network) for network in settings.trusted_proxies]})]


def _check_forwarded_headers(run: CheckRun) -> Sequence[Finding]:
    """Whether a peer that is not trusted said lately where requests come from, and whether a trusted one did not say it."""
    trusted, now = run.settings.trusted_proxies, run.now()
    with ReadTransactions(run.database).reading() as tx:
        forwarded = observations.newest(tx, observations.FORWARDED_HEADER)
        not_named = observations.newest(tx, observations.CLIENT_NOT_NAMED)
    findings = []
    if _is_recent(forwarded, now) and not is_within(forwarded.detail["peer"], trusted):
        findings.append(Finding("forwarded_headers", FORWARDED_BY_UNKNOWN, _facts(forwarded)))
    if _is_recent(not_named, now) and is_within(not_named.detail["peer"], trusted):
        findings.append(Finding("forwarded_headers", CLIENT_NOT_NAMED, _facts(not_named)))
    return findings


def _check_host_header(run: CheckRun) -> Sequence[Finding]:
    """Whether a proxy asked lately for another host than the public URL's."""
    settings = run.settings
    with ReadTransactions(run.database).reading() as tx:
        foreign = observations.newest(tx, observations.FOREIGN_HOST)
    if not _is_recent(foreign, run.now()) or settings.answers_to(foreign.detail["host"]):
        return []
    return [Finding("host_header", HOST_NOT_PASSED_ON, {**_facts(foreign), "public": settings.public_host})]


def _is_recent(seen: observations.Observation | None, now: int) -> TypeGuard[observations.Observation]:
    return seen is not None and abs(now - seen.at) <= REMEMBERED_FOR


def _facts(seen: observations.Observation) -> Mapping[str, str | int]:
    return {**seen.detail, "at": seen.at}


def _may_be_reached(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return True
    return not (address.is_unspecified or address.is_multicast)


def _is_too_wide(network: Network) -> bool:
    return not network.is_private and network.prefixlen < FEWEST_PREFIX_BITS[network.version]


PUBLIC_URL: Final = Check(
    "public_url", _check_public_url, problems=(PUBLIC_URL_PLAIN, PUBLIC_URL_UNREACHABLE), fields=frozenset({"public_url"})
)
PROXIES: Final = Check(
    "proxies", _check_proxies, problems=(PROXIES_UNNAMED, PROXIES_TOO_WIDE), fields=frozenset({"public_url", "trusted_proxies"})
)
FORWARDED_HEADERS: Final = Check(
    "forwarded_headers",
    _check_forwarded_headers,
    problems=(FORWARDED_BY_UNKNOWN, CLIENT_NOT_NAMED),
    needs=(SCHEMA,),
    fields=frozenset({"trusted_proxies"}),
)
HOST_HEADER: Final = Check(
    "host_header", _check_host_header, problems=(HOST_NOT_PASSED_ON,), needs=(SCHEMA,), fields=frozenset({"public_url"})
)
