"""Settings by environment: one frozen, validated value. docs/settings.md describes each."""

import ipaddress
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from xpressbot.foundation.database.read_only import url_of_file
from xpressbot.foundation.mail.message import read_sender
from xpressbot.foundation.mail.smtp_url import about_mail, read_smtp_url
from xpressbot.foundation.networks import Network, read_networks
from xpressbot.foundation.public_origin import public_origin
from xpressbot.foundation.unknown_setting_names import about_unknown_names

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

PREFIX: Final = "XPRESSBOT_"
_DRIVER: Final = "postgresql+psycopg"
_DATABASE_DRIVERS: Final = frozenset({"sqlite", "postgresql", "postgres", _DRIVER})
LOOPBACK_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_IN_MEMORY: Final = frozenset({None, "", ":memory:"})
"""What SQLite takes for a database that is each connection's own, and gone with it."""
_MOST_ARGON2_MEMORY_KIB: Final = 2 * 1024**2
"""2 GiB, the most that RFC 9106 section 4 recommends. Far above it no hash is made at all, and the start ends in a failure."""
_MOST_ARGON2_ITERATIONS: Final = 100
_MOST_DAYS: Final = 100 * 365
_QUOTES: Final = ('"', "'")
_PLAIN_HTTP: Final = (
    "XPRESSBOT_PUBLIC_URL is plain http beyond this machine: passwords and codes would travel unencrypted. Use https"
    " (see docs/operations.md), or set XPRESSBOT_ALLOW_PLAIN_HTTP=true and live with a warning on every page."
)


class SettingsError(Exception):
    """The environment does not make a usable configuration. The message says what to change."""


class Settings(BaseSettings):
    """Everything an operator can decide. Unknown XPRESSBOT_ names are refused: a typo must not switch a protection off.

    White space around a value is no part of it, and an empty value counts as not set.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    data_dir: Path = Path("var/data")
    key_file: Path = Path("var/keys/keyring.json")
    database_url: str = Field(default="", repr=False)
    public_url: str = "http://localhost:8000"
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()
    metrics_from: Annotated[tuple[Network, ...], NoDecode] = ()
    allow_plain_http: bool = False
    hsts_seconds: int = Field(default=2592000, ge=0)
    hsts_subdomains: bool = False
    password_min_length: int = Field(default=15, ge=8, le=128)
    argon2_memory_kib: int = Field(default=47104, ge=8, le=_MOST_ARGON2_MEMORY_KIB)
    argon2_iterations: int = Field(default=1, ge=1, le=_MOST_ARGON2_ITERATIONS)
    recovery_codes_viewable: bool = True
    keep_conversations_days: int = Field(default=365, ge=1, le=_MOST_DAYS)
    smtp_url: str = Field(default="", repr=False)
    smtp_password_file: Path | None = None
    mail_from: str = ""
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @model_validator(mode="before")
    @classmethod
    def _without_what_is_empty(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        stripped = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
        return {name: value for name, value in stripped.items() if value != ""}

    @field_validator("data_dir", "key_file", "smtp_password_file", mode="before")
    @classmethod
    def _whole_path(cls, value: object) -> object:
        if isinstance(value, str) and value.startswith("~"):
            raise ValueError("must be a whole path: no shell puts a home directory in the place of ~ here")
        return value

    @field_validator("trusted_proxies", "metrics_from", mode="before")
    @classmethod
    def _list_of_networks(cls, value: object) -> object:
        return read_networks(value) if isinstance(value, str) else value

    @field_validator("log_format", "log_level", mode="before")
    @classmethod
    def _in_any_case(cls, value: object, info: ValidationInfo) -> object:
        return (value.upper() if info.field_name == "log_level" else value.lower()) if isinstance(value, str) else value

    @field_validator("data_dir")
    @classmethod
    def _can_stand_in_a_url(cls, value: Path) -> Path:
        try:
            str(value).encode()
        except UnicodeEncodeError:
            raise ValueError("must be a path in UTF-8") from None
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value and not _is_usable(value):
            raise ValueError(
                "must be like postgresql://name:password@host/database or sqlite:////var/lib/xpressbot.sqlite3, with a host that can be and"
                " options that PostgreSQL knows"
            )
        return value

    @field_validator("smtp_url")
    @classmethod
    def _known_mail_server(cls, value: str) -> str:
        if value:
            read_smtp_url(value)
        return value

    @field_validator("mail_from")
    @classmethod
    def _usable_sender(cls, value: str) -> str:
        if value:
            read_sender(value)
        return value

    @field_validator("public_url")
    @classmethod
    def _as_browsers_send_it(cls, value: str) -> str:
        return public_origin(value)

    @field_validator("*", mode="before")  # the last of these is asked first
    @classmethod
    def _without_quotation_marks(cls, value: object) -> object:
        if isinstance(value, str) and len(value) > 1 and value.startswith(_QUOTES) and value.endswith(value[0]):
            raise ValueError("stands in quotation marks, which belong to the value where no shell takes them away: write it without them")
        return value

    @property
    def url(self) -> str:
        """The database URL in force: the given one, or the embedded SQLite file in the data directory."""
        given = self.database_url or url_of_file(self.data_dir / "xpressbot.sqlite3")
        scheme, separator, rest = given.partition("://")
        return f"{_DRIVER}{separator}{rest}" if scheme in {"postgresql", "postgres"} else given

    @cached_property
    def https(self) -> bool:
        """Whether people reach the dashboard by https; decides cookie prefixes, Secure and HSTS."""
        return self.public_url.startswith("https://")

    @property
    def public_host(self) -> str:
        """Host and port of the public URL, the default port left out."""
        return normalised_host(urlsplit(self.public_url).netloc, https=self.https)

    @property
    def public_is_loopback(self) -> bool:
        """Whether the public URL names this machine only."""
        return _without_port(self.public_host) in LOOPBACK_HOSTS

    @cached_property
    def allowed_hosts(self) -> frozenset[str]:
        """Values of the Host header that are answered."""
        if not self.public_is_loopback:
            return frozenset({self.public_host})
        port = self.public_host[len(_without_port(self.public_host)) :]
        return frozenset(host + port for host in LOOPBACK_HOSTS)

    def answers_to(self, host: str) -> bool:
        """Whether a Host header with this value is answered."""
        return normalised_host(host, https=self.https) in self.allowed_hosts

    @property
    def plain_http_warning(self) -> bool:
        """Whether every page must warn that it travels unencrypted."""
        return not self.https and not self.public_is_loopback


def _is_usable(database_url: str) -> bool:
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):
        return False
    if url.drivername not in _DATABASE_DRIVERS:
        return False
    return _can_be_asked_for(url) if url.drivername != "sqlite" else url.database not in _IN_MEMORY


def _can_be_asked_for(server: URL) -> bool:
    """Whether the driver takes hosts and options, which it would refuse at the first connection only, and as a bug of ours."""
    from psycopg import ProgrammingError  # noqa: PLC0415  # a server on SQLite does without the driver
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415

    dialect = server.set(drivername=_DRIVER).get_dialect()()
    try:
        _, options = dialect.create_connect_args(server)
        make_conninfo(**options)
        for host in str(options.get("host", "")).split(","):
            if not host.startswith(("/", "@")):
                host.encode("idna")
    except (ArgumentError, ProgrammingError, ValueError):
        return False
    return True


def normalised_host(netloc: str, *, https: bool) -> str:
    """A Host value in lower case without the scheme's default port."""
    return netloc.lower().removesuffix(":443" if https else ":80")


