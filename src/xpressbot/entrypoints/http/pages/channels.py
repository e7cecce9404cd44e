"""The channels: the list, and making one."""

from collections.abc import Mapping
from typing import Final, assert_never

from starlette.responses import Response

from xpressbot.chat.actor import Actor
from xpressbot.chat.channels.administration import ChannelRefusal
from xpressbot.chat.channels.store import Channel
from xpressbot.entrypoints.http.chat_pages import account_of, chat_page
from xpressbot.entrypoints.http.page_paths import path_with
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import CHANNEL_PATH, CHANNELS_PATH
from xpressbot.entrypoints.http.routing import Page
from xpressbot.entrypoints.messages.channel_words import channel_refused
from xpressbot.identity.accounts.rules.actions import Action


def show_channels(request: PageRequest, _actor: Actor) -> Response:
    """The channels in use, and the form of a new one."""
    return _page(request)


def make(request: PageRequest, actor: Actor) -> Response:
    """Make a web chat and go to it."""
    outcome = request.site.services.chat.channels.make(actor, request.form["name"], request.form["bot"] or None)
    match outcome:
        case Channel():
            return redirect(path_with(CHANNEL_PATH, {"channel": outcome.id}))
        case ChannelRefusal():
            field = "bot" if outcome is ChannelRefusal.NO_BOT else "name"
            return _page(request, status=422, errors={field: channel_refused(request.texts, outcome)})
        case unknown:
            assert_never(unknown)


def _page(request: PageRequest, *, status: int = 200, errors: Mapping[str, str] | None = None) -> Response:
    channels = request.site.services.chat.channels
    return request.page(
        "channel_list.html",
        account_of(request),
        status=status,
        errors=errors or {},
        channels=channels.channels(),
        bots=channels.bots(),
        form={"name": request.form["name"], "bot": request.form["bot"]},
    )


PAGES: Final[list[Page]] = [
    chat_page("GET", CHANNELS_PATH, Action.VIEW_BOTS, show_channels),
    chat_page("POST", CHANNELS_PATH, Action.CHANGE_BOTS, make),
]
