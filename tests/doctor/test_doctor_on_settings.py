"""Settings that are wrong, and what follows from those that are right: public URL, cookies, proxies, forwarded headers."""

from collections.abc import Mapping

import pytest

from tests.doctor.conftest import sqlite_only
from tests.doctor.report import run_doctor
from tests.support.command_line import Shell
from tests.support.installation import Installation
from xpressbot.diagnostics.network_checks import REMEMBERED_FOR
from xpressbot.diagnostics.observations import CLIENT_NOT_NAMED, FOREIGN_HOST, FORWARDED_HEADER, note
from xpressbot.foundation.clock import SystemClock
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.times import MINUTE, SECOND

pytestmark = sqlite_only
HTTPS = "https://chat.example.com"


def test_a_setting_that_does_not_exist_is_one_finding(shell: Shell) -> None:
    """It is named, and every other check is made all the same."""
    report = run_doctor(shell.with_settings(XPRESSBOT_PASWORD_MIN_LENGTH="20"))
    assert (report.code, report.problems) == (2, {"settings_unusable"})
    assert report.about("settings_unusable")["what"].startswith("XPRESSBOT_PASWORD_MIN_LENGTH: no such setting.")
    assert {finding["severity"] for finding in report.findings} == {"error", "ok"}


@pytest.mark.parametrize(
    ("name", "value", "skipped"),
    [
        ("XPRESSBOT_LOG_LEVEL", "loud", set()),
        ("XPRESSBOT_PUBLIC_URL", "https://user:canary-word@chat.example.com", {"public_url", "cookies", "proxies", "host_header"}),
        ("XPRESSBOT_TRUSTED_PROXIES", "10.0.0.0/8, canary-word, other", {"proxies", "forwarded_headers"}),
    ],
)
def test_checks_that_rest_on_an_unusable_value_are_not_made(shell: Shell, name: str, value: str, skipped: set[str]) -> None:
    """They would look at a default; the others are made. The value is not repeated, since it may be a secret."""
    report = run_doctor(shell.with_settings(**{name: value}))
    assert (report.code, report.problems) == (2, {"settings_unusable"})
    assert report.about("settings_unusable")["what"].startswith(name)
    assert {finding["check"] for finding in report.findings if finding["severity"] == "skipped"} == skipped
    assert "canary-word" not in str(report)


def test_an_unknown_name_hides_no_unusable_value(shell: Shell) -> None:
    """Everything that is wrong is told at once, and only the checks that rest on it are not made."""
    report = run_doctor(
        shell.with_settings(
            XPRESSBOT_TRUSTED_PROXY="10.0.0.1", XPRESSBOT_TRUSTED_PROXIES="other", XPRESSBOT_PUBLIC_URL="http://chat.example.com"
        )
    )
    assert report.problems == {"settings_unusable", "public_url_plain", "cookies_unprotected"}
    said = report.about("settings_unusable")["what"]
    places = [
        said.index(part)
        for part in ("XPRESSBOT_TRUSTED_PROXY: no such", "XPRESSBOT_TRUSTED_PROXIES: part 1 is no", "XPRESSBOT_PUBLIC_URL is plain")
    ]
    assert places == sorted(places)
    assert {finding["check"] for finding in report.findings if finding["severity"] == "skipped"} == {"proxies", "forwarded_headers"}


def test_plain_http_is_not_held_against_a_flag_that_cannot_be_read(shell: Shell) -> None:
    """The flag is what is wrong."""
    report = run_doctor(shell.with_settings(XPRESSBOT_ALLOW_PLAIN_HTTP="perhaps", XPRESSBOT_PUBLIC_URL="http://chat.example.com"))
    assert "is plain http beyond" not in report.about("settings_unusable")["what"]


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_database_that_no_file_holds_is_an_unusable_value(shell: Shell, url: str) -> None:
    """Neither the service nor the doctor can do anything with it."""
    report = run_doctor(shell.with_settings(XPRESSBOT_DATABASE_URL=url))
    assert (report.code, report.problems) == (2, {"settings_unusable"})
    assert report.severity_of("database") == "skipped"


def test_an_unusable_database_url_hides_nothing_that_needs_no_database(shell: Shell) -> None:
    """Keys, URL and proxies are looked at; the database's own checks are not."""
    report = run_doctor(shell.with_settings(XPRESSBOT_DATABASE_URL="mysql://root:canary-word@127.0.0.1/x"))
    assert (report.code, report.problems) == (2, {"settings_unusable"})
    assert [report.severity_of(check) for check in ("database", "schema", "encrypted_secrets", "connections")] == ["skipped"] * 4
    assert [report.severity_of(check) for check in ("key_ring", "public_url", "cookies", "proxies")] == ["ok"] * 4
    assert "canary-word" not in str(report)


