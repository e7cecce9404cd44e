"""Settings that make no usable configuration stop every command with a sentence, never with a traceback."""

import sqlite3
from pathlib import Path

import pytest

from tests.support.command_line import Shell
from xpressbot.bootstrap import SCHEMA
from xpressbot.foundation.settings import PREFIX, Settings, load_settings

MISCONFIGURED = 2


def refusal(shell: Shell, *arguments: str, **settings: str) -> str:
    """The line or two with which a command refuses to work."""
    answer = shell.with_settings(**settings).run(*arguments)
    assert (answer.code, answer.out) == (MISCONFIGURED, "")
    assert "Traceback" not in answer.err
    assert len(answer.err.splitlines()) <= 2, answer.err
    return answer.err


def test_an_unknown_setting_is_an_error(shell: Shell) -> None:
    """A typo must not switch a protection off: each unknown name is told."""
    said = refusal(shell, "serve", XPRESSBOT_PASWORD_MIN_LENGTH="20", XPRESSBOT_DEBUG="1")
    assert said.startswith("XPRESSBOT_DEBUG, XPRESSBOT_PASWORD_MIN_LENGTH: no such setting.")
    assert not (shell.directory / "var").exists()


def test_everything_that_is_wrong_is_told_at_once(shell: Shell) -> None:
    """An operator who mends one need not start again to learn of the next."""
    said = refusal(
        shell,
        "serve",
        XPRESSBOT_DEBUG="1",
        XPRESSBOT_LOG_LEVEL="loud",
        XPRESSBOT_PUBLIC_URL="http://chat.example.com",
        XPRESSBOT_DATA_DIR="d",
    )
    assert "XPRESSBOT_DEBUG: no such setting." in said
    assert "XPRESSBOT_LOG_LEVEL: " in said
    assert "plain http beyond this machine" in said
    assert "DATA_DIR" not in said


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("XPRESSBOT_PASSWORD_MIN_LENGTH", "three", "must be a whole number"),
        ("XPRESSBOT_PASSWORD_MIN_LENGTH", "20 # or so", "must be a whole number"),
        ("XPRESSBOT_PASSWORD_MIN_LENGTH", "9" * 5000, "must be a whole number"),
        ("XPRESSBOT_PASSWORD_MIN_LENGTH", "7", "greater than or equal to 8"),
        ("XPRESSBOT_LOG_FORMAT", "xml", "'console' or 'json'"),
        ("XPRESSBOT_LOG_LEVEL", "loud", "must be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("XPRESSBOT_ALLOW_PLAIN_HTTP", "perhaps", "must be true or false"),
        ("XPRESSBOT_TRUSTED_PROXIES", "10.0.0.0/8, nonsense", "network"),
        ("XPRESSBOT_PUBLIC_URL", "chat.example.com", "must be an origin like https://chat.example.com"),
        ("XPRESSBOT_PUBLIC_URL", "https://chat.example.com/xpressbot", "without a path"),
        ("XPRESSBOT_PUBLIC_URL", "https://user:secret@chat.example.com", "must be an origin"),
        ("XPRESSBOT_ARGON2_MEMORY_KIB", "0", "greater than or equal to 8"),
        ("XPRESSBOT_ARGON2_MEMORY_KIB", "47104000", "less than or equal to 2097152"),
        ("XPRESSBOT_ARGON2_ITERATIONS", "47104", "less than or equal to 100"),
        ("XPRESSBOT_DATA_DIR", "~/xpressbot", "must be a whole path"),
        ("XPRESSBOT_KEY_FILE", "~anna/keyring.json", "must be a whole path"),
        ("XPRESSBOT_PUBLIC_URL", '"https://secret.example"', "stands in quotation marks"),
        ("XPRESSBOT_DATABASE_URL", '"postgresql://bot:secret@h/x"', "stands in quotation marks"),
        ("XPRESSBOT_DATA_DIR", '"/var/lib/xpressbot"', "stands in quotation marks"),
        ("XPRESSBOT_LOG_LEVEL", "'INFO'", "stands in quotation marks"),
        ("XPRESSBOT_TRUSTED_PROXIES", "'10.0.0.0/8'", "stands in quotation marks"),
        ("XPRESSBOT_ALLOW_PLAIN_HTTP", '""', "stands in quotation marks"),
    ],
)
def test_an_unusable_value_is_named_and_explained(shell: Shell, name: str, value: str, words: str) -> None:
    """The setting's full name, and what it should be; a value is never repeated, since it may be a secret."""
    said = refusal(shell, "accounts", "list", **{name: value})
    assert said.startswith(f"{name}")
    assert words in said
    assert "secret" not in said


