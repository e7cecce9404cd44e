"""Paths with an id of a row in them."""

import pytest

from xpressbot.entrypoints.http.page_paths import Destinations, path_with

ID = "0" * 31 + "a"
PLACES = Destinations(["/", "/account", "/team/members/{member:id}", "/bots/{bot:id}/topics/{topic:slug}"])


@pytest.mark.parametrize("path", ["/", "/account", f"/team/members/{ID}", f"/bots/{ID}/topics/opening-hours"])
def test_pages_are_destinations(path: str) -> None:
    """Exactly, with an id where the path has one."""
    assert path in PLACES


@pytest.mark.parametrize(
    "path",
    [
        "",
        "//evil.example",
        "/account/",
        "/account?x=1",
        "/team/members/",
        "/team/members/{member:id}",
        f"/team/members/{ID}/",
        f"/team/members/{ID}\n",
        f"/team/members/{ID.upper()}",
        f"/team/members/{ID}0",
        "/team/members/../../evil",
        f"/bots/{ID}/topics/",
        f"/bots/{ID}/topics/-x",
        f"/bots/{ID}/topics/Hours",
        f"/bots/{ID}/topics/a/b",
        f"/bots/{ID}/topics/{'a' * 33}",
        f"/bots/{ID}/topics/a\n",
    ],
)
def test_nothing_else_is_a_destination(path: str) -> None:
    """ASVS 3.7.2."""
    assert path not in PLACES


def test_an_id_is_put_into_its_place() -> None:
    """The page about a row is found again after a sign-in."""
    assert path_with("/team/members/{member:id}", {"member": ID}) == f"/team/members/{ID}"
    assert path_with("/bots/{bot:id}/topics/{topic:slug}", {"bot": ID, "topic": "hours"}) == f"/bots/{ID}/topics/hours"
    assert path_with("/account", {}) == "/account"
