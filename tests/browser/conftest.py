"""Fixtures: one Chromium for this package, a served site for each test, people with browsers of their own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.browsers import Browsers
from tests.browser.chromium import PHONE, launch
from tests.browser.page_monitor import PageMonitor
from tests.browser.person import Person
from tests.browser.site import Site, serve
from tests.support.databases import SqliteTemplate
from tests.support.reverse_proxies import prepare

NewBrowser = Callable[..., Page]
NewPerson = Callable[..., Person]


# Not for the session: Playwright leaves an event loop running in this thread, which other tests need for their own.
@pytest.fixture(scope="package")
def browsers() -> Iterator[Browsers]:
    with launch() as chromium:
        yield Browsers(chromium)


DIRECTLY, BEHIND_NGINX = "directly", "behind nginx"
EITHER_WAY = pytest.mark.parametrize("site", [DIRECTLY, BEHIND_NGINX], indirect=True)
"""Marks a test that runs twice: by http, and by https through nginx with the file of deploy/."""


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: SqliteTemplate) -> Iterator[Site]:
    """A fresh installation with Anna Berg's account, served."""
    front = prepare(tmp_path / "front") if getattr(request, "param", DIRECTLY) == BEHIND_NGINX else None
    with serve(tmp_path, sqlite_template.fresh(tmp_path), front=front) as site:
        site.installation.add_account()
        yield site


@pytest.fixture
def new_site(tmp_path: Path, sqlite_template: SqliteTemplate) -> Iterator[Site]:
    """A fresh installation, before anybody has an account."""
    with serve(tmp_path, sqlite_template.fresh(tmp_path)) as site:
        yield site


@pytest.fixture
def unclaimed_site(tmp_path: Path, sqlite_template: SqliteTemplate) -> Iterator[Site]:
    """A fresh installation without accounts, reached by plain http under a name: no secure context, and a warning on each page."""
    with serve(tmp_path, sqlite_template.fresh(tmp_path), public_host="chat.test", allow_plain_http=True) as site:
        yield site


@pytest.fixture
def new_browser(browsers: Browsers) -> Iterator[NewBrowser]:
    """Gives browsers that share nothing with each other. What no page may do is watched, and fails the test in the end."""
    lent: list[tuple[Page, dict[str, Any], PageMonitor]] = []

    def new(site: Site, **options: Any) -> Page:
        options |= {"ignore_https_errors": True} if site.https else {}
        page = browsers.lend(options)
        lent.append((page, options, PageMonitor(page.context, site.url)))
        return page

    yield new
    problems = [problem for _page, _options, watch in lent for problem in watch.finish()]
    for page, options, _watch in lent:
        browsers.take_back(page, options)
    assert problems == []


@pytest.fixture
def new_person(site: Site, new_browser: NewBrowser) -> NewPerson:
    """Makes people, each with a browser of their own."""
    return lambda email="anna@example.com", **options: Person(new_browser(site, **options), site, email)


@pytest.fixture
def anna(new_person: NewPerson) -> Person:
    """Anna at her desktop, with no one signed in."""
    return new_person()


WITH_AND_WITHOUT_JAVASCRIPT = pytest.mark.parametrize("way_to_browse", ["desktop", "without JavaScript"], indirect=True)
"""Marks a test whose pages have nothing of their own on a phone but their layout, which other tests look at."""
WAYS_TO_BROWSE: dict[str, dict[str, Any]] = {"desktop": {}, "phone": PHONE, "without JavaScript": {"java_script_enabled": False}}


@pytest.fixture(params=list(WAYS_TO_BROWSE))
def way_to_browse(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Context options: what the guide says must work in each of these."""
    return WAYS_TO_BROWSE[request.param]
