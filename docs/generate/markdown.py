"""Generated tables in the text of a document."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

Cells = Mapping[str, str]
_REGION = re.compile(r"(<!-- generated: ([\w ]+) -->\n)(.*?)(<!-- end of generated -->)", re.DOTALL)
_CELL_BORDER = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Table:
    """What the code says of a table: by the text of its key columns, the cells that are computed.

    explanation: the column in which a person says something of each row. in_order: rows stand in the order of the code. A table
    that may be split over several regions of one name, as the parameters are, has its rows where a person put them.
    is_selection: the document has some of the rows only.
    rewritten: cells that depend on what a person wrote in the row, such as the unit of a number.
    """

    document: str
    name: str
    keys: Sequence[str]
    rows: Mapping[tuple[str, ...], Cells]
    explanation: str = ""
    in_order: bool = True
    may_be_split: bool = False
    is_selection: bool = False
    rewritten: Callable[[Cells], Cells] = lambda _row: {}


@dataclass
class Filled:
    """A document with one table filled, and what a person has to do."""

    text: str
    complaints: list[str] = field(default_factory=list)


def fill(text: str, table: Table) -> Filled:
    """Write the computed cells of a table into its regions."""
    filled = Filled(text)
    bodies = [match[3] for match in _REGION.finditer(text) if match[2] == table.name]
    if not bodies:
        filled.complaints.append(f"has no region <!-- generated: {table.name} -->")
        return filled
    found = [key for body in bodies for row in _rows(body)[1] if (key := _key(row, table)) in table.rows]
    counts = Counter(found)
    filled.complaints += [f"{table.name}: {count} rows are about {' '.join(key)}" for key, count in counts.items() if count > 1]
    missing = [key for key in table.rows if key not in found and not table.is_selection]
    if table.may_be_split:
        filled.complaints += [f"{table.name}: no row is about {' '.join(key)}" for key in missing]
        missing = []

    def region(match: re.Match[str]) -> str:
        if match[2] != table.name:
            return match[0]
        body, complaints = _filled(match[3], table, missing)
        filled.complaints += [f"{table.name}: {complaint}" for complaint in complaints]
        return f"{match[1]}{body}{match[4]}"

    filled.text = _REGION.sub(region, text)
    return filled


def _filled(body: str, table: Table, missing: Sequence[tuple[str, ...]]) -> tuple[str, list[str]]:
    headings, rows = _rows(body)
    complaints = [f"the code knows nothing of {' '.join(_key(row, table))}" for row in rows if _key(row, table) not in table.rows]
    rows += [dict.fromkeys(headings, "") | dict(zip(table.keys, key, strict=True)) for key in missing]
    for row in rows:
        if _key(row, table) in table.rows:
            row |= {**table.rows[_key(row, table)], **table.rewritten(row)}
    if table.explanation:
        complaints += [f"{' '.join(_key(row, table))} is not explained" for row in rows if not row[table.explanation]]
    if table.in_order and not table.may_be_split:
        places = {key: place for place, key in enumerate(table.rows)}
        rows.sort(key=lambda row: places.get(_key(row, table), len(places)))
    lines = [headings, ["---"] * len(headings), *([row[heading] for heading in headings] for row in rows)]
    return "".join(_line(cells) for cells in lines), complaints


def _line(cells: Sequence[str]) -> str:
    if set(cells) == {"---"}:
        return f"|{'|'.join(cells)}|\n"
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|\n"


def _rows(body: str) -> tuple[list[str], list[dict[str, str]]]:
    lines = [[cell.strip() for cell in _CELL_BORDER.split(line.strip()[1:-1])] for line in body.splitlines() if line.startswith("|")]
    headings = lines[0]
    return headings, [dict(zip(headings, cells, strict=True)) for cells in lines[2:]]


def _key(row: Cells, table: Table) -> tuple[str, ...]:
    return tuple(row[column] for column in table.keys)