@pytest.mark.parametrize("value", ["", " ", "\t\r\n"])
def test_a_setting_that_is_empty_counts_as_not_set(shell: Shell, value: str) -> None:
    """Each has its default, as with `XPRESSBOT_ALLOW_PLAIN_HTTP=` in a file; a name that is no setting stays an error."""
    names = {f"{PREFIX}{name.upper()}": value for name in Settings.model_fields}
    answer = shell.with_settings(**names).run("db", "upgrade")
    assert (answer.code, answer.err) == (0, "")
    assert (shell.directory / "var" / "data" / "xpressbot.sqlite3").is_file()
    assert "XPRESSBOT_DEBUG: no such setting." in refusal(shell, "accounts", "list", XPRESSBOT_DEBUG=value)


@pytest.mark.parametrize(
    ("name", "value", "field", "meant"),
    [
        ("XPRESSBOT_LOG_LEVEL", "info", "log_level", "INFO"),
        ("XPRESSBOT_LOG_LEVEL", " Warning\r", "log_level", "WARNING"),
        ("XPRESSBOT_LOG_FORMAT", "JSON", "log_format", "json"),
        ("XPRESSBOT_ALLOW_PLAIN_HTTP", " True ", "allow_plain_http", True),
        ("XPRESSBOT_ALLOW_PLAIN_HTTP", "1\r", "allow_plain_http", True),
        ("XPRESSBOT_RECOVERY_CODES_VIEWABLE", "FALSE", "recovery_codes_viewable", False),
        ("XPRESSBOT_PASSWORD_MIN_LENGTH", " 20\r", "password_min_length", 20),
        ("XPRESSBOT_ARGON2_MEMORY_KIB", "2097152", "argon2_memory_kib", 2**21),
        ("XPRESSBOT_DATA_DIR", " /var/lib/x y\r", "data_dir", Path("/var/lib/x y")),
        ("XPRESSBOT_DATABASE_URL", " postgresql://h/x ", "database_url", "postgresql://h/x"),
    ],
)
def test_case_and_white_space_around_make_no_difference(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, field: str, meant: object
) -> None:
    """Whatever an editor, a shell or another system's line end made of it."""
    monkeypatch.setenv(name, value)
    assert getattr(load_settings(), field) == meant


def test_a_public_url_with_an_unusable_port_is_refused(shell: Shell) -> None:
    """Letters, or a number that no port has."""
    for url in ("http://127.0.0.1:99999", "http://127.0.0.1:eight"):
        assert "XPRESSBOT_PUBLIC_URL" in refusal(shell, "accounts", "list", XPRESSBOT_PUBLIC_URL=url)


def test_plain_http_beyond_this_machine_must_be_asked_for(shell: Shell) -> None:
    """The message says what is at stake and what to set."""
    said = refusal(shell, "serve", XPRESSBOT_PUBLIC_URL="http://chat.example.com")
    assert "plain http beyond this machine" in said
    assert "XPRESSBOT_ALLOW_PLAIN_HTTP=true" in said
    assert (
        shell.with_settings(XPRESSBOT_PUBLIC_URL="http://chat.example.com", XPRESSBOT_ALLOW_PLAIN_HTTP="true").run("db", "upgrade").code
        == 0
    )


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "chat.example.com", ""])
def test_a_listener_beyond_loopback_must_be_asked_for(shell: Shell, host: str) -> None:
    """Without encryption a flag is needed; with https, the proxy that ends it must be named."""
    plain = refusal(shell, "serve", "--host", host)
    assert plain.startswith(f"--host {host} is open to the network without encryption.")
    assert "XPRESSBOT_ALLOW_PLAIN_HTTP=true" in plain
    secure = refusal(shell, "serve", "--host", host, XPRESSBOT_PUBLIC_URL="https://chat.example.com")
    assert "XPRESSBOT_TRUSTED_PROXIES" in secure
    assert not (shell.directory / "var").exists()


