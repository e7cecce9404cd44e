"""What every kind of link has: a page of its own, a lifetime, and one place that says where it leads."""

import pytest

from tests.contract.documents import ROOT
from xpressbot.entrypoints.http.factors.registry import FACTOR_PAGES, FACTORS
from xpressbot.entrypoints.http.pages import all_pages
from xpressbot.entrypoints.messages.links import link_path
from xpressbot.identity.links.rules import LIFETIME, LinkKind


@pytest.mark.parametrize("kind", LinkKind)
def test_a_kind_of_link_has_a_lifetime_and_a_page(kind: LinkKind) -> None:
    """The page takes the link's token with GET, and its form is sent with POST."""
    methods = {page.method for page in all_pages(FACTORS, FACTOR_PAGES) if page.path == link_path(kind)}
    assert methods == {"GET", "POST"}
    assert kind in LIFETIME


def test_one_place_says_where_links_lead() -> None:
    """Neither a template nor a text writes the path of a link by hand."""
    paths = {link_path(kind) for kind in LinkKind}
    files = [file for ending in ("py", "html") for file in sorted((ROOT / "src/xpressbot").rglob(f"*.{ending}"))]
    by_hand = {file.name for file in files if any(f'"{path}' in (text := file.read_text("utf-8")) or f"{path}?" in text for path in paths)}
    assert by_hand == {"links.py"}
