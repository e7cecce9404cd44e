"""A question that every request asks: compiled once from Core, and run on the driver's own cursor (docs/adr/0012)."""

from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.exc import DBAPIError


class _Compiled(NamedTuple):
    text: str
    positions: Sequence[str] | None
    """The parameters in their order, where the driver counts them; None where it knows their names."""
    constants: dict[str, Any]


class PreparedQuery:
    """The first row of a SELECT, as a named tuple of what the driver returns.

    SQLAlchemy's types and results are left out: parameters and columns must be of types that both drivers take and give
    as they are, and none may be a list. It begins no transaction: it is for `Database.read`. Connections and errors are
    SQLAlchemy's, and whoever listens to the engine's statements hears it; who listens to its errors does not.
    """

    def __init__(self, statement: Select[Any]) -> None:
        self._statement: Final = statement
        self._compiled: Final[dict[str, _Compiled]] = {}
        self._row: Final = _row_of([str(column.key) for column in statement.selected_columns])

    def first(self, connection: Connection, **parameters: Any) -> Any:
        """It, or None if there is none."""
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name) or self._compile(dialect)
        given = compiled.constants | parameters
        arguments = given if compiled.positions is None else tuple([given[name] for name in compiled.positions])
        try:
            cursor = connection.connection.cursor()
            for heard in connection.dispatch.before_cursor_execute:
                heard(connection, cursor, compiled.text, arguments, None, False)  # noqa: FBT003  # as SQLAlchemy calls it
            cursor.execute(compiled.text, arguments)
            row = cursor.fetchone()
            cursor.close()
        except dialect.loaded_dbapi.Error as error:
            lost = dialect.is_disconnect(error, connection.connection, None)
            if lost:
                connection.invalidate(error)
            raise DBAPIError.instance(
                compiled.text, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, connection_invalidated=lost, dialect=dialect
            ) from error
        return None if row is None else self._row(*row)

    def _compile(self, dialect: Dialect) -> _Compiled:
        compiled = self._statement.compile(dialect=dialect)
        constants = {name: value for name, value in compiled.params.items() if value is not None}
        self._compiled[dialect.name] = made = _Compiled(compiled.string, compiled.positiontup, constants)
        return made


def _row_of(names: list[str]) -> Callable[..., Any]:
    return namedtuple("Row", names)  # noqa: PYI024  # which names, the statement says