def test_an_embedded_database_in_an_impossible_place_is_explained(shell: Shell) -> None:
    """A file where the data directory should be."""
    (shell.directory / "taken").write_text("a file")
    said = refusal(shell, "accounts", "list", XPRESSBOT_DATA_DIR="taken/data")
    assert "taken/data" in said


@pytest.mark.parametrize("name", ["XPRESSBOT_DATA_DIR", "XPRESSBOT_KEY_FILE"])
@pytest.mark.parametrize("place", ["x" * 300, "/proc/none"])
def test_a_place_that_no_file_system_has_is_explained(shell: Shell, name: str, place: str) -> None:
    """A name that is too long, a file system that takes no files. A database that was made before is told of."""
    answer = shell.with_settings(**{name: place}).run("serve")
    assert (answer.code, place in answer.err, "Traceback" in answer.err) == (2, True, False)
    assert answer.out == "".join(f"Made the database {made}.\n" for made in shell.directory.glob("var/data/*.sqlite3"))


def test_a_server_that_cannot_be_reached_is_explained(shell: Shell) -> None:
    """No traceback, and the database's password is not repeated."""
    said = refusal(shell, "accounts", "list", XPRESSBOT_DATABASE_URL="postgresql://bot:canary-word@127.0.0.1:1/none")
    assert said.startswith("The database cannot be reached: ")
    assert "canary-word" not in said


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://root@127.0.0.1/x",
        "postgresql+psycopg2://h/x",
        "postgresql://bot:canary-word@h:port/x",
        "sqlite",
        "sqlite://",
        "postgresql://bot@/x?host=a/../x",
        "postgresql://bot@a..b/x",
        "postgres://bot:canary-word@h/x?sslmod=require",
        "postgresql+psycopg://h/x?host=a&port=canary-word",
    ],
)
def test_a_database_url_that_is_none_is_explained(shell: Shell, url: str) -> None:
    """Other databases, other drivers, scribbles; what was set is not repeated, since it may hold a password."""
    said = refusal(shell, "accounts", "list", XPRESSBOT_DATABASE_URL=url)
    assert said.startswith("XPRESSBOT_DATABASE_URL: ")
    assert "canary-word" not in said


@pytest.mark.parametrize("command", [("accounts", "list"), ("serve",), ("db", "upgrade")])
def test_a_file_that_is_no_database_is_explained(shell: Shell, command: tuple[str, ...]) -> None:
    """Every command that opens it says so in one line."""
    (shell.directory / "broken.sqlite3").write_bytes(b"this is no database, whatever its name says" * 100)
    said = refusal(shell, *command, XPRESSBOT_DATABASE_URL="sqlite:///broken.sqlite3")
    assert "file is not a database" in said


def test_a_database_of_a_newer_version_stops_every_command(shell: Shell) -> None:
    """The message tells both schemas."""
    assert shell.run("db", "upgrade").out.endswith(f"The database is at schema {SCHEMA.head}.\n")
    connection = sqlite3.connect(shell.directory / "var" / "data" / "xpressbot.sqlite3")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    for command in (("serve",), ("db", "upgrade"), ("accounts", "list")):
        assert refusal(shell, *command).startswith(f"The database is at schema identity 9999, chat 0100, this program knows {SCHEMA.head}.")


def test_a_key_ring_that_is_missing_or_open_to_others_stops_the_start(shell: Shell) -> None:
    """The message says what to do, and no new ring is made."""
    assert shell.run("accounts", "create", "--email", "anna@example.com", "--name", "Anna", stdin="violet-anchor-meadow-kettle").code == 0
    ring = shell.directory / "var" / "keys" / "keyring.json"
    ring.chmod(0o644)
    assert "Run: chmod 600 var/keys/keyring.json" in refusal(shell, "serve")
    saved = ring.rename(ring.with_suffix(".saved"))
    said = refusal(shell, "serve")
    assert said.startswith("The key ring var/keys/keyring.json is missing")
    assert "Put your saved copy back" in said
    assert list(ring.parent.iterdir()) == [saved]
    saved.chmod(0o600)
    saved.rename(ring)
    assert shell.run("accounts", "list").code == 0


def test_the_version_is_printed(shell: Shell) -> None:
    """Without opening anything."""
    answer = shell.run("--version")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.strip().count(".") == 2
    assert not (shell.directory / "var").exists()
