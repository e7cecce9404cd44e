"""Links resolve, decisions have their sections, and what documents say of files and names is true."""

import ast
import re
from pathlib import Path

import pytest

from tests.contract.documents import ROOT, code_spans, documents, name_of, prose, read

DOCUMENTS = [name_of(path) for path in documents()]
DECISIONS = [name for name in DOCUMENTS if re.fullmatch(r"docs/adr/\d{4}-[a-z-]+\.md", name)]
SECTIONS = ["Context", "Decision", "Consequences", "Alternatives"]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    """A relative link names a file that is there, and its anchor a heading of it."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(document)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _hash, anchor = target.partition("#")
        file = (ROOT / document).parent / path if path else ROOT / document
        assert file.exists(), f"{document} links to {target}"
        if anchor:
            assert anchor in _anchors(file), f"{document} links to {target}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_is_named_exists(document: str) -> None:
    """A path of ours in code marks is a file or folder; with ::Name, that name is defined in it."""
    for span in code_spans(document):
        path, _colons, name = span.partition("::")
        if re.fullmatch(r"(src|tests|docs|bench|deploy)/[\w./-]*", path):
            assert (ROOT / path).exists(), f"{document} names {span}"
        elif name and path.endswith(".py"):
            path = f"src/xpressbot/{path}"
            assert (ROOT / path).is_file(), f"{document} names {span}"
        if name and path.endswith(".py"):
            assert name in _definitions(ROOT / path), f"{document} names {span}"


def test_decisions_are_numbered_without_gaps() -> None:
    """The records count from 1, so that a missing one is seen."""
    assert [f"{number:04}" for number in range(1, len(DECISIONS) + 1)] == [Path(name).name[:4] for name in DECISIONS]


@pytest.mark.parametrize("decision", DECISIONS)
def test_a_decision_has_its_four_sections(decision: str) -> None:
    """Context, Decision, Consequences and Alternatives, in this order, none of them empty."""
    parts = re.split(r"^## (.+)$", read(decision), flags=re.MULTILINE)
    assert parts[1::2] == SECTIONS
    assert all(part.strip() for part in parts[2::2])


@pytest.mark.parametrize("decision", DECISIONS)
def test_a_decision_stands_in_the_list(decision: str) -> None:
    """docs/adr/README.md links to each record."""
    assert f"]({Path(decision).name})" in read("docs/adr/README.md")


def test_every_document_can_be_found_from_the_readme() -> None:
    """Following links from the README reaches each document."""
    reached, waiting = set(), ["README.md"]
    while waiting:
        document = waiting.pop()
        if document in reached:
            continue
        reached.add(document)
        links = re.findall(r"\]\(([^)#\s]+\.md)[^)]*\)", prose(document))
        waiting += [name_of(((ROOT / document).parent / link).resolve()) for link in links if not re.match(r"[a-z]+:", link)]
    assert set() == set(DOCUMENTS) - reached


def test_documents_that_the_program_refers_to_exist() -> None:
    """A comment or message that says "see docs/..." names a document that is there."""
    for path in (ROOT / "src").rglob("*.py"):
        for named in re.findall(r"docs/[\w./-]*\w", path.read_text("utf-8")):
            assert list(ROOT.glob(f"{named}*")), f"{name_of(path)} names {named}"


def _anchors(file: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _definitions(file: Path) -> set[str]:
    names = set()
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{child.name}" for child in node.body if isinstance(child, ast.FunctionDef)}
    return names
