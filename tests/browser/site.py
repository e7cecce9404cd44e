"""The real application on a real port, with a clock that the test holds."""

import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn

from tests.support.installation import Installation, install
from tests.support.languages import LANGUAGES
from tests.support.reverse_proxies import ReverseProxy, nginx
from tests.support.settable_system import SettableClock
from xpressbot.entrypoints.http.app import create_app

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Site:
    """An installation and where it is reached."""

    installation: Installation
    url: str

    @property
    def clock(self) -> SettableClock:
        """The server's time. The pages' own script has the browser's."""
        return self.installation.clock

    @property
    def https(self) -> bool:
        """Whether it is reached by https."""
        return self.installation.services.settings.https

    def welcome_link(self) -> str:
        """The link that a start prints while there is no account."""
        token = self.installation.services.identity.registration.issue_welcome_link()
        assert token is not None
        return f"{self.url}/welcome?token={token.text}"

    @contextmanager
    def answers_late(self) -> Iterator[None]:
        """Until the block ends, whatever has to write waits for the database."""
        path = self.installation.services.database.engine.url.database
        assert path is not None
        with closing(sqlite3.connect(path, isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            yield


@contextmanager
def serve(
    directory: Path, database_url: str, *, public_host: str = LOOPBACK, front: ReverseProxy | None = None, **settings: Any
) -> Iterator[Site]:
    """Serve a fresh installation until the block ends; with a front, by https through nginx."""
    # It listens from here on: a client that connects before the server runs waits for it.
    listener = socket.create_server((LOOPBACK, 0))
    port = listener.getsockname()[1]
    url = f"http://{public_host}:{port}" if front is None else front.url
    if front is not None:
        settings |= {"trusted_proxies": front.trusted_proxies}
    installation = install(directory, database_url, public_url=url, **settings)
    config = uvicorn.Config(
        create_app(installation.services, LANGUAGES), log_config=None, access_log=False, proxy_headers=False, server_header=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="site")
    thread.start()
    try:
        with nullcontext() if front is None else nginx(front, port):
            yield Site(installation, url)
    finally:
        server.should_exit = True
        thread.join()
        installation.close()


def issuer_at(site: Site) -> str:
    """What authenticator apps call it: host, and port where it has one."""
    return "XpressBot " + urlsplit(site.url).netloc.replace(":", " ")
