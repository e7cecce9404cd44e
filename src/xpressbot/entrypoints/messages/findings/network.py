"""What the doctor says of how people reach the dashboard."""

from collections.abc import Mapping
from typing import Any, Final

from xpressbot.entrypoints.messages.findings.words import CheckWords, ProblemWords, moment
from xpressbot.entrypoints.messages.translation import N_


def _proxies_well(facts: Mapping[str, Any]) -> str:
    if not facts["networks"]:
        return N_("None is named, and none is needed.")
    return N_("None of those that are trusted is a wide public network.")


_SEEN: Final = {"at": moment}

CHECKS: Final[Mapping[str, CheckWords]] = {
    "public_url": CheckWords(N_("Public URL"), "%(url)s"),
    "cookies": CheckWords(N_("Cookies"), N_("They cannot be read on the way; the session's is called %(name)s.")),
    "proxies": CheckWords(N_("Proxies"), _proxies_well),
    "forwarded_headers": CheckWords(
        N_("Forwarded headers"), N_("None came lately but from a trusted proxy, and each of those names the client.")
    ),
    "host_header": CheckWords(N_("Host header"), N_("No proxy asked lately for another host.")),
}

PROBLEMS: Final[Mapping[str, ProblemWords]] = {
    "public_url_plain": ProblemWords(
        N_("%(url)s is plain http beyond this machine: passwords and codes travel unencrypted."),
        N_("Put a proxy with TLS before it, and set XPRESSBOT_PUBLIC_URL to https: docs/operations.md says how."),
    ),
    "public_url_unreachable": ProblemWords(
        N_("No browser can open %(url)s: that is an address to listen on, not one to visit."),
        N_("Set XPRESSBOT_PUBLIC_URL to the address that people type."),
    ),
    "cookies_unprotected": ProblemWords(
        N_("Cookies travel unencrypted and without the __Host- prefix: an attacker on the network can take a session."),
        N_("An https address in XPRESSBOT_PUBLIC_URL gives them Secure and their prefix."),
    ),
    "proxies_unnamed": ProblemWords(
        N_("%(url)s needs a proxy that ends TLS, and none is named: all clients share its address, and one limit of tries."),
        N_("Set XPRESSBOT_TRUSTED_PROXIES to the address from which the proxy connects, such as 127.0.0.1/32."),
    ),
    "proxies_too_wide": ProblemWords(
        N_("XPRESSBOT_TRUSTED_PROXIES trusts far too much of the Internet (%(networks)s): any client can claim to come from anywhere."),
        N_("Name only the addresses from which your proxies connect."),
    ),
    "forwarded_by_unknown": ProblemWords(
        N_("%(peer)s, which is no trusted proxy, sent %(header)s at %(at)s. It counted for nothing."),
        N_("If it is your proxy, name it in XPRESSBOT_TRUSTED_PROXIES; if not, close the port to all but the proxy."),
        _SEEN,
    ),
    "client_not_named": ProblemWords(
        N_("%(peer)s, a trusted proxy, named no client at %(at)s: X-Forwarded-For was %(value)s. Clients share its limit of tries."),
        N_(
            "Let it send the address that it sees. nginx: proxy_set_header X-Forwarded-For $remote_addr; Apache and Caddy do so by"
            " themselves. If it is no proxy, take it out of XPRESSBOT_TRUSTED_PROXIES."
        ),
        _SEEN,
    ),
    "host_not_passed_on": ProblemWords(
        N_("%(peer)s asked for the host %(host)s at %(at)s. Only %(public)s is answered, so it got a 421."),
        N_(
            "If it is your proxy, let it pass the Host header as the browser sent it. nginx: proxy_set_header Host $http_host; Apache:"
            " ProxyPreserveHost On; Caddy: header_up Host {hostport}, or no header_up for Host at all. If people type that address,"
            " set XPRESSBOT_PUBLIC_URL to it."
        ),
        _SEEN,
    ),
}
