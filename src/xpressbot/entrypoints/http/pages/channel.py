"""One channel: its link, its bot, what customers see on it, on and off, archiving."""

from collections.abc import Mapping
from typing import Final, assert_never

from starlette.exceptions import HTTPException
from starlette.responses import Response

from xpressbot.chat.actor import Actor
from xpressbot.chat.channels.administration import ChannelRefusal, ShownChannel
from xpressbot.chat.channels.store import Channel
from xpressbot.chat.channels.web.settings import WebSettings
from xpressbot.entrypoints.http.chat_pages import account_of, chat_page
from xpressbot.entrypoints.http.page_paths import path_with
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import CHANNEL_PATH, CHANNELS_PATH, CHAT_PATH
from xpressbot.entrypoints.http.routing import Page
from xpressbot.entrypoints.messages.channel_words import channel_refused, settings_problems
from xpressbot.foundation.text import without_controls
from xpressbot.identity.accounts.rules.actions import Action

_ARCHIVE_PATH: Final = f"{CHANNEL_PATH}/archive"
_ON: Final = "on"
_OFF: Final = "off"


def show_channel(request: PageRequest, _actor: Actor) -> Response:
    """The channel with its forms."""
    return _page(request, _found(request))


def change_settings(request: PageRequest, actor: Actor) -> Response:
    """Change the name and what customers see. What a form lacks is as empty as it says."""
    form = {name: request.form[name].strip() for name in ("name", "greeting", "accent", "privacy_url")}
    settings = WebSettings(without_controls(form["greeting"]), form["accent"].lower(), form["privacy_url"])
    outcome = request.site.services.chat.channels.change_settings(actor, request.id_in_path("channel"), form["name"], settings)
    if outcome is ChannelRefusal.NAME:
        return _page(request, _found(request), status=422, errors={"name": channel_refused(request.texts, outcome)}, form=form)
    if outcome is ChannelRefusal.SETTINGS:
        return _page(request, _found(request), status=422, errors=settings_problems(request.texts, settings.problems()), form=form)
    return _back(outcome)


def choose_bot(request: PageRequest, actor: Actor) -> Response:
    """Have another bot answer, or none."""
    outcome = request.site.services.chat.channels.choose_bot(actor, request.id_in_path("channel"), request.form["bot"] or None)
    if outcome is ChannelRefusal.NO_BOT:
        return _page(request, _found(request), status=422, errors={"bot": channel_refused(request.texts, outcome)})
    return _back(outcome)


def switch(request: PageRequest, actor: Actor) -> Response:
    """Open the channel to people, or close it."""
    if request.form["switch"] not in {_ON, _OFF}:
        raise HTTPException(422)
    on = request.form["switch"] == _ON
    return _back(request.site.services.chat.channels.switch(actor, request.id_in_path("channel"), on=on))


def show_archive(request: PageRequest, _actor: Actor) -> Response:
    """Say what archiving does, and ask."""
    channel = _found(request).channel
    path = path_with(CHANNEL_PATH, {"channel": channel.id})
    return request.page("channel_archive.html", account_of(request), channel=channel, path=path)


def archive(request: PageRequest, actor: Actor) -> Response:
    """Take the channel out of use, for good."""
    outcome = request.site.services.chat.channels.archive(actor, request.id_in_path("channel"))
    return _back(outcome, CHANNELS_PATH)


def _back(outcome: Channel | ChannelRefusal, path: str = CHANNEL_PATH) -> Response:
    """To where the change is seen. Of what is refused here, no form of ours is the cause but one that is late: 404."""
    match outcome:
        case Channel():
            return redirect(path_with(path, {"channel": outcome.id}))
        case ChannelRefusal():
            raise HTTPException(404)
        case unknown:
            assert_never(unknown)


def _found(request: PageRequest) -> ShownChannel:
    shown = request.site.services.chat.channels.find(request.id_in_path("channel"))
    if shown is None:
        raise HTTPException(404)
    return shown


def _page(
    request: PageRequest,
    shown: ShownChannel,
    *,
    status: int = 200,
    errors: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
) -> Response:
    channel, services = shown.channel, request.site.services
    settings = WebSettings.read(channel.settings)
    kept = {"name": channel.name, "greeting": settings.greeting, "accent": settings.accent, "privacy_url": settings.privacy_url}
    return request.page(
        "channel.html",
        account_of(request),
        status=status,
        errors=errors or {},
        message=channel_refused(request.texts, ChannelRefusal.SETTINGS) if errors else None,
        channel=channel,
        bot=shown.bot,
        bots=services.chat.channels.bots(),
        path=path_with(CHANNEL_PATH, {"channel": channel.id}),
        link=services.settings.public_url.rstrip("/") + path_with(CHAT_PATH, {"channel": channel.public_id}),
        form=form or kept,
    )


PAGES: Final[list[Page]] = [
    chat_page("GET", CHANNEL_PATH, Action.VIEW_BOTS, show_channel),
    chat_page("POST", f"{CHANNEL_PATH}/settings", Action.CHANGE_BOTS, change_settings, returns_to=CHANNEL_PATH),
    chat_page("POST", f"{CHANNEL_PATH}/bot", Action.CHANGE_BOTS, choose_bot, returns_to=CHANNEL_PATH),
    chat_page("POST", f"{CHANNEL_PATH}/switch", Action.CHANGE_BOTS, switch, returns_to=CHANNEL_PATH),
    chat_page("GET", _ARCHIVE_PATH, Action.VIEW_BOTS, show_archive),
    chat_page("POST", _ARCHIVE_PATH, Action.CHANGE_BOTS, archive),
]
