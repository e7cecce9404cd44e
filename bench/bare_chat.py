"""The least that stores a message and its answer: a bare Starlette handler on SQLite, as durable as ours. M10 is measured beside it.

Run: python -m bench.bare_chat PORT FILE
"""

import sqlite3
import sys
from pathlib import Path
from urllib.parse import parse_qs

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

_ANSWER = "Hello, I am a bot."


def application(file: Path) -> Starlette:
    """One route that stores, and one that says that it serves."""
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE message (id INTEGER PRIMARY KEY, visitor TEXT, author TEXT, text TEXT)")

    async def write(request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        visitor, text = form["visitor"][0], form["text"][0]
        database.execute("BEGIN IMMEDIATE")
        for author, said in (("customer", text), ("bot", _ANSWER)):
            database.execute("INSERT INTO message (visitor, author, text) VALUES (?, ?, ?)", (visitor, author, said))
        database.execute("COMMIT")
        return JSONResponse({"messages": [text, _ANSWER]})

    async def alive(_request: Request) -> Response:
        return PlainTextResponse("ok")

    return Starlette(routes=[Route("/chat", write, methods=["POST"]), Route("/healthz", alive)])


if __name__ == "__main__":
    uvicorn.run(application(Path(sys.argv[2])), port=int(sys.argv[1]), access_log=False, log_level="warning")
