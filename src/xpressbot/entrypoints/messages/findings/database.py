"""What the doctor says of the settings, the database, and this machine's clock."""

from collections.abc import Mapping
from typing import Any, Final

from xpressbot.entrypoints.messages.findings.words import DIRECTION, SET_THE_CLOCK, CheckWords, ProblemWords
from xpressbot.entrypoints.messages.translation import N_


def _connections_well(facts: Mapping[str, Any]) -> str:
    return N_("There is room for the %(needed)s that this node may open.") if "limit" in facts else N_("SQLite has no such limit.")


CHECKS: Final[Mapping[str, CheckWords]] = {
    "settings": CheckWords(N_("Settings"), N_("All are known and usable.")),
    "database": CheckWords(N_("Database"), N_("%(path)s answers.")),
    "encoding": CheckWords(N_("Encoding"), N_("The database keeps every name as it is.")),
    "schema": CheckWords(N_("Schema"), N_("It is at %(found)s, as this program needs it.")),
    "clock": CheckWords(N_("Clock"), N_("This machine's clock agrees with the database.")),
    "connections": CheckWords(N_("Connections"), _connections_well),
}

PROBLEMS: Final[Mapping[str, ProblemWords]] = {
    "settings_unusable": ProblemWords("%(complaint)s", N_("Change the environment that the service gets. It does not start like this.")),
    "database_missing": ProblemWords(
        N_("There is no database at %(path)s."),
        N_(
            "Before the very first start that is as it should be: run xpressbot serve. Otherwise run this in the service's working"
            " directory and with its settings, or restore a backup."
        ),
    ),
    "database_unreachable": ProblemWords(
        N_("The database cannot be reached: %(error)s."),
        N_("See that it runs, and that XPRESSBOT_DATABASE_URL or XPRESSBOT_DATA_DIR names it and this user may use it."),
    ),
    "database_locked": ProblemWords(
        N_("Another program keeps the database %(path)s locked."),
        N_("End that program: a database tool that was left open, or a copy that hangs."),
    ),
    "database_damaged": ProblemWords(
        N_("The database %(path)s is damaged: %(error)s."),
        N_("Stop the service, move the file away, and restore a backup: xpressbot restore FILE."),
    ),
    "encoding_not_unicode": ProblemWords(
        N_("The database's encoding is %(found)s, which cannot keep every name. The service does not start with it."),
        N_(
            "Make another database, and move what this one holds into it (docs/operations.md says how):"
            " createdb --encoding=UTF8 --template=template0 --locale=C NAME"
        ),
    ),
    "schema_missing": ProblemWords(
        N_("The database holds nothing of XpressBot's yet."),
        N_("If it is the right one, run xpressbot db upgrade; otherwise set XPRESSBOT_DATABASE_URL or XPRESSBOT_DATA_DIR."),
    ),
    "schema_unreleased": ProblemWords(
        N_("The database is at schema %(found)s, which is from before the first release and is not migrated."),
        N_("Use the version that made it, or begin with an empty database."),
    ),
    "schema_older": ProblemWords(
        N_("The database is at schema %(found)s, this program needs %(known)s."),
        N_("Stop the service, back up, and run xpressbot db upgrade."),
    ),
    "schema_migrated_by_start": ProblemWords(
        N_("The database is at schema %(found)s, this program needs %(known)s."),
        N_("Stop the service, back up, and start it: the start migrates it."),
    ),
    "schema_newer": ProblemWords(
        N_("The database is at schema %(found)s, this program knows %(known)s only."),
        N_("Install the version that has migrated it, or a newer one."),
    ),
    "clock_differs": ProblemWords(
        N_("This machine's clock is %(seconds)s seconds %(direction)s the database's."), SET_THE_CLOCK, DIRECTION
    ),
    "clock_far_off": ProblemWords(
        N_("This machine's clock is %(seconds)s seconds %(direction)s the database's: right codes are refused."), SET_THE_CLOCK, DIRECTION
    ),
    "connections_too_few": ProblemWords(
        N_("This node may open %(needed)s connections (%(workers)s workers, %(threads)s each), the database allows %(limit)s."),
        N_("Raise the database's max_connections, or its limit for this role or database, or run fewer workers."),
    ),
    "connections_nearly_used": ProblemWords(
        N_("%(used)s of the database's connections are in use, nearly all."),
        N_("Raise the database's max_connections, or run fewer workers. Every node needs its own."),
    ),
}
