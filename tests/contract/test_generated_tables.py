"""The generator of tables: what it writes, what it leaves alone, and what it complains of."""

import re

import pytest

from docs.generate.constants import duration, parameters, written
from docs.generate.documents import complaints_of, stale
from docs.generate.markdown import Cells, Table, fill
from docs.generate.tables import all_tables
from tests.contract.documents import documents, name_of
from xpressbot.identity.links.rules import LIFETIME, LinkKind

REGION = re.compile(r"^<!-- generated: (.*) -->$", re.MULTILINE)
DOCUMENT = """# Fruit

<!-- generated: fruit -->
| Fruit | Price | Tastes |
|---|---|---|
| `apple` | 1 | sour |
| `pear` | 2 | sweet |
<!-- end of generated -->

More.
"""


def fruit(**prices: str) -> Table:
    return Table("fruit.md", "fruit", ["Fruit"], {(f"`{name}`",): {"Price": price} for name, price in prices.items()}, "Tastes")


def test_the_documents_are_as_the_code_says() -> None:
    """Every generated table of the repository is what `make docs` would write."""
    tables = all_tables()
    assert complaints_of(tables) == []
    assert list(stale(tables)) == []


def test_every_region_of_the_documents_belongs_to_a_table() -> None:
    """A region under a name that no table has would never be filled."""
    marked = {(name_of(path), name) for path in documents() for name in REGION.findall(path.read_text("utf-8"))}
    assert marked == {(table.document, table.name) for table in all_tables()}


def test_a_computed_cell_is_written_anew_and_what_a_person_wrote_stays() -> None:
    """Only the price changes; the text around the table is the same."""
    assert fill(DOCUMENT, fruit(apple="3", pear="2")).text == DOCUMENT.replace("| 1 |", "| 3 |")


def test_rows_stand_in_the_order_of_the_code() -> None:
    """With all that they say."""
    filled = fill(DOCUMENT, fruit(pear="2", apple="1"))
    assert filled.text.index("sweet") < filled.text.index("sour")
    assert filled.complaints == []


def test_a_row_of_what_the_code_no_longer_has_is_complained_of_and_kept() -> None:
    """A person decides what becomes of its explanation."""
    filled = fill(DOCUMENT, fruit(apple="1"))
    assert filled.complaints == ["fruit: the code knows nothing of `pear`"]
    assert "sweet" in filled.text


def test_what_has_no_row_gets_one_that_asks_for_an_explanation() -> None:
    """It stands in its place, and is complained of until it says something."""
    filled = fill(DOCUMENT, fruit(apple="1", fig="9", pear="2"))
    assert "| `fig` | 9 | |" in filled.text
    assert filled.complaints == ["fruit: `fig` is not explained"]


def test_a_second_row_of_the_same_is_complained_of() -> None:
    """A merge leaves one, with what each of two people said; in a table of several parts as well. A person decides which to keep."""
    pear = "| `pear` | 2 | sweet |\n"
    doubled = DOCUMENT.replace(pear, pear + "| `pear` | 2 | juicy |\n")
    assert fill(doubled, fruit(apple="1", pear="2")).complaints == ["fruit: 2 rows are about `pear`"]
    rows: dict[tuple[str, ...], Cells] = {("`apple`",): {}, ("`pear`",): {}}
    split = Table("fruit.md", "fruit", ["Fruit"], rows, may_be_split=True)
    assert fill(DOCUMENT + DOCUMENT, split).complaints == ["fruit: 2 rows are about `apple`", "fruit: 2 rows are about `pear`"]


def test_a_constant_that_no_row_of_a_split_table_names_is_complained_of() -> None:
    """A person has to say in which of its parts the row belongs."""
    rows: dict[tuple[str, ...], Cells] = {("`apple`",): {}, ("`pear`",): {}, ("`fig`",): {}}
    assert fill(DOCUMENT, Table("fruit.md", "fruit", ["Fruit"], rows, may_be_split=True)).complaints == ["fruit: no row is about `fig`"]


def test_a_table_without_its_region_is_complained_of() -> None:
    """Nothing is generated into the void."""
    assert fill("# Fruit", fruit(apple="1")).complaints == ["has no region <!-- generated: fruit -->"]


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [
        (500, "500 µs"),
        (10_000, "10 ms"),
        (150_000_000, "150 s"),
        (60_000_000, "1 min"),
        (86_400_000_000, "24 h"),
        (604_800_000_000, "7 days"),
    ],
)
def test_a_time_is_written_in_its_largest_whole_unit(microseconds: int, text: str) -> None:
    """One day is 24 h, as the documents say it."""
    assert duration(microseconds) == text


@pytest.mark.parametrize(
    ("path", "cell", "text"),
    [
        ("identity.sign_in.rules.pending.LIFETIME", "? min", "10 min"),
        ("foundation.database.single_writer.OPTIONAL_BUSY_TIMEOUT_SECONDS", "? s", "100 ms"),
        ("diagnostics.file_checks.NO_SPACE", "? GiB", "100 MiB"),
        ("foundation.tokens.TOKEN_BYTES", "? bytes", "32 bytes"),
        ("identity.sessions.rules.session.STEP_UP_TRIES", "", "5"),
    ],
)
def test_the_unit_in_a_cell_says_what_kind_of_number_it_is(path: str, cell: str, text: str) -> None:
    """A time, a size, or a number of something."""
    assert written(path, cell) == text


def test_a_mapping_is_one_parameter_for_each_member() -> None:
    """Named as the code indexes it."""
    assert parameters()["identity.links.rules.LIFETIME[WELCOME]"] == LIFETIME[LinkKind.WELCOME]
