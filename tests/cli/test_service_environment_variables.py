"""Variables that Kubernetes and Docker make for a service of our name, beside those that are settings."""

import pytest

from tests.doctor.report import run_doctor
from tests.support.command_line import Answer, Shell

NO_INSTALLATION = "There is no installation here"


def of_service(service: str, port: str = "80", kind: str = "tcp", address: str = "10.0.0.1") -> dict[str, str]:
    """What a container finds of one service (Kubernetes: Accessing the Service, Environment Variables)."""
    bracketed = f"[{address}]" if ":" in address else address
    each = f"{service}_PORT_{port}_{kind.upper()}"
    return {
        f"{service}_SERVICE_HOST": address,
        f"{service}_SERVICE_PORT": port,
        f"{service}_SERVICE_PORT_HTTP": port,
        f"{service}_SERVICE_PORT_HTTP_ALT_2": port,
        f"{service}_PORT": f"{kind}://{bracketed}:{port}",
        each: f"{kind}://{bracketed}:{port}",
        f"{each}_PROTO": kind,
        f"{each}_PORT": port,
        f"{each}_ADDR": address,
    }


@pytest.mark.parametrize(
    "names",
    [
        of_service("XPRESSBOT"),
        of_service("XPRESSBOT", "8000", "udp"),
        of_service("XPRESSBOT", "65535", "sctp", "fd00::1"),
        of_service("XPRESSBOT_DB", "5432"),
    ],
    ids=["service", "udp", "sctp and IPv6", "another service whose name begins alike"],
)
def test_the_names_of_a_service_are_ignored(names: dict[str, str], shell: Shell) -> None:
    """All of them at once, by commands and by the doctor."""
    answer = shell.with_settings(**names).run("accounts", "list")
    assert answer.err.startswith(NO_INSTALLATION)
    report = run_doctor(shell.with_settings(**names))
    assert report.severity_of("settings") == "ok"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("XPRESSBOT_PORT", "8000"),
        ("XPRESSBOT_PORT", "http://10.0.0.1:80"),
        ("XPRESSBOT_PORT", "tcp://10.0.0.1"),
        ("XPRESSBOT_PORT", ""),
        ("XPRESSBOT_SERVICE_HOST", "chat.example.com"),
        ("XPRESSBOT_SERVICE_HOST", "true"),
        ("XPRESSBOT_SERVICE_PORT", "eighty"),
        ("XPRESSBOT_SERVICE_PORT", "0x50"),
        ("XPRESSBOT_PORT_8000_TCP", "8000"),
        ("XPRESSBOT_PORT_8000_TCP_PROTO", "http"),
        ("XPRESSBOT_PORT_8000_TCP_ADDR", "example"),
        ("XPRESSBOT_PORT_8000_HTTP", "tcp://10.0.0.1:80"),
        ("XPRESSBOT_PORT_HTTP_TCP", "tcp://10.0.0.1:80"),
        ("XPRESSBOT_HOST", "10.0.0.1"),
        ("XPRESSBOT_SERVICE", "10.0.0.1"),
        ("XPRESSBOT_SERVICE_PORTS", "80"),
        ("xpressbot_service_host", "10.0.0.1"),
        ("XPRESSBOT_TRUSTED_PROXY", "10.0.0.1"),
        ("XPRESSBOT_PASWORD_MIN_LENGTH", "20"),
    ],
)
def test_whatever_else_begins_like_a_setting_is_refused(name: str, value: str, shell: Shell) -> None:
    """By its name, or by a value that no service has: a typing error must not switch a protection off."""
    answer = shell.with_settings(**{name: value}).run("accounts", "list")
    assert answer.code == 2
    assert answer.err.startswith(f"{name}: no such setting. docs/settings.md lists them all.")


@pytest.mark.parametrize(
    ("name", "option"), [("XPRESSBOT_PORT", "--port"), ("XPRESSBOT_HOST", "--host"), ("XPRESSBOT_WORKERS", "--workers or WEB_CONCURRENCY")]
)
def test_what_is_an_option_of_serve_is_said_to_be_one(name: str, option: str, shell: Shell) -> None:
    """With its spelling, beside what else is wrong."""
    said = f"{name}: no such setting. docs/settings.md lists them all. For {name} there is xpressbot serve {option}.\n"
    assert shell.with_settings(**{name: "2"}).run("serve") == Answer(2, "", said)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("XPRESSBOT_PASWORD_MIN_LENGTH", "XPRESSBOT_PASSWORD_MIN_LENGTH"),
        ("XPRESSBOT_TRUSTED_PROXY", "XPRESSBOT_TRUSTED_PROXIES"),
        ("xpressbot_log_level", "XPRESSBOT_LOG_LEVEL"),
    ],
)
def test_a_name_that_is_nearly_a_setting_s_is_told_with_it(name: str, near: str, shell: Shell) -> None:
    """Names are in capital letters."""
    answer = shell.with_settings(**{name: "INFO"}).run("accounts", "list")
    assert answer.err == f"{name}: no such setting. docs/settings.md lists them all. For {name} there is {near}.\n"