def test_plain_http_beyond_this_machine_is_told_with_what_it_does_to_cookies(shell: Shell) -> None:
    """Asked for, it is two warnings; not asked for, the settings are unusable besides."""
    plain = shell.with_settings(XPRESSBOT_PUBLIC_URL="http://chat.example.com")
    report = run_doctor(plain.with_settings(XPRESSBOT_ALLOW_PLAIN_HTTP="true"))
    assert (report.code, report.problems) == (1, {"public_url_plain", "cookies_unprotected"})
    assert run_doctor(plain).problems == {"settings_unusable", "public_url_plain", "cookies_unprotected"}


def test_cookies_are_named_as_browsers_see_them(shell: Shell) -> None:
    """On this machine alone without the prefix, with https with it; and with a port that is not the scheme's own."""
    names = []
    for url in ("http://127.0.0.1:8000", HTTPS, f"{HTTPS}:8443"):
        report = run_doctor(shell.with_settings(XPRESSBOT_PUBLIC_URL=url, XPRESSBOT_TRUSTED_PROXIES="127.0.0.1/32"))
        assert report.code == 0
        names += [finding["facts"] for finding in report.findings if finding["check"] == "cookies"]
    assert names == [
        {"name": "xpressbot-session-8000", "secure": False},
        {"name": "__Host-xpressbot-session", "secure": True},
        {"name": "__Host-xpressbot-session-8443", "secure": True},
    ]


@pytest.mark.parametrize("host", ["0.0.0.0:8000", "[::]", "224.0.0.1"])
def test_a_public_url_that_no_browser_can_open_is_told(shell: Shell, host: str) -> None:
    """An address to listen on was taken for the one to visit."""
    report = run_doctor(shell.with_settings(XPRESSBOT_PUBLIC_URL=f"https://{host}", XPRESSBOT_TRUSTED_PROXIES="127.0.0.1/32"))
    assert (report.code, report.problems) == (2, {"public_url_unreachable"})


def test_https_without_a_named_proxy_is_a_warning(shell: Shell) -> None:
    """A proxy ends TLS; unnamed, all people share its address."""
    report = run_doctor(shell.with_settings(XPRESSBOT_PUBLIC_URL=HTTPS))
    assert (report.code, report.problems) == (1, {"proxies_unnamed"})


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "128.0.0.0/1", "2000::/3", "198.0.0.0/7"])
def test_trusting_far_too_much_of_the_internet_is_an_error(shell: Shell, network: str) -> None:
    """The network is named; one that is as wide but private, and a host, are not."""
    report = run_doctor(shell.with_settings(XPRESSBOT_TRUSTED_PROXIES=f"10.0.0.0/8, fd00::/8, 192.0.2.1, {network}"))
    assert (report.code, report.problems) == (2, {"proxies_too_wide"})
    assert report.about("proxies_too_wide")["facts"] == {"networks": [network]}
    assert f"trusts far too much of the Internet ({network})" in report.about("proxies_too_wide")["what"]


def test_the_words_fit_how_many_proxies_are_named(shell: Shell) -> None:
    """None, or some."""
    said = {}
    for networks in ("", "10.0.0.0/8"):
        findings = run_doctor(shell.with_settings(XPRESSBOT_TRUSTED_PROXIES=networks)).findings
        (said[networks],) = (finding["what"] for finding in findings if finding["check"] == "proxies")
    assert said == {"": "None is named, and none is needed.", "10.0.0.0/8": "None of those that are trusted is a wide public network."}


def test_private_networks_and_a_providers_ranges_are_not_too_wide(shell: Shell) -> None:
    """Wide networks of proxies that exist."""
    assert run_doctor(shell.with_settings(XPRESSBOT_TRUSTED_PROXIES="10.0.0.0/8, fc00::/7, 104.16.0.0/13, 2400:cb00::/32")).code == 0


def noted(installation: Installation, kind: str, detail: Mapping[str, str], at: int) -> None:
    """What the server has noticed."""
    with Transactions(installation.services.database).writing() as tx:
        note(tx, kind, detail, at)
        tx.commit()


