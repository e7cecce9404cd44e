"""What CONTRIBUTING.md says that a kind of factor touches, against the kind in tests/factor_kind and the tree."""

import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_dir

from tests.contract.documents import ROOT
from xpressbot.entrypoints.http.factors import registry as web_registry
from xpressbot.entrypoints.messages.findings import factors
from xpressbot.identity.factors import registry

EXAMPLE = ROOT / "tests/factor_kind/challenge_response"
OF_AN_APP = re.compile(r"\b(?:apps?|phones?(?! number)|QR code)\b", re.IGNORECASE)


def section() -> str:
    return (ROOT / "CONTRIBUTING.md").read_text().partition("**A kind of factor**")[2].partition("\n**")[0]


def listed() -> list[str]:
    return re.findall(r"`(src/[\w./]+)`", section())


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


def test_the_files_whose_words_are_those_of_an_app_are_named() -> None:
    """What is said of all kinds: not in the packages of kinds, in their fields, or in the doctor's findings, which name each kind."""
    named = re.findall(r"`(\w+\.(?:py|html))`", section().partition("still says ")[2].partition("\n\n")[0])
    kinds_own = {factor.step_up_fields for factor in web_registry.FACTORS}
    found = {
        path.name
        for path, text in _texts_for_people()
        if path.parent.name != "findings" and "factors" not in path.parts and path.name not in kinds_own and OF_AN_APP.search(text)
    }
    assert sorted(named) == sorted(found)


def test_each_kind_of_the_program_has_both_packages() -> None:
    """Under the same name on both sides."""
    core = {path.parent.name for path in (ROOT / "src/xpressbot/identity/factors").glob("*/kind.py")}
    web = {path.parent.name for path in (ROOT / "src/xpressbot/entrypoints/http/factors").glob("*/presentation.py")}
    assert core == web == {"totp", "recovery_codes"}


def _texts_for_people() -> Iterator[tuple[Path, str]]:
    """Each text of the entrypoints that can be translated, and its file."""
    methods = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
    for name, _line, text, _comments, _context in extract_from_dir(ROOT / "src/xpressbot/entrypoints", methods):
        for one in (text,) if isinstance(text, str) else text:
            yield Path(name), one


def _path_of(file: str | None) -> str:
    assert file is not None
    return str(Path(file).relative_to(ROOT))
