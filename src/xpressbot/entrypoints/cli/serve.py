"""xpressbot serve."""

import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Final

import typer
import uvicorn
from starlette.types import ASGIApp
from uvicorn.supervisors import Multiprocess

from xpressbot import __version__
from xpressbot.entrypoints.cli.installation import MOST_WORKERS, Build, explained, telling_what_is_made
from xpressbot.entrypoints.http.server.listening import bound_sockets
from xpressbot.entrypoints.http.server.protocol import MOST_CONNECTIONS, RESERVED_DESCRIPTORS, BoundedProtocol
from xpressbot.entrypoints.messages.links import link_address
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.logging import configure_logging, printable
from xpressbot.foundation.metrics import shared_by_workers
from xpressbot.foundation.settings import check_listener, load_settings
from xpressbot.identity.links.rules import LinkKind

GRACE_SECONDS: Final = 30
WORKER_ANSWER_SECONDS: Final = 10
"""Within which a worker answers its parent, or is replaced. On a busy host a worker needs more than uvicorn's 5 s to start."""
_SUPERVISION_INTERVAL_SECONDS: Final = 0.5
_PUBLIC_URL_VARIABLE: Final = "XPRESSBOT_PUBLIC_URL"


def serve_command(
    build: Build, application_of: Callable[[Services], ASGIApp], *, application: str, workers_variable: str
) -> Callable[..., None]:
    """Make the command.

    application_of: makes what a single worker runs. application: names the factory that each of several workers calls.
    workers_variable: where their number stands, by default for the command, and for the workers.
    """

    def serve(
        host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
        port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
        workers: Annotated[int, typer.Option(min=1, max=MOST_WORKERS, envvar=workers_variable, help="Worker processes.")] = 1,
    ) -> None:
        """Serve the dashboard. The first start prints the link that makes the owner's account."""
        if not os.environ.get(_PUBLIC_URL_VARIABLE, "").strip():
            os.environ[_PUBLIC_URL_VARIABLE] = f"http://localhost:{port}"
        os.environ[workers_variable] = str(workers)
        with explained():
            settings = load_settings()
            check_listener(settings, host)
            configure_logging(json_lines=settings.log_format == "json", level=settings.log_level)
            sockets = bound_sockets(host, port)
            with telling_what_is_made(settings):
                services = build(settings, workers=workers)
            _print_welcome_link(services)
        if not settings.smtp_url:
            typer.echo(printable(f"No mail server is set: mails are files in {services.mail_files.directory.absolute()}"))
        typer.echo(f"XpressBot {__version__} serves {settings.public_url} (Ctrl+C stops it).")
        options = {
            "http": BoundedProtocol,
            "ws": "none",  # no page of ours takes one, and no library that happens to be installed shall
            "host": host,
            "port": port,
            "access_log": False,
            "log_config": None,
            "proxy_headers": False,
            "server_header": False,
            "timeout_graceful_shutdown": GRACE_SECONDS,
            "timeout_worker_healthcheck": WORKER_ANSWER_SECONDS,
        }
        _allow_open_files()
        if workers == 1:
            # uvicorn stops in order, and then lets the signal end the process: that is no failure.
            signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(0))
            server = uvicorn.Server(uvicorn.Config(application_of(services), **options))  # type: ignore[arg-type]  # uvicorn checks them
            with suppress(KeyboardInterrupt):
                server.run(sockets)
        else:
            services.database.dispose()
            config = uvicorn.Config(application, factory=True, workers=workers, **options)  # type: ignore[arg-type]
            with shared_by_workers():
                _supervise(Multiprocess(config, sockets))

    return serve


def _supervise(supervisor: Multiprocess) -> None:
    """Do what its `run` does, and close the listening sockets before the workers finish.

    A client that connects then is refused at once, and can go to another node, instead of waiting for an answer that never comes.
    """
    supervisor.init_processes()
    while not supervisor.should_exit.wait(_SUPERVISION_INTERVAL_SECONDS):
        supervisor.handle_signals()
        supervisor.keep_subprocess_alive()
    for listener in supervisor.sockets:
        listener.close()
    supervisor.terminate_all()
    supervisor.join_all()


def _allow_open_files() -> None:
    """As many as a worker's connections need, where the system's usual limit is lower and may be raised."""
    wanted = MOST_CONNECTIONS + RESERVED_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    reachable = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < reachable:
        resource.setrlimit(resource.RLIMIT_NOFILE, (reachable, hard))


def _print_welcome_link(services: Services) -> None:
    token = services.identity.registration.issue_welcome_link()
    if token is not None:
        typer.echo("There is no account yet. Open this link within an hour to make the owner's account:")
        typer.echo(f"\n  {link_address(services.settings.public_url, LinkKind.WELCOME, token)}\n")
