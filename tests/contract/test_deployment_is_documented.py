"""The files of deploy/ against each other, the code, and what the documents say of them."""

import re

import pytest

from tests.contract.documents import ROOT, code_lines, code_spans, read, table
from xpressbot.entrypoints.http.factors.registry import FACTOR_PAGES, FACTORS
from xpressbot.entrypoints.http.pages import all_pages
from xpressbot.entrypoints.http.routing import SignedInPage

OPERATIONS = read("docs/operations.md")
FILES = sorted(path.name for path in (ROOT / "deploy").iterdir())
UNIT, ENVIRONMENT, NGINX, CADDY = (read(f"deploy/{name}") for name in ("xpressbot.service", "xpressbot.env", "nginx.conf", "Caddyfile"))
ONLY_FOR_SCREENSHOTS = {"fonts-dejavu-core", "fonts-lohit-deva"}


@pytest.mark.parametrize("name", FILES)
def test_operations_says_where_each_file_goes(name: str) -> None:
    """The document links to it, and names the place that the file itself asks to be copied to."""
    assert f"](../deploy/{name})" in OPERATIONS
    (place,) = re.findall(r"copy to (/[\w./-]*\w/?)", read(f"deploy/{name}"))
    assert place in OPERATIONS


def test_the_proxies_speak_to_where_the_service_listens() -> None:
    """Address and port of the unit's command, and the public name of its settings."""
    (host,), (port,) = (re.findall(rf"^ExecStart=.* --{option} (\S+)", UNIT, re.MULTILINE) for option in ("host", "port"))
    assert set(re.findall(r"proxy_pass http://([^;]+);", NGINX)) == {f"{host}:{port}"}
    assert re.findall(r"reverse_proxy (\S+)", CADDY) == [f"{host}:{port}"]
    assert f"{host}:{port}" in code_spans("docs/operations.md")
    (name,) = re.findall(r"^XPRESSBOT_PUBLIC_URL=https://(\S+)", ENVIRONMENT, re.MULTILINE)
    assert set(re.findall(r"server_name (\S+);", NGINX)) == {name}
    assert f"\n{name} {{\n" in CADDY


def test_the_directories_that_operations_names_are_those_of_the_settings() -> None:
    """A reader who follows the document to back up or to look finds what is meant."""
    settings = dict(re.findall(r"^(XPRESSBOT_\w+)=(.*)$", ENVIRONMENT, re.MULTILINE))
    places = {row["What"]: row["Where"] for row in table("docs/operations.md", "What") if "Whose" in row}
    (program,) = re.findall(r"^ExecStart=(\S+)/bin/xpressbot ", UNIT, re.MULTILINE)
    assert places["the SQLite database"] == settings["XPRESSBOT_DATA_DIR"]
    assert places["the key ring"] == settings["XPRESSBOT_KEY_FILE"].rpartition("/")[0]
    assert places["the program"] == program


def test_an_upgrade_brings_dependencies_then_the_program_then_the_unit() -> None:
    """A wheel of the same version is passed over by pip unless it is told not to, and a changed unit by systemd."""
    upgrades = OPERATIONS.partition("\n## Upgrades\n")[2].partition("\n## ")[0]
    steps = ("make wheel", "pip install --require-hashes -r requirements.txt", "pip install --no-deps --force-reinstall", "daemon-reload")
    places = [upgrades.index(step) for step in steps]
    assert places == sorted(places)


def test_the_proxy_is_there_before_the_link_that_needs_it() -> None:
    """The first start prints a link that is good for an hour, and only the proxy makes it one that opens."""
    service = OPERATIONS.partition("\n## As a service\n")[2].partition("\n## ")[0]
    assert service.index("](#https-behind-a-proxy)") < service.index("systemctl enable --now xpressbot")
    assert "`systemctl restart xpressbot`" in service


def test_the_application_refuses_a_large_form_before_nginx_does() -> None:
    """People then read its own page."""
    (limit,) = map(int, re.findall(r"client_max_body_size (\d+)k;", NGINX))
    assert limit * 1024 > max(page.form_limits.body_bytes for page in all_pages(FACTORS, FACTOR_PAGES) if isinstance(page, SignedInPage))


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_the_packages_that_the_suite_needs_are_what_continuous_integration_installs(document: str) -> None:
    """A reader who copies the line can run everything."""
    (installed,) = re.findall(r"apt-get install -y [^>]*?recommends \\\n +([^>]*) >", read(".ci/run"))
    (named,) = (line.removeprefix("apt-get install ") for line in code_lines(document) if line.startswith("apt-get install "))
    assert set(named.split()) == set(installed.split()) - ONLY_FOR_SCREENSHOTS


@pytest.mark.parametrize("name", FILES)
def test_no_file_of_the_proxies_sets_what_the_application_sets(name: str) -> None:
    """How long browsers insist on https is a setting, and a header that comes twice counts by its first line (RFC 6797 section 8.1)."""
    assert "strict-transport-security" not in read(f"deploy/{name}").lower()
