"""What CONTRIBUTING.md says that a kind of factor touches, against the kind in tests/factor_kind and the tree."""

import re
from pathlib import Path

from tests.contract.documents import ROOT
from xpressbot.entrypoints.http.factors import registry as web_registry
from xpressbot.entrypoints.messages.findings import factors
from xpressbot.identity.factors import registry

EXAMPLE = ROOT / "tests/factor_kind/challenge_response"


def listed() -> list[str]:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    section = text.partition("**A kind of factor**")[2].partition("\n**")[0]
    return re.findall(r"`(src/[\w./]+)`", section)


def test_the_list_names_the_places_and_no_other() -> None:
    """Two folders of packages, two registries, the tables and their migration, the words of the doctor."""
    assert listed() == [
        "src/xpressbot/identity/factors/",
        "src/xpressbot/identity/tables.py",
        "src/xpressbot/identity/migrations/versions/",
        _path_of(registry.__file__),
        "src/xpressbot/entrypoints/http/factors/",
        _path_of(web_registry.__file__),
        _path_of(factors.__file__),
    ]


def test_the_example_consists_of_two_packages_and_its_lines() -> None:
    """Nothing in the program knows it."""
    assert {folder.name for folder in EXAMPLE.iterdir() if folder.is_dir() and folder.name != "__pycache__"} == {"core", "web"}
    assert [path for path in (ROOT / "src").rglob("*.py") if "challenge_response" in path.read_text()] == []


def test_each_kind_of_the_program_has_both_packages() -> None:
    """Under the same name on both sides."""
    core = {path.parent.name for path in (ROOT / "src/xpressbot/identity/factors").glob("*/kind.py")}
    web = {path.parent.name for path in (ROOT / "src/xpressbot/entrypoints/http/factors").glob("*/presentation.py")}
    assert core == web == {"totp", "recovery_codes"}


def _path_of(file: str | None) -> str:
    assert file is not None
    return str(Path(file).relative_to(ROOT))