def test_a_forwarded_header_from_a_proxy_that_was_not_named_is_told(shell: Shell, installation: Installation) -> None:
    """With the peer's address, the header and the time; no longer once the peer is trusted."""
    now = SystemClock().now()
    noted(installation, FORWARDED_HEADER, {"peer": "172.18.0.2", "header": "x-forwarded-for"}, now)
    report = run_doctor(shell)
    assert (report.code, report.problems) == (1, {"forwarded_by_unknown"})
    assert report.about("forwarded_by_unknown")["facts"] == {"peer": "172.18.0.2", "header": "x-forwarded-for", "at": now}
    assert report.about("forwarded_by_unknown")["what"].startswith("172.18.0.2, which is no trusted proxy, sent x-forwarded-for at 20")
    assert report.about("forwarded_by_unknown")["remedy"] == (
        "If it is your proxy, name it in XPRESSBOT_TRUSTED_PROXIES; if not, close the port to all but the proxy."
    )
    assert run_doctor(shell.with_settings(XPRESSBOT_TRUSTED_PROXIES="172.18.0.0/16")).code == 0


@pytest.mark.parametrize("away", [-REMEMBERED_FOR - SECOND, REMEMBERED_FOR + MINUTE], ids=["long ago", "far ahead"])
def test_a_forwarded_header_of_another_time_is_not_told(shell: Shell, installation: Installation, away: int) -> None:
    """The client that brought it may have been named since, or it was noted while the clock was ahead."""
    noted(installation, FORWARDED_HEADER, {"peer": "172.18.0.2", "header": "forwarded"}, SystemClock().now() + away)
    assert run_doctor(shell).code == 0


def test_a_trusted_proxy_that_names_no_client_is_told(shell: Shell, installation: Installation) -> None:
    """With what it said instead, and the line that mends it; no longer once it is no trusted proxy."""
    now = SystemClock().now()
    trusting = shell.with_settings(XPRESSBOT_TRUSTED_PROXIES="172.18.0.0/16")
    for value, said in (("unknown", "X-Forwarded-For was unknown."), ("", "X-Forwarded-For was empty.")):
        noted(installation, CLIENT_NOT_NAMED, {"peer": "172.18.0.2", "value": value}, now)
        report = run_doctor(trusting)
        assert (report.code, report.problems) == (1, {"client_not_named"})
        assert report.about("client_not_named")["facts"] == {"peer": "172.18.0.2", "value": value, "at": now}
        assert said in report.about("client_not_named")["what"]
    assert "proxy_set_header X-Forwarded-For $remote_addr" in report.about("client_not_named")["remedy"]
    assert run_doctor(shell).code == 0
    noted(installation, CLIENT_NOT_NAMED, {"peer": "172.18.0.2", "value": ""}, now - REMEMBERED_FOR - 1)
    assert run_doctor(trusting).code == 0


def test_a_stranger_and_a_proxy_that_names_no_client_are_two_findings(shell: Shell, installation: Installation) -> None:
    """One does not hide the other."""
    now = SystemClock().now()
    noted(installation, FORWARDED_HEADER, {"peer": "192.0.2.7", "header": "x-real-ip"}, now)
    noted(installation, CLIENT_NOT_NAMED, {"peer": "172.18.0.2", "value": ""}, now)
    report = run_doctor(shell.with_settings(XPRESSBOT_TRUSTED_PROXIES="172.18.0.0/16"))
    assert report.problems == {"forwarded_by_unknown", "client_not_named"}


def test_a_proxy_that_does_not_pass_the_host_on_is_told(shell: Shell, installation: Installation) -> None:
    """With the host that came and the lines to add; no longer once that host is answered, nor of long ago."""
    now = SystemClock().now()
    noted(installation, FOREIGN_HOST, {"peer": "127.0.0.1", "host": "xpressbot:9000"}, now)
    report = run_doctor(shell)
    assert (report.code, report.problems) == (1, {"host_not_passed_on"})
    found = report.about("host_not_passed_on")
    assert found["facts"] == {"peer": "127.0.0.1", "host": "xpressbot:9000", "at": now, "public": "localhost:8000"}
    assert found["what"].startswith("127.0.0.1 asked for the host xpressbot:9000 at 20")
    for line in ("proxy_set_header Host $http_host", "ProxyPreserveHost On", "header_up Host {hostport}"):
        assert line in found["remedy"]
    plain = shell.with_settings(XPRESSBOT_PUBLIC_URL="http://xpressbot:9000", XPRESSBOT_ALLOW_PLAIN_HTTP="true")
    assert "host_not_passed_on" not in run_doctor(plain).problems
    noted(installation, FOREIGN_HOST, {"peer": "127.0.0.1", "host": "xpressbot:9000"}, now - REMEMBERED_FOR - 1)
    assert run_doctor(shell).code == 0
