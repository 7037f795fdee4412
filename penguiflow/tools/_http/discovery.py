"""Finds the document that describes a service, at its URL or where services usually keep it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from urllib.parse import urljoin, urlsplit

from penguiflow.safe_text import safe_line
from penguiflow.tools._connecting.session import HttpService
from penguiflow.tools._http.documents import parse_document
from penguiflow.tools._http.openapi import describe_openapi, is_openapi
from penguiflow.tools._http.operations import Description, DocumentError
from penguiflow.tools._http.replies import error_of
from penguiflow.tools._http.tool_lists import describe_tools, tools_in
from penguiflow.tools._net.client import GuardedClient, HttpReply
from penguiflow.tools.errors import ErrorCategory

_FILE_ENDINGS = (".json", ".yaml", ".yml")
_USUAL_MANUAL = "utcp"
_USUAL_FILE = "openapi.json"
_ACCEPT = {"Accept": "application/json, application/yaml;q=0.9, */*;q=0.5"}


def places(url: str) -> Sequence[str]:
    """Return where the document may be, best first; a URL that names a file is the only place."""
    if urlsplit(url).path.lower().endswith(_FILE_ENDINGS):
        return (url,)
    base = url.partition("#")[0].partition("?")[0].rstrip("/")
    usual = (f"{base}/{_USUAL_FILE}", urljoin(url, f"/{_USUAL_FILE}"), f"{base}/{_USUAL_MANUAL}")
    return tuple(dict.fromkeys((url, *usual)))


async def discover(
    client: GuardedClient, service: HttpService, credentials: Mapping[str, str], *, now_s: float
) -> Description:
    """Return what the service offers.

    Raises:
        ToolAuthError: the service wants a credential first.
        DocumentError: no document was found; names the places looked at. Otherwise as `GuardedClient.send`.
        ToolNodeError: the service fails, or asks to wait.
    """
    missed: list[str] = []
    hint: str | None = None
    for url in places(service.url):
        reply = await client.send("GET", url, headers=_ACCEPT, credentials=credentials)
        _raise_if_it_ends_the_search(service, reply, now_s)
        if not 200 <= reply.status <= 299:
            missed.append(f"`{_shown(url)}` answered with status {reply.status}")
            continue
        try:
            # A document of megabytes takes its time; the loop has others to serve.
            found = await asyncio.to_thread(_described, reply, {name.lower() for name in credentials})
        except DocumentError as error:
            hint = hint or error.hint
            missed.append(f"`{_shown(url)}`: {error}")
            continue
        return found
    raise DocumentError(
        f"there is no OpenAPI document and no list of tools: {'; '.join(missed)}",
        hint=hint or "set `connection` to the URL of its OpenAPI 3 document, often `/openapi.json`",
    )


def _described(reply: HttpReply, given_headers: Collection[str]) -> Description:
    document = parse_document(reply.text())
    if is_openapi(document) and isinstance(document, dict):
        return describe_openapi(document, reply.url, given_headers=given_headers)
    entries = tools_in(document)
    if entries is None:
        raise DocumentError("it is neither an OpenAPI document nor a list of tools")
    return describe_tools(document, entries, reply.url)


def _raise_if_it_ends_the_search(service: HttpService, reply: HttpReply, now_s: float) -> None:
    """Refused credentials and failures of the server say nothing about where the document is."""
    error = error_of(reply, tool_name=service.name, now_s=now_s)
    if error is None or error.category in (ErrorCategory.NON_RETRYABLE_CLIENT, ErrorCategory.UNKNOWN):
        return
    raise error


def _shown(url: str) -> str:
    return safe_line(url.partition("?")[0], max_chars=200)
