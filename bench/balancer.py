"""nginx before several nodes, as plain as it can be: it hands requests on, to the next node if one cannot be reached."""

import os
import shutil
from pathlib import Path

from bench.errors import BenchError
from bench.messages import get
from bench.servers import Command

_CONFIGURATION = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    {temporary}
    upstream nodes {{
        {nodes}
        keepalive 64;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://nodes;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
        }}
    }}
}}
"""
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def balancer(folder: Path, port: int, nodes: list[int]) -> Command:
    """How to start it. The nodes must serve by then.

    Raises BenchError.
    """
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        raise BenchError("Two nodes need nginx before them. On Debian: apt-get install nginx")
    folder.mkdir()
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            user="user root root;" if os.geteuid() == 0 else "",
            folder=folder,
            temporary=" ".join(f"{kind}_temp_path {folder}/{kind};" for kind in _TEMPORARY),
            nodes=" ".join(f"server 127.0.0.1:{node};" for node in nodes),
            port=port,
        )
    )
    arguments: list[str | Path] = [program, "-c", configuration, "-p", folder, "-e", folder / "start.log"]
    return Command(port, get(port, "/healthz"), arguments, folder)