def _without_port(host: str) -> str:
    return host if host.endswith("]") else host.rpartition(":")[0] or host


def load_settings() -> Settings:
    """Read the environment.

    Raises SettingsError for unknown XPRESSBOT_ names, unusable values, and plain http beyond this machine that was not
    asked for: all of them at once.
    """
    settings, _defaulted, complaint = load_usable_settings()
    if complaint:
        raise SettingsError(complaint)
    return settings


def load_usable_settings() -> tuple[Settings, frozenset[str], str]:
    """Read the environment as far as it can be used: unusable values are replaced by the defaults.

    Beside the settings come the names of the fields whose values were replaced, and everything that is wrong, in sentences.
    """
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    complaints, defaulted = about_unknown_names(os.environ, known, prefix=PREFIX), frozenset[str]()
    try:
        settings = Settings()
    except ValidationError as error:
        said: dict[str, dict[str, None]] = {}
        for problem in error.errors(include_input=False):
            said.setdefault(str(problem["loc"][0]), {})[_sentence(problem)] = None
        complaints += [f"{PREFIX}{name.upper()}: {'; '.join(sentences)}." for name, sentences in said.items()]
        defaulted = frozenset(said)
        settings = Settings(**{name: Settings.model_fields[name].default for name in defaulted})
    if settings.plain_http_warning and not settings.allow_plain_http and "allow_plain_http" not in defaulted:
        complaints.append(_PLAIN_HTTP)
    if not defaulted & {"smtp_url", "smtp_password_file", "mail_from"}:
        complaints += about_mail(settings.smtp_url, settings.smtp_password_file, settings.mail_from)
    return settings, defaulted, " ".join(complaints)


def _sentence(problem: "ErrorDetails") -> str:
    """What is wrong with a value, without the value: it may be a secret."""
    kind = problem["type"]
    if kind == "value_error":
        return str(problem["ctx"]["error"])
    if kind.startswith("bool_"):
        return "must be true or false"
    if kind.startswith("int_"):
        return "must be a whole number"
    return problem["msg"].replace("Input should be", "must be", 1)


def check_listener(settings: Settings, host: str) -> None:
    """Refuse a listener that strangers reach without the proxy that https needs.

    Raises SettingsError.
    """
    try:
        on_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        on_loopback = False
    if settings.https and not on_loopback and not settings.trusted_proxies:
        raise SettingsError(
            f"--host {host} is open to the network while XPRESSBOT_PUBLIC_URL is https: name the proxy that ends TLS in"
            " XPRESSBOT_TRUSTED_PROXIES, or listen on 127.0.0.1."
        )
    if not settings.https and not on_loopback and not settings.allow_plain_http:
        raise SettingsError(f"--host {host} is open to the network without encryption. Set XPRESSBOT_ALLOW_PLAIN_HTTP=true if you mean it.")
