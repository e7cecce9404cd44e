"""Codes and URIs agree with programs that are not ours: pyotp, OATH Toolkit, KeePassXC."""

import shutil
import subprocess
import time
from functools import partial
from pathlib import Path
from xml.sax.saxutils import escape

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpressbot.foundation.times import SECOND
from xpressbot.identity.factors.totp.rules.hotp import hotp
from xpressbot.identity.factors.totp.rules.otpauth import base32_key, provisioning_uri
from xpressbot.identity.factors.totp.rules.totp import step_at, verify

OATHTOOL, KEEPASSXC = shutil.which("oathtool"), shutil.which("keepassxc-cli")
SECRET = bytes.fromhex("c0ffee00d15ea5eddeadbeef0123456789abcdef")


@given(st.binary(min_size=20, max_size=20), st.integers(30, 2**37))
def test_pyotp_shows_the_codes_we_accept(secret: bytes, seconds: int) -> None:
    """For any secret and time, pyotp's code is ours, and proves the current step or an equal one beside it."""
    code = pyotp.TOTP(base32_key(secret)).at(seconds)
    assert code == hotp(secret, seconds // 30)
    assert verify(secret, code, seconds * SECOND) in {seconds // 30, seconds // 30 + 1}


@pytest.mark.skipif(OATHTOOL is None, reason="oathtool is not installed")
@pytest.mark.parametrize("seconds", [59, 1111111109, 1790000000, 20000000000])
def test_oathtool_shows_the_codes_we_accept(seconds: int) -> None:
    """OATH Toolkit computes a run of our codes from the key a person types."""
    command = [str(OATHTOOL), "--totp", "--base32", "--window=9", f"--now=@{seconds}", base32_key(SECRET)]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert [hotp(SECRET, seconds // 30 + ahead) for ahead in range(10)] == shown


@pytest.mark.skipif(KEEPASSXC is None, reason="keepassxc-cli is not installed")
@pytest.mark.parametrize("account", ["anna@example.com", "A & B: 100% #1 + \U0001f600"])
def test_keepassxc_reads_our_uri_and_shows_a_code_of_ours(tmp_path: Path, account: str) -> None:
    """KeePassXC takes the URI as its attribute, and shows the code of the current step."""
    uri = provisioning_uri(SECRET, issuer="XpressBot chat.example.com 8443", account=account)
    export, vault = tmp_path / "vault.xml", tmp_path / "vault.kdbx"
    export.write_text(
        "<KeePassFile><Meta/><Root><Group><UUID>AAAAAAAAAAAAAAAAAAAAAQ==</UUID><Name>Root</Name>"
        "<Entry><UUID>AAAAAAAAAAAAAAAAAAAAAg==</UUID><String><Key>Title</Key><Value>phone</Value></String>"
        f"<String><Key>otp</Key><Value>{escape(uri)}</Value></String></Entry></Group></Root></KeePassFile>",
        encoding="utf-8",
    )
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "QT_QPA_PLATFORM": "offscreen", "LC_ALL": "C.UTF-8"}
    run = partial(subprocess.run, input="vault\nvault\n", env=environment, check=True, capture_output=True, text=True)
    run([str(KEEPASSXC), "import", "-q", "-p", "-t", "100", str(export), str(vault)])
    before = step_at(time.time_ns() // 1000)
    shown = run([str(KEEPASSXC), "show", "-q", "-t", str(vault), "phone"]).stdout.strip()
    after = step_at(time.time_ns() // 1000)
    assert shown in {hotp(SECRET, step) for step in range(before, after + 1)}
