"""XPRESSBOT_PUBLIC_URL: what no browser sends as a request's Host is refused, with the spelling that would do."""

from pathlib import Path

import httpx
import pytest

from tests.support.command_line import Shell
from tests.support.installation import make_settings
from tests.support.server import serving

MISCONFIGURED = 2
LABEL = "a" * 63
OTHERWISE_SPELT = {
    "https://bücher.example": "https://xn--bcher-kva.example",
    "https://BÜCHER.example:8443": "https://xn--bcher-kva.example:8443",
    "https://straße.example": "https://xn--strae-oqa.example",
    "https://☃.example": "https://xn--n3h.example",
    "https://\uff43hat\u3002example": "https://chat.example",
    "https://b%C3%BCcher.example": "https://xn--bcher-kva.example",
    "https://chat.example.com # ours": "https://chat.example.com",
    "https://chat.example.com#ours": "https://chat.example.com",
    "https://chat.example.com#": "https://chat.example.com",
    "https://chat.example.com?": "https://chat.example.com",
    "https://chat.example.com ours": "https://chat.example.com",
    "https://chat.example.com.": "https://chat.example.com",
    "https://chat.example.com:": "https://chat.example.com",
    "https://chat.example.com:08443": "https://chat.example.com:8443",
    "https://chat.example.com//": "https://chat.example.com",
    "https://user:canary-word@chat.example.com": "https://chat.example.com",
    "https://user@chat.example.com": "https://chat.example.com",
    "https://@chat.example.com": "https://chat.example.com",
    "https://chat.example.com/xpressbot?x=canary-word": "https://chat.example.com",
    "https://127.1": "https://127.0.0.1",
    "https://0x7f.1": "https://127.0.0.1",
    "https://2130706433": "https://127.0.0.1",
    "https://0177.0.0.1": "https://127.0.0.1",
    "https://192.0.2.7.": "https://192.0.2.7",
    "https://[2001:db8:0:0::1]": "https://[2001:db8::1]",
    "https://[2001:db8::0001]:8443": "https://[2001:db8::1]:8443",
    "https://[::ffff:192.0.2.7]": "https://192.0.2.7",
}
NO_ONES = [
    "https://[fe80::1%25eth0]",
    "https://[fe80::1%eth0]",
    "https://[2001:db8::1",
    "https://2001:db8::1",
    "https://192.0.2.09",
    "https://192.0.2.256",
    "https://chat.0x",
    f"https://a{LABEL}.example",
    "https://" + ".".join([LABEL] * 4) + ".example",
    "https://chat..example",
    "https://.example",
    "https://xn--a.example",
    "https://xn--chat-.example",
    "https://xn--b%C3%BC.example",
    "https://*.example.com",
    "https://${HOST}",
    "https://a.example,https://b.example",
    "https://chat.example.com:0",
    "https://chat.example.com:65536",
    "https://chat.example.com:²",
    "http://127.0.0.1:6000",
    "https:/chat.example.com",
    "https://",
    "https:// chat.example.com",
    "chat.example.com",
    "localhost:8000",
    "wss://chat.example.com",
    "//chat.example.com",
    "none",
]


def refusal(shell: Shell, url: str) -> str:
    """The sentence with which a command refuses to work."""
    answer = shell.with_settings(XPRESSBOT_PUBLIC_URL=url).run("accounts", "list")
    assert (answer.code, answer.out, answer.err.count("\n")) == (MISCONFIGURED, "", 1)
    assert answer.err.startswith("XPRESSBOT_PUBLIC_URL: must be an origin like https://chat.example.com,")
    assert "canary-word" not in answer.err
    return answer.err


@pytest.mark.parametrize(("url", "spelling"), OTHERWISE_SPELT.items(), ids=OTHERWISE_SPELT)
def test_a_url_that_browsers_spell_otherwise_is_refused_with_their_spelling(url: str, spelling: str, shell: Shell) -> None:
    """As written, each request would be answered 421. The spelling is itself taken; user names and passwords are not repeated."""
    assert refusal(shell, url).endswith(f" Write {spelling} instead.\n")
    assert make_settings(Path(), "", public_url=spelling).public_url == spelling


@pytest.mark.parametrize("url", NO_ONES)
def test_a_url_that_no_browser_opens_is_refused(url: str, shell: Shell) -> None:
    """There is no spelling to propose."""
    assert "Write " not in refusal(shell, url)


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("HTTPS://Chat.Example.COM", "https://chat.example.com"),
        ("https://chat.example.com/", "https://chat.example.com"),
        ("https://chat.example.com:443/", "https://chat.example.com"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("https://chat.example.com:80", "https://chat.example.com:80"),
        ("  https://chat.example.com\r", "https://chat.example.com"),
        ("https://[2001:DB8::A]:443", "https://[2001:db8::a]"),
        ("https://my_bots.example.com", "https://my_bots.example.com"),
        ("https://r1---sn-bots.example.com", "https://r1---sn-bots.example.com"),
        ("https://XN--BCHER-KVA.example", "https://xn--bcher-kva.example"),
        ("https://xn--n3h.example", "https://xn--n3h.example"),
        ("https://bots", "https://bots"),
        (f"https://{LABEL}.example", f"https://{LABEL}.example"),
    ],
)
def test_case_the_default_port_and_one_slash_make_no_difference(url: str, meant: str) -> None:
    """Nor does white space around; everything else stands as browsers send it, underscores and hyphens included."""
    settings = make_settings(Path(), "", public_url=url)
    assert settings.public_url == meant
    assert settings.public_host == meant.partition("://")[2]


def test_an_empty_public_url_moves_along_with_the_port(shell: Shell) -> None:
    """As one that is not set does."""
    with serving(shell.with_settings(XPRESSBOT_PUBLIC_URL=" ")) as server:
        assert f"serves http://localhost:{server.port} " in server.stdout.read_text()
        assert httpx.get(f"{server.url}/sign-in").status_code == 200
