"""The routes of the pages: what `next` may name, and on which threads each page runs."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xpressbot.entrypoints.http.forms import SMALL_FORM, Form, read_form
from xpressbot.entrypoints.http.hashing_form_limits import HashingFormLimits
from xpressbot.entrypoints.http.page_paths import Destinations
from xpressbot.entrypoints.http.page_request import PageRequest, Site
from xpressbot.entrypoints.http.paths import FORGOT_PASSWORD_PATH, LANGUAGE_PATH, SIGN_IN_PATH, STEP_UP_PATH
from xpressbot.entrypoints.http.routing import Page, PublicPage, SecondStepPage, SignedInPage
from xpressbot.foundation.threads.worker_pools import Pools
from xpressbot.identity.accounts.rules.actions import ACTIONS

FOR_ANYBODY: Final = frozenset({SIGN_IN_PATH, FORGOT_PASSWORD_PATH, LANGUAGE_PATH})
"""Where forms are sent to by people who say themselves who they are, or whoever they are."""


def destinations(pages: Sequence[Page]) -> Destinations:
    """The paths that `next` may name."""
    paths = frozenset(page.path for page in pages if page.is_destination)
    lost = [page.path for page in pages if isinstance(page, SignedInPage) and page.path != STEP_UP_PATH and page.back not in paths]
    if lost:
        raise ValueError(f"no page leads back to {lost}: name a page in returns_to")
    return Destinations(paths)


def shown_at(pages: Sequence[Page]) -> Mapping[str, str]:
    """The GET page that each path's answer is a state of; none for a path that shows no page."""
    back = {page.path: page.back if isinstance(page, SignedInPage) else page.path for page in pages}
    shown = {page.path for page in pages if page.method == "GET"}
    return {path: path if path in shown else place for path, place in back.items() if path in shown or place in shown}


def page_routes(site: Site, pages: Sequence[Page]) -> list[Route]:
    """Starlette routes for the pages."""
    loose = [page.path for page in pages if isinstance(page, PublicPage) and page.method == "POST" and page.shown_to is None]
    if not FOR_ANYBODY.issuperset(loose):
        raise ValueError(f"a form sent to {loose} acts for the person in the cookies: say in shown_to whom it is shown to")
    misnamed = [page.path for page in pages if isinstance(page, SignedInPage) and (page.method == "POST") != ACTIONS[page.action].writes]
    if misnamed:
        raise ValueError(f"{misnamed} change something without POST, or nothing with it: name the action of their use case")
    places = HashingFormLimits(site.services.pools)
    return [Route(page.path, _endpoint(site, page, places), methods=[page.method]) for page in pages]


def _endpoint(site: Site, page: Page, places: HashingFormLimits) -> Callable[[Request], object]:
    run = _runner(site.services.pools, page, places)
    limits = page.form_limits if isinstance(page, SignedInPage) else SMALL_FORM

    async def endpoint(starlette: Request) -> Response:
        form = await read_form(starlette, limits) if page.method == "POST" else Form()
        request = PageRequest.of(site, starlette, form)
        return await run(request, lambda: page.answer(request))

    return endpoint


Runner = Callable[[PageRequest, Callable[[], Response]], Awaitable[Response]]


def _runner(pools: Pools, page: Page, places: HashingFormLimits) -> Runner:
    """What has a page's handler run by the right threads."""
    target = None if isinstance(page, SecondStepPage) else page.hashes_at
    if target is not None:
        return lambda request, work: places.run(request, target, work)
    pool = pools.page
    if page.method == "POST":
        pool = pools.slow_form if isinstance(page, SignedInPage) and page.may_be_slow else pools.form
    return lambda _request, work: pool.run(work)
