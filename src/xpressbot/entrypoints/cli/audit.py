"""xpressbot audit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import typer

from xpressbot.entrypoints.cli.installation import FAILED, explained, refuse_where_nothing_is
from xpressbot.entrypoints.messages.email_addresses import listed_address
from xpressbot.foundation.database.migration_runner import Schema, refuse_other_schemas
from xpressbot.foundation.database.read_only import open_as_snapshot
from xpressbot.foundation.database.transaction import ReadTransactions
from xpressbot.foundation.logging import printable
from xpressbot.foundation.settings import load_settings
from xpressbot.identity.audit.rules.event import TEAM
from xpressbot.identity.audit.rules.verification import BrokenPlace, Flaw
from xpressbot.identity.audit.verify import CheckedChain, check_chains

_UNSEEN: Final = (
    "This cannot tell: events cut off the end of a chain whose head was set back to match, and a chain that was computed anew with its"
    " head. That takes a copy of the heads, kept elsewhere."
)


def audit_commands(schema: Schema) -> typer.Typer:
    """Make the group."""
    audit = typer.Typer(help="The record of security events.", no_args_is_help=True)

    @audit.callback()
    def group() -> None:
        """The record of security events."""

    @audit.command()
    def verify() -> None:
        """Recompute the chains of all accounts and of the team, and name events that were changed, removed, inserted or exchanged."""
        with explained():
            settings = load_settings()
            refuse_where_nothing_is(settings)
            database = open_as_snapshot(settings.url)
            try:
                refuse_other_schemas(database, schema)
                seen = _verify(ReadTransactions(database))
            finally:
                database.dispose()
        typer.echo(seen.summary)
        typer.echo(_UNSEEN)
        if seen.broken:
            raise typer.Exit(FAILED)

    return audit


@dataclass
class _Seen:
    """What was looked at so far."""

    chains: int = 0
    events: int = 0
    longest: int = 0
    longest_of: str = ""
    broken: int = 0

    @property
    def summary(self) -> str:
        """How much was checked, and with what result."""
        longest = f" Longest chain: {self.longest_of} ({self.longest:,})." if self.longest else ""
        result = f"Broken chains: {self.broken:,}." if self.broken else "Every chain follows its rule to its head."
        return f"Chains checked: {self.chains:,}. Events: {self.events:,}.{longest} {result}"


def _verify(transactions: ReadTransactions) -> _Seen:
    seen = _Seen()
    for checked in check_chains(transactions):
        seen.chains += 1
        seen.events += checked.length
        if checked.length > seen.longest:
            seen.longest, seen.longest_of = checked.length, _whose(checked)
        if checked.count:
            seen.broken += 1
            typer.echo("\n".join(_told(checked)))
    return seen


def _told(checked: CheckedChain) -> list[str]:
    lines = [f"The chain of {_whose(checked)} is broken (events: {checked.length:,}):", *(f"  {_place(place)}" for place in checked.places)]
    more = checked.count - len(checked.places)
    return [*lines, f"  Further broken places: {more:,}."] if more else lines


def _whose(checked: CheckedChain) -> str:
    """The address of the account, or the team; else the subject as it is stored."""
    if checked.subject == TEAM:
        return "the team"
    if isinstance(checked.email, str):
        return listed_address(checked.email) if checked.email.isprintable() else printable(checked.email)
    return f"the subject {printable(str(checked.subject))}"


def _place(place: BrokenPlace) -> str:
    return _WORDS[place.flaw] % {"which": _which(place)}


def _which(place: BrokenPlace) -> str:
    if place.first is None or place.last is None:
        return "An event without a number"
    return f"Event {place.first}" if place.first == place.last else f"Events {place.first} to {place.last}"


_WORDS: Final[Mapping[Flaw, str]] = {
    Flaw.ALTERED: "%(which)s: does not follow from what stands before it. It was changed, or another event was put in its place.",
    Flaw.DETAILS_ALTERED: "%(which)s: its details are not those that were recorded.",
    Flaw.DETAILS_GONE: "%(which)s: its details were taken out, and no event tells of that.",
    Flaw.MISSING: "%(which)s: not there.",
    Flaw.NO_NUMBER_OF_A_CHAIN: "%(which)s: inserted, no event gets such a number.",
    Flaw.AFTER_THE_END: "%(which)s: inserted after the end that the head names, or the head was set back.",
    Flaw.HEAD_ALTERED: "%(which)s: the last one, and the head of the chain does not fit it.",
    Flaw.NO_HEAD: "%(which)s: the last one of a chain that has no head.",
    Flaw.NO_EVENTS: "There is no event, not even the first.",
}
