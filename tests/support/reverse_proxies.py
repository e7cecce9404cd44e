"""Real proxies that end TLS: Debian's nginx and Caddy, run with the files of deploy/.

Only ports, paths and the certificate are put into those files; everything else is as an operator copies it.
"""

import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.certificate import make_certificate
from tests.support.form_client import FormClient
from tests.support.server import free_port

HOST = "chat.example.com"
"""The name in the files."""
UPSTREAM = "127.0.0.1:8000"
DEPLOY = Path(__file__).parents[2] / "deploy"
_PATIENCE_SECONDS = 60
_NGINX = """
daemon off;
{user}
pid {directory}/pid;
error_log {directory}/main.error.log;
events {{}}
http {{
    {temporary}
    access_log {directory}/main.log;
    gzip on;
    gzip_min_length 0;
    include {directory}/site.conf;
}}
"""
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True)
class ReverseProxy:
    """A place for a proxy: its ports, its certificate, what it logs. What it stands before may be started first."""

    directory: Path
    https_port: int
    http_port: int

    @property
    def url(self) -> str:
        """The public address."""
        return f"https://{HOST}:{self.https_port}"

    @property
    def trusted_proxies(self) -> str:
        """Where it speaks from. Clients at other addresses of this machine are no one's proxies."""
        return "127.0.0.1/32"

    @property
    def settings(self) -> dict[str, str]:
        """What a server behind it is told."""
        return {"XPRESSBOT_PUBLIC_URL": self.url, "XPRESSBOT_TRUSTED_PROXIES": self.trusted_proxies}

    @property
    def certificate(self) -> Path:
        """Signed by itself, so that it is its own root."""
        return self.directory / "certificate.pem"

    @property
    def key(self) -> Path:
        """The certificate's."""
        return self.directory / "key.pem"

    @property
    def logs(self) -> str:
        """All that the proxy has written anywhere."""
        return _logs(self.directory)

    def client(self, address: str = "127.0.0.1", **options: Any) -> httpx.Client:
        """A browser at this address of this machine, that trusts the certificate and no other's."""
        headers = {"Origin": self.url, "Sec-Fetch-Site": "same-origin"}
        return FormClient(base_url=self.url, headers=headers, transport=_Resolved(self.certificate, address, **options))


Run = Callable[[ReverseProxy, int], AbstractContextManager[None]]


def prepare(directory: Path) -> ReverseProxy:
    """A place with free ports and a certificate of its own."""
    directory.mkdir()
    front = ReverseProxy(directory, free_port(), free_port())
    make_certificate(HOST, front.certificate, front.key)
    return front


@contextmanager
def nginx(front: ReverseProxy, upstream_port: int, *, without: str = "") -> Iterator[None]:
    """Run nginx until the block ends; where a line is named, as an operator who left that out."""
    _install(
        front,
        "nginx.conf",
        "site.conf",
        {
            UPSTREAM: f"127.0.0.1:{upstream_port}",
            "listen 80;": f"listen 127.0.0.1:{front.http_port};",
            "listen [::]:80;": f"listen 127.0.0.2:{front.http_port};",
            "listen 443 ssl;": f"listen 127.0.0.1:{front.https_port} ssl;",
            "listen [::]:443 ssl;": f"listen 127.0.0.2:{front.https_port} ssl;",
            f"https://{HOST}$": f"https://{HOST}:{front.https_port}$",
            f"/etc/letsencrypt/live/{HOST}/fullchain.pem": str(front.certificate),
            f"/etc/letsencrypt/live/{HOST}/privkey.pem": str(front.key),
            "/var/log/nginx": str(front.directory),
        }
        | ({without: ""} if without else {}),
    )
    user = "user root root;" if os.geteuid() == 0 else ""  # who else it is run by, it stays
    temporary = " ".join(f"{kind}_temp_path {front.directory}/{kind};" for kind in _TEMPORARY)
    main = front.directory / "nginx.conf"
    main.write_text(_NGINX.format(user=user, directory=front.directory, temporary=temporary))
    command = [program("nginx"), "-c", str(main), "-p", str(front.directory), "-e", str(front.directory / "start.log")]
    with running(command, front.directory, (front.http_port, front.https_port)):
        yield


@contextmanager
def caddy(front: ReverseProxy, upstream_port: int) -> Iterator[None]:
    """Run Caddy until the block ends. It asks no authority for a certificate."""
    ports = f"\thttp_port {front.http_port}\n\thttps_port {front.https_port}\n\tdefault_bind 127.0.0.1\n"
    _install(
        front,
        "Caddyfile",
        "Caddyfile",
        {
            UPSTREAM: f"127.0.0.1:{upstream_port}",
            "\n{\n": f"\n{{\n\tadmin off\n\tskip_install_trust\n{ports}",
            f"\n{HOST} {{\n": f"\n{HOST} {{\n\ttls {front.certificate} {front.key}\n",
        },
    )
    command = [program("caddy"), "run", "--config", str(front.directory / "Caddyfile"), "--adapter", "caddyfile"]
    with running(command, front.directory, (front.http_port, front.https_port)):
        yield


FRONTS: Mapping[str, Run] = {"nginx": nginx, "caddy": caddy}


def program(name: str) -> str:
    """Where a program of Debian's lies. Without it this fails; nothing is skipped."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    assert found is not None, f"{name} is not installed. CONTRIBUTING.md names the packages that the suite needs."
    return found


def _logs(directory: Path) -> str:
    return "".join(file.read_text() for file in sorted(directory.glob("*.log")))


def _install(front: ReverseProxy, source: str, target: str, replacements: Mapping[str, str]) -> None:
    text = (DEPLOY / source).read_text("utf-8")
    for old, new in replacements.items():
        assert old in text, f"{source} has no {old!r}"
        text = text.replace(old, new)
    (front.directory / target).write_text(text)


@contextmanager
def running(command: list[str], directory: Path, ports: Sequence[int]) -> Iterator[None]:
    """Run a proxy, whose files lie in a directory, from when it listens on its ports to the end of the block."""
    environment = os.environ | {"HOME": str(directory), "XDG_DATA_HOME": str(directory), "XDG_CONFIG_HOME": str(directory)}
    with (directory / "output.log").open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        for port in ports:
            _wait_for(port, process, directory)
        yield
    finally:
        process.terminate()
        process.wait(_PATIENCE_SECONDS)


def _wait_for(port: int, process: subprocess.Popen[bytes], directory: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        assert process.poll() is None, _logs(directory)
        assert time.monotonic() < deadline, _logs(directory)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.01)


class _Resolved(httpx.BaseTransport):
    """Finds the name in the files at this machine, and asks the other side to prove that it has this name."""

    def __init__(self, certificate: Path, address: str, **options: Any) -> None:
        context = ssl.create_default_context(cafile=certificate)
        self._transport = httpx.HTTPTransport(verify=context, local_address=address, **options)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it to the loopback interface; everything in it stays as it is."""
        url = request.url.copy_with(host="127.0.0.1")
        extensions = {**request.extensions, "sni_hostname": HOST}
        return self._transport.handle_request(
            httpx.Request(request.method, url, headers=request.headers, stream=request.stream, extensions=extensions)
        )

    def close(self) -> None:
        """Hang up."""
        self._transport.close()
