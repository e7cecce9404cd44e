"""docs/event-chain.md says enough to check a chain by it: a checker written from it alone agrees with what is recorded."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.contract import event_chain_checker
from tests.contract.documents import ROOT
from tests.contract.event_chain_checker import check
from tests.support.databases import SqliteTemplate
from tests.support.installation import Installation, install
from tests.support.people import protected, signed_in
from xpressbot.identity.tables import CHAIN_HEAD, SECURITY_EVENT


@pytest.fixture
def people(tmp_path: Path, sqlite_template: SqliteTemplate) -> Iterator[Installation]:
    """Anna, with 2FA on, and Berta."""
    installation = install(tmp_path, sqlite_template.fresh(tmp_path))
    anna = protected(installation.services)
    assert installation.services.identity.two_factor_reset.reset(anna.account.email, "Handy verloren, \u00e4rgerlich \U0001f600")
    signed_in(installation.services, "berta@example.com")
    yield installation
    installation.close()


def test_a_checker_written_from_the_document_finds_real_chains_whole_and_changed_ones_broken(people: Installation) -> None:
    """Of two accounts: every field but the ones that were changed fits."""
    with people.services.database.read() as connection:
        rows = [dict(row) for row in connection.execute(select(SECURITY_EVENT)).mappings()]
        heads = [dict(row) for row in connection.execute(select(CHAIN_HEAD)).mappings()]
    assert check(rows, heads) == []
    for position, row in enumerate(rows):
        for name in row:
            changed = {"seq": 99, "at": 1, "salt": bytes(16), "details_hash": bytes(32), "hash": bytes(32)}.get(name, "x")
            assert check([*rows[:position], row | {name: changed}, *rows[position + 1 :]], heads), (row, name)
        assert check([*rows[:position], *rows[position + 1 :]], heads)
    assert check(rows, [head | {"hash": bytes(32)} for head in heads])


def test_the_documents_example_is_right() -> None:
    """Its hashes are those of its rule."""
    text = (ROOT / "docs/event-chain.md").read_text()
    words = dict(re.findall(r"(?m)^(details|details_hash|fields|hash) +(.*)$", text))
    row = {
        "subject": "a1",
        "seq": 1,
        "kind": "account.created",
        "factor": None,
        "actor": "operator",
        "target": None,
        "at": 1_767_225_600_000_000,
        "details": words["details"],
        "salt": bytes(range(16)),
        "details_hash": bytes.fromhex(words["details_hash"]),
        "hash": bytes.fromhex(words["hash"]),
    }
    assert check([row], [row]) == []


def test_the_checker_uses_nothing_of_xpressbot() -> None:
    """Or it would only show that the program agrees with itself."""
    source = Path(event_chain_checker.__file__).read_text()
    assert set(re.findall(r"(?m)^(?:import|from) (\S+)", source)) == {"hashlib", "json", "collections.abc", "typing"}
