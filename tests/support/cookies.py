"""What browsers call the cookies of an installation, worked out apart from the program."""

from urllib.parse import urlsplit

PUBLIC_URL = "http://127.0.0.1:8000"
"""That of a test installation which is told no other."""


def cookie_name(kind: str, url: str = PUBLIC_URL) -> str:
    """The name of a cookie (session, sign-in, device, link, language) where this is the public URL."""
    public = urlsplit(url)
    ending = "" if public.port is None else f"-{public.port}"
    return f"{'__Host-' if public.scheme == 'https' else ''}xpressbot-{kind}{ending}"
