"""What the browser of a person and this program say to each other after signing in. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

from penguiflow.safe_text import safe_line

_MAX_CHARS = 300
_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer to a browser."""

    status: int
    title: str
    text: str


SIGNED_IN = Page(status=200, title="Signed in", text="You can close this window.")


def failed(why: str) -> Page:
    """Return the page that says why nobody was signed in."""
    return Page(
        status=400,
        title="Signing in failed",
        text=f"{safe_line(why, max_chars=_MAX_CHARS)}. You can close this window and try again.",
    )


def refusal(head: bytes, *, port: int, path: str) -> Page | None:
    """Return why a request is none of a person who comes back; None when it is one.

    The `Host` must be this machine: a page of another site whose name was pointed here names itself.
    """
    line, _, rest = head.partition(b"\r\n")
    words = line.split(b" ")
    if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
        return Page(status=400, title="Bad request", text="This is no request of a browser.")
    hosts = [
        value.strip()
        for name, _, value in (header.partition(b":") for header in rest.split(b"\r\n"))
        if name.strip().lower() == b"host"
    ]
    if hosts not in ([f"127.0.0.1:{port}".encode()], [f"localhost:{port}".encode()]):
        return Page(status=400, title="Bad request", text="This page is not for this host.")
    if words[0] != b"GET":
        return Page(status=405, title="Not allowed", text="This page can only be opened.")
    if urlsplit(target_of(head)).path != path:
        return Page(status=404, title="Not found", text="There is no such page.")
    return None


def target_of(head: bytes) -> str:
    """Return the path and query of a request that `refusal` let through."""
    target = head.partition(b"\r\n")[0].split(b" ")[1].decode("ascii", errors="replace")
    return target if target.startswith("/") else "/"


def render(page: Page) -> bytes:
    """Return an answer that loads nothing, runs nothing, and is kept and passed on nowhere."""
    title, text = escape(page.title), escape(page.text)
    body = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><h1>{title}</h1><p>{text}</p></body></html>"
    ).encode()
    head = (
        f"HTTP/1.1 {page.status} {_REASONS[page.status]}\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\n"
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
        "Referrer-Policy: no-referrer\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
