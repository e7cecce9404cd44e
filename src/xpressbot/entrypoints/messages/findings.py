"""Findings in words: what is wrong, and how to mend it."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from xpressbot.diagnostics.findings import Check, Finding, Problem, Severity
from xpressbot.entrypoints.messages.addresses import listed_address
from xpressbot.entrypoints.messages.translation import _
from xpressbot.foundation.logging import printable
from xpressbot.foundation.times import SECOND
from xpressbot.identity.sessions.rules.assurance import Method

MOST_LISTED: Final = 10
MOST_ROWS_LISTED: Final = 3
"""Rows have long names, and say little to people."""
_MEBIBYTE: Final = 1024**2


@dataclass(frozen=True, slots=True)
class Advice:
    """A finding as people read it. A remedy is there only where something is wrong."""

    title: str
    what: str
    remedy: str


def advice(finding: Finding) -> Advice:
    """Put a finding into words. Of what it names, a terminal must obey nothing, and a page must be able to send all."""
    what, remedy = (_well(finding), "") if finding.problem is None else _PROBLEMS[finding.problem]
    spoken = {name: printable(_spoken(name, value)) for name, value in finding.facts.items()}
    typed = {name: printable(_typed(value)) for name, value in finding.facts.items() if name in _PATHS}
    return Advice(TITLES[finding.check], what % spoken, remedy % (spoken | typed))


def _well(finding: Finding) -> str:
    match finding:
        case Finding(check=Check.SEALED_SECRETS, facts={"stored": 0}):
            return _("Nothing is sealed yet.")
        case Finding(check=Check.PROXIES, facts={"networks": []}):
            return _("None is named, and none is needed.")
        case Finding(check=Check.CONNECTIONS, facts=facts) if "limit" not in facts:
            return _("SQLite has no such limit.")
        case _:
            return _WELL[finding.check]


def _spoken(name: str, value: Any) -> str:
    match value:
        case list():
            return _listed(value, MOST_ROWS_LISTED if name == "rows" else MOST_LISTED)
        case int() if name in _MOMENTS:
            return datetime.fromtimestamp(value // SECOND, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        case int() if name == "free":
            return _("%(count)d MiB") % {"count": value // _MEBIBYTE}
        case str() if name == "because":
            return TITLES[Check(value)]
        case str() if name == "direction":
            return _DIRECTIONS[value]
        case _:
            return str(value) or _("empty")


def _typed(value: Any) -> str:
    """Paths as a shell takes them: one, or those of a list of owners."""
    return shlex.quote(value) if isinstance(value, str) else shlex.join(entry["path"] for entry in value)


def _listed(values: Sequence[Any], most: int) -> str:
    named = ", ".join(_item(value) for value in values[:most])
    further = len(values) - most
    return named if further <= 0 else _("%(named)s and %(count)d more") % {"named": named, "count": further}


def _item(value: Any) -> str:
    match value:
        case {"email": email, "left": left}:
            return f"{listed_address(email)} ({left})"
        case {"path": path, "owner": owner}:
            return f"{path} ({owner})"
        case {"email": email, "method": method}:
            return f"{listed_address(email)} ({_METHODS[method]})"
        case {"email": email}:
            return listed_address(email)
        case _:
            return str(value)


_MOMENTS: Final = frozenset({"at", "newest"})
_PATHS: Final = frozenset({"path", "directory", "owners"})
_METHODS: Final = {Method.TOTP.value: _("codes from the app"), Method.RECOVERY_CODE.value: _("recovery codes")}
_DIRECTIONS: Final = {"ahead": _("ahead of"), "behind": _("behind")}

SEVERITIES: Final[Mapping[Severity, str]] = {
    Severity.OK: _("OK"),
    Severity.NOTE: _("Note"),
    Severity.SKIPPED: _("Not checked"),
    Severity.WARNING: _("Warning"),
    Severity.ERROR: _("Error"),
}

TITLES: Final[Mapping[Check, str]] = {
    Check.SETTINGS: _("Settings"),
    Check.DATABASE: _("Database"),
    Check.ENCODING: _("Encoding"),
    Check.SCHEMA: _("Schema"),
    Check.KEY_RING: _("Key ring"),
    Check.SEALED_SECRETS: _("Sealed secrets"),
    Check.KEYS_APART: _("Keys apart from data"),
    Check.FILE_MODES: _("File modes"),
    Check.CLOCK: _("Clock"),
    Check.PUBLIC_URL: _("Public URL"),
    Check.COOKIES: _("Cookies"),
    Check.PROXIES: _("Proxies"),
    Check.FORWARDED_HEADERS: _("Forwarded headers"),
    Check.HOST_HEADER: _("Host header"),
    Check.ENROLMENTS: _("Unfinished set-ups"),
    Check.RECOVERY_CODES: _("Recovery codes"),
    Check.SECOND_FACTORS: _("Second factors"),
    Check.CONNECTIONS: _("Connections"),
    Check.DISK_SPACE: _("Disk space"),
}

_WELL: Final[Mapping[Check, str]] = {
    Check.SETTINGS: _("All are known and usable."),
    Check.DATABASE: _("%(path)s answers."),
    Check.ENCODING: _("The database keeps every name as it is."),
    Check.SCHEMA: _("It is at %(found)s, as this program needs it."),
    Check.KEY_RING: _("%(path)s has the keys that this database needs."),
    Check.SEALED_SECRETS: _("%(tried)s of %(stored)s were tried, and each opens."),
    Check.KEYS_APART: _("The key ring does not lie with the data."),
    Check.FILE_MODES: _("Keys and data are their owner's only."),
    Check.CLOCK: _("This machine's clock agrees with the database."),
    Check.PUBLIC_URL: _("%(url)s"),
    Check.COOKIES: _("Nobody on the way sees them; the session's is called %(name)s."),
    Check.PROXIES: _("None of those that are trusted is a wide public network."),
    Check.FORWARDED_HEADERS: _("None came lately from anybody but a trusted proxy, and each of those names the client."),
    Check.HOST_HEADER: _("No proxy asked lately for another host."),
    Check.ENROLMENTS: _("None is left over."),
    Check.RECOVERY_CODES: _("Everybody with 2FA has enough left."),
    Check.SECOND_FACTORS: _("None is suspended."),
    Check.CONNECTIONS: _("There is room for the %(needed)s that this node may open."),
    Check.DISK_SPACE: _("There is room left."),
}

_PUT_THE_RING_BACK: Final = _("Put your saved copy in its place, or set XPRESSBOT_KEY_FILE to where the right one is.")
_SET_THE_CLOCK: Final = _("Set this machine's clock by NTP. Codes, limits and waiting times are computed with it.")

_PROBLEMS: Final[Mapping[Problem, tuple[str, str]]] = {
    Problem.NOT_CHECKED: (_("Not looked at before this is mended: %(because)s."), ""),
    Problem.CHECK_FAILED: (
        _("This could not be checked: %(error)s."),
        _("Run xpressbot doctor on the server, and look into its log lines. If they show no cause outside, it is a fault of XpressBot."),
    ),
    Problem.SETTINGS_UNUSABLE: ("%(complaint)s", _("Change the environment that the service gets. It does not start like this.")),
    Problem.DATABASE_MISSING: (
        _("There is no database at %(path)s."),
        _(
            "Before the very first start that is as it should be: run xpressbot serve. Otherwise run this in the service's working"
            " directory and with its settings, or restore a backup."
        ),
    ),
    Problem.DATABASE_UNREACHABLE: (
        _("The database cannot be reached: %(error)s."),
        _("See that it runs, and that XPRESSBOT_DATABASE_URL or XPRESSBOT_DATA_DIR names it and this user may use it."),
    ),
    Problem.DATABASE_LOCKED: (
        _("Another program keeps the database %(path)s locked."),
        _("End that program: a database tool that was left open, or a copy that hangs."),
    ),
    Problem.DATABASE_DAMAGED: (
        _("The database %(path)s is damaged: %(error)s."),
        _("Stop the service, move the file away, and restore a backup: xpressbot restore FILE."),
    ),
    Problem.ENCODING_NOT_UNICODE: (
        _("The database's encoding is %(found)s, which cannot keep everybody's name. The service does not start with it."),
        _(
            "Make another database, and move what this one holds into it (docs/operations.md says how):"
            " createdb --encoding=UTF8 --template=template0 --locale=C NAME"
        ),
    ),
    Problem.SCHEMA_MISSING: (
        _("The database holds nothing of XpressBot's yet."),
        _("If it is the right one, run xpressbot db upgrade; otherwise set XPRESSBOT_DATABASE_URL or XPRESSBOT_DATA_DIR."),
    ),
    Problem.SCHEMA_OLDER: (
        _("The database is at schema %(found)s, this program needs %(known)s."),
        _("Stop the service, back up, and run xpressbot db upgrade."),
    ),
    Problem.SCHEMA_MIGRATED_BY_START: (
        _("The database is at schema %(found)s, this program needs %(known)s."),
        _("Stop the service, back up, and start it: the start migrates it."),
    ),
    Problem.SCHEMA_NEWER: (
        _("The database is at schema %(found)s, this program knows %(known)s only."),
        _("Install the version that has migrated it, or a newer one."),
    ),
    Problem.KEY_RING_NOT_MADE: (_("There is no key ring at %(path)s, and nothing needs one yet."), _("The first start makes it.")),
    Problem.KEY_RING_MISSING: (_("The key ring %(path)s is missing, and the database needs it."), _PUT_THE_RING_BACK),
    Problem.KEY_RING_UNREADABLE: (
        _("The key ring %(path)s cannot be read: %(error)s."),
        _("Make it a file of the service's user, and run this as that user."),
    ),
    Problem.KEY_RING_DAMAGED: (_("The key ring %(path)s is damaged."), _PUT_THE_RING_BACK),
    Problem.KEY_RING_FORMAT_UNKNOWN: (
        _("The key ring %(path)s has a format that this version does not know."),
        _("Install the version that has written it, or a newer one."),
    ),
    Problem.KEY_MISSING: (_("The key ring %(path)s lacks keys that the database uses: %(keys)s."), _PUT_THE_RING_BACK),
    Problem.KEY_DOUBLED: (
        _("In the key ring %(path)s one key serves two purposes: %(keys)s both seals and recognises recovery codes."),
        _("Put your saved copy of the ring in its place; rings are not put together by hand."),
    ),
    Problem.LOOKUP_KEY_DIFFERS: (
        _("The key ring %(path)s has another lookup key than this database was made with: no recovery code would be recognised."),
        _PUT_THE_RING_BACK,
    ),
    Problem.SECRETS_DO_NOT_OPEN: (
        _("%(closed)s of %(tried)s sealed secrets do not open: %(rows)s."),
        _(
            "If the key ring is not the right one, put that back. If single rows were altered or moved, restore a backup, or let these"
            " people set up 2FA anew: xpressbot 2fa reset E --reason R."
        ),
    ),
    Problem.KEYS_BESIDE_DATA: (
        _("The key ring %(path)s lies with the data in %(directory)s: one copy of that directory holds both."),
        _("Stop the service, move the key ring elsewhere, and set XPRESSBOT_KEY_FILE to it."),
    ),
    Problem.KEY_RING_OPEN_TO_OTHERS: (_("The key ring %(path)s can be read by others (mode %(mode)s)."), _("Run: chmod 600 %(path)s")),
    Problem.KEY_RING_MOUNTED_OPEN_TO_OTHERS: (
        _("The key ring %(path)s can be read by others (mode %(mode)s), and is mounted read-only."),
        _(
            "Give it mode 0400 where it comes from, or 0440 with a group that the service's user is in. In Kubernetes that is defaultMode:"
            " 0400 with fsGroup."
        ),
    ),
    Problem.KEY_RING_READ_ONLY: (
        _("The key ring %(path)s is read-only (mode %(mode)s, group %(group)s), as a mounted secret is."),
        _("Nothing needs doing. To change its keys, change a copy that can be written, and put that where this one comes from."),
    ),
    Problem.KEY_DIRECTORY_WRITABLE: (
        _("Others can put another key ring into %(path)s (mode %(mode)s)."),
        _("Run: chmod 700 %(path)s"),
    ),
    Problem.DATA_DIRECTORY_WRITABLE: (
        _("Others can put another database into %(path)s (mode %(mode)s)."),
        _("Run: chmod 700 %(path)s"),
    ),
    Problem.DATA_OPEN_TO_OTHERS: (
        _("%(path)s can be read by others: the addresses, password hashes and sealed secrets of everybody."),
        _("Run: chmod 700 %(directory)s and chmod 600 %(path)s"),
    ),
    Problem.PARENT_DIRECTORY_WRITABLE: (
        _("Others can put other directories in the place of those in %(path)s that lead to keys or data (mode %(mode)s)."),
        _("Run: chmod go-w %(path)s"),
    ),
    Problem.OWNERS_DIFFER: (
        _("Keys and data are not all the service's user's, and who owns a part of them can change it: %(owners)s."),
        _("Stop the service and run as root, with the service's user for USER: chown USER %(owners)s"),
    ),
    Problem.CLOCK_DIFFERS: (_("This machine's clock is %(seconds)s seconds %(direction)s the database's."), _SET_THE_CLOCK),
    Problem.CLOCK_FAR_OFF: (
        _("This machine's clock is %(seconds)s seconds %(direction)s the database's: right codes are refused."),
        _SET_THE_CLOCK,
    ),
    Problem.CLOCK_SET_BACK: (
        _(
            "The database has records from %(newest)s, %(seconds)s seconds after this machine's time: its clock was set back, or was"
            " ahead before."
        ),
        _(
            "If this machine's clock is wrong, set it by NTP. If it is right, sessions, sign-ins and links that are dated in the future"
            " open nothing, and people sign in again. xpressbot 2fa clock-reset E ends those of an account:"
            " docs/operations.md says more."
        ),
    ),
    Problem.CODES_OF_THE_FUTURE: (
        _("Codes were used here while a clock was ahead, and until that time comes no code of these accounts is taken: %(accounts)s."),
        _(
            "If this machine's clock is wrong, set it by NTP. If it is right, run for each of them: xpressbot 2fa clock-reset E."
            " Until then they sign in with recovery codes."
        ),
    ),
    Problem.PHONES_AGREE: (
        _(
            "The phones of %(phones)s people seem to be about %(seconds)s seconds %(direction)s this machine's clock, all alike: it may"
            " be this machine's clock that is wrong."
        ),
        _SET_THE_CLOCK,
    ),
    Problem.PUBLIC_URL_PLAIN: (
        _("%(url)s is plain http beyond this machine: passwords and codes travel unencrypted."),
        _("Put a proxy with TLS before it, and set XPRESSBOT_PUBLIC_URL to https: docs/operations.md says how."),
    ),
    Problem.PUBLIC_URL_UNREACHABLE: (
        _("No browser can open %(url)s: that is an address to listen on, not one to visit."),
        _("Set XPRESSBOT_PUBLIC_URL to the address that people type."),
    ),
    Problem.COOKIES_UNPROTECTED: (
        _("Cookies travel unencrypted and without the __Host- prefix: whoever is on the way can take a session."),
        _("An https address in XPRESSBOT_PUBLIC_URL gives them Secure and their prefix."),
    ),
    Problem.PROXIES_UNNAMED: (
        _("%(url)s needs a proxy that ends TLS, and none is named: everybody shares its address, and one limit of tries."),
        _("Set XPRESSBOT_TRUSTED_PROXIES to the address from which the proxy connects, such as 127.0.0.1/32."),
    ),
    Problem.PROXIES_TOO_WIDE: (
        _("XPRESSBOT_TRUSTED_PROXIES trusts far too much of the Internet (%(networks)s): anybody can claim to come from anywhere."),
        _("Name only the addresses from which your proxies connect."),
    ),
    Problem.FORWARDED_BY_UNKNOWN: (
        _("%(peer)s, which is no trusted proxy, sent %(header)s at %(at)s. It counted for nothing."),
        _("If it is your proxy, name it in XPRESSBOT_TRUSTED_PROXIES; if not, close the port to all but the proxy."),
    ),
    Problem.CLIENT_NOT_NAMED: (
        _("%(peer)s, a trusted proxy, named no client at %(at)s: X-Forwarded-For was %(value)s. Clients share its limit of tries."),
        _(
            "Let it send the address that it sees. nginx: proxy_set_header X-Forwarded-For $remote_addr; Apache and Caddy do so by"
            " themselves. If it is no proxy, take it out of XPRESSBOT_TRUSTED_PROXIES."
        ),
    ),
    Problem.HOST_NOT_PASSED_ON: (
        _("%(peer)s asked for the host %(host)s at %(at)s. Only %(public)s is answered, so it got a 421."),
        _(
            "If it is your proxy, let it pass the Host header as the browser sent it. nginx: proxy_set_header Host $http_host; Apache:"
            " ProxyPreserveHost On; Caddy: header_up Host {hostport}, or no header_up for Host at all. If people type that address,"
            " set XPRESSBOT_PUBLIC_URL to it."
        ),
    ),
    Problem.ENROLMENTS_EXPIRED: (
        _("Left over, since nobody finished them in time: %(count)s. They open nothing."),
        _("Nothing needs doing: the running service removes them."),
    ),
    Problem.FEW_RECOVERY_CODES: (
        _("Recovery codes run out (how many are left): %(accounts)s."),
        _("Ask these people to make a new set in Account Settings, before they lose their phones."),
    ),
    Problem.SECOND_FACTOR_SUSPENDED: (
        _("Switched off after many wrong codes in a row: %(accounts)s."),
        _(
            "Somebody has these passwords, so tell the people. A sign-in the other way and a new set-up, or new recovery codes, lifts it."
            " Who cannot sign in at all: xpressbot 2fa reset E --reason R."
        ),
    ),
    Problem.CONNECTIONS_TOO_FEW: (
        _("This node may open %(needed)s connections (%(workers)s workers, %(threads)s each), the database allows %(limit)s."),
        _("Raise the database's max_connections, or its limit for this role or database, or run fewer workers."),
    ),
    Problem.CONNECTIONS_NEARLY_USED: (
        _("%(used)s of the database's connections are in use, nearly all."),
        _("Raise the database's max_connections, or run fewer workers. Every node needs its own."),
    ),
    Problem.DISK_LOW: (_("The disk of %(directory)s has %(free)s left."), _("Make room before it is full: then nobody can sign in.")),
    Problem.DISK_FULL: (_("The disk of %(directory)s is full: %(free)s left."), _("Make room now: nobody can sign in without.")),
}
