"""Who asks: a customer, by the path, and a program, by what it accepts."""

from starlette.requests import Request

from xpressbot.entrypoints.http.paths import CUSTOMERS_PREFIX


def is_for_customers(request: Request) -> bool:
    """Whether a request is for a page of customers."""
    path: str = request.scope["path"]
    return path.startswith(CUSTOMERS_PREFIX)


def wants_json(request: Request) -> bool:
    """Whether a program asks, which reads no pages."""
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept
