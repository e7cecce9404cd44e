"""nginx as the load balancer of several nodes: it passes a request to the next node when one cannot be reached."""

import os
from collections.abc import Sequence
from pathlib import Path

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


def nginx_before(nodes: Sequence[int], folder: Path, port: int, program: str) -> list[str]:
    """The command that runs it on `port`, with all its files in a new folder. The nodes' ports must answer by then."""
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
    return [program, "-c", str(configuration), "-p", str(folder), "-e", str(folder / "start.log")]
