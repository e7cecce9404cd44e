"""Networks in settings: one that cannot be meant is refused with the reason, and with what would do."""

import ipaddress
from pathlib import Path

import pytest

from tests.support.command_line import Shell
from tests.support.installation import make_settings

REASONS = {
    "10.0.0.5/8": "10.0.0.5/8 has bits set beyond its prefix: write 10.0.0.0/8 for the network, or 10.0.0.5/32 for that address alone",
    "2001:db8::5/32": "2001:db8::5/32 has bits set beyond its prefix: write 2001:db8::/32 for the network, or 2001:db8::5/128 for that"
    " address alone",
    "::ffff:10.0.0.0/104": "no peer is seen as ::ffff:a00:0/104: write 10.0.0.0/8 instead",
    "::ffff:192.0.2.7": "no peer is seen as ::ffff:c000:207/128: write 192.0.2.7/32 instead",
    "[::1]": "part 1 is no address and no network: write ::1/128 instead",
    "[2001:db8::1]:8080": "part 1 is no address and no network: write 2001:db8::1/128 instead",
    "192.0.2.7:8080": "part 1 is no address and no network: write 192.0.2.7/32 instead",
    "fe80::1%eth0": "part 1 is no address and no network: write fe80::1/128 instead",
    "0.0.0.0": "no client sends from 0.0.0.0/32, an address to listen on: write the one from which the proxy connects",
    "::": "no client sends from ::/128, an address to listen on: write the one from which the proxy connects",
    "10.0.0.0/8, canary-word": "part 2 is no address and no network like 10.0.0.0/8 or ::1/128; names and ranges are not taken",
    "10.0.0.0/33": "part 1 is no address and no network like 10.0.0.0/8 or ::1/128; names and ranges are not taken",
    "10.0.0.1-10.0.0.9": "part 1 is no address and no network like 10.0.0.0/8 or ::1/128; names and ranges are not taken",
    "10.0.0.0/8 ::1": "part 1 is no address and no network like 10.0.0.0/8 or ::1/128; names and ranges are not taken",
    '["10.0.0.0/8"]': "part 1 is no address and no network like 10.0.0.0/8 or ::1/128; names and ranges are not taken",
    "10": "part 1 is no address and no network like 10.0.0.0/8 or ::1/128; names and ranges are not taken",
    "10.0.0.5/8, ::1, 10.0.0.6/8": "10.0.0.5/8 has bits set beyond its prefix: write 10.0.0.0/8 for the network, or 10.0.0.5/32 for that"
    " address alone; 10.0.0.6/8 has bits set beyond its prefix: write 10.0.0.0/8 for the network, or 10.0.0.6/32 for that address alone",
}  # fmt: skip


@pytest.mark.parametrize("name", ["XPRESSBOT_TRUSTED_PROXIES", "XPRESSBOT_METRICS_FROM"])
@pytest.mark.parametrize(("value", "reason"), REASONS.items(), ids=REASONS)
def test_an_unusable_network_is_refused_with_the_reason(name: str, value: str, reason: str, shell: Shell) -> None:
    """All of them at once. What is no address is not repeated, since it may be a secret in the wrong place."""
    answer = shell.with_settings(**{name: value}).run("accounts", "list")
    assert (answer.code, answer.out, answer.err) == (2, "", f"{name}: {reason}.\n")


def test_networks_are_taken_in_every_usual_spelling() -> None:
    """With a prefix, with a mask, or one address; commas too many make no difference."""
    given = "10.0.0.0/8,, 172.16.0.0/255.240.0.0 , 192.0.2.7, 2001:DB8::/32,::1,"
    meant = ("10.0.0.0/8", "172.16.0.0/12", "192.0.2.7/32", "2001:db8::/32", "::1/128")
    settings = make_settings(Path(), "", trusted_proxies=given)
    assert settings.trusted_proxies == tuple(map(ipaddress.ip_network, meant))
