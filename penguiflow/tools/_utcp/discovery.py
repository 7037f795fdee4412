"""Finds the manual of a service: at its URL, at usual places below it, in a file, printed by a command."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from pydantic import JsonValue

from penguiflow.safe_text import safe_line
from penguiflow.tools._connecting.session import UtcpService
from penguiflow.tools._net import origin_of
from penguiflow.tools._net.client import HttpReply
from penguiflow.tools._utcp.calls import LOCAL_KINDS, REMOTE_KINDS, TemplateError
from penguiflow.tools._utcp.command_calls import CommandCalls, said_at_end
from penguiflow.tools._utcp.commands import words_of
from penguiflow.tools._utcp.http_calls import HttpCalls
from penguiflow.tools._utcp.manuals import Manual, manual_in, manual_of_command, read_manual
from penguiflow.tools._utcp.values import parsed_json
from penguiflow.tools.errors import ErrorCategory, ToolAuthError, ToolConnectionError

_USUAL_PATHS = ("utcp", "openapi.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenApiAt:
    """The service has no manual but an OpenAPI document."""

    url: str


async def find_at_url(service: UtcpService, calls: HttpCalls) -> Manual | OpenApiAt:
    """Return what the URL of a service leads to.

    Raises:
        ToolConnectionError: there is no manual; the text has what was found instead.
        ToolAuthError: a credential is missing or was refused.
    """
    found: list[str] = []
    for url in _candidates(service):
        reply = await calls.fetch(url)
        error = calls.error_of(service.name, reply)
        if isinstance(error, ToolAuthError):
            raise error
        what = _document_in(reply)
        if isinstance(what, dict):
            return _checked(service, read_manual(what, kinds=REMOTE_KINDS))
        if what == "openapi":
            return OpenApiAt(url=url)
        found.append(f"`{_shown(url)}` {what}")
    raise _no_manual(
        f"no UTCP manual for `{service.name}`: {'; '.join(found)}",
        "give the URL of a UTCP manual, or of an OpenAPI document",
    )


async def find_by_command(service: UtcpService, commands: CommandCalls) -> Manual:
    """Return the manual in a file, printed by a command, or made of a command with places for arguments.

    Raises:
        ToolConnectionError: there is none, or the command needs a shell.
        OSError: the command cannot be started.
    """
    try:
        words = words_of(service.connection)
        made = manual_of_command(service.connection)
    except TemplateError as error:
        raise _no_manual(
            f"the connection of `{service.name}` cannot be used: {error}",
            "give a file with a manual, a command that prints one, or one with `UTCP_ARG_name_UTCP_END`",
        ) from error
    if made is not None:
        return made
    if len(words) == 1 and words[0].lower().endswith(".json"):
        return await _in_file(service, Path(service.cwd or ".") / words[0])
    return await _printed(service, words, commands)


def _candidates(service: UtcpService) -> tuple[str, ...]:
    if service.kind == "manual_url":
        return (service.connection,)
    parts = urlsplit(service.connection)
    below = tuple(
        urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{path}", fragment=""))
        for path in _USUAL_PATHS
    )
    return below if service.kind == "base_url" else (service.connection, *below)


def _document_in(reply: HttpReply) -> dict[str, JsonValue] | str:
    """Return the manual in a reply, `openapi`, or what it is instead."""
    if not 200 <= reply.status < 300:
        return f"answered with status {reply.status}"
    document = parsed_json(reply.body)
    manual = manual_in(document)
    if manual is not None:
        return manual
    if isinstance(document, dict) and ("openapi" in document or "swagger" in document):
        return "openapi"
    if reply.text().lstrip().startswith(("openapi:", "swagger:")):
        return "openapi"
    kind = "JSON" if document is not None else safe_line(reply.media_type or "no type", max_chars=50)
    return f"gave no manual ({kind})"


async def _in_file(service: UtcpService, path: Path) -> Manual:
    shown = safe_line(str(path), max_chars=300)
    try:
        content = await asyncio.to_thread(_read, path, service.max_response_bytes)
    except OSError as error:
        raise _no_manual(
            f"the manual of `{service.name}` cannot be read: `{shown}`: {error.strerror or error}",
            "correct the path; a relative one starts at `cwd` of the connection",
        ) from error
    if len(content) > service.max_response_bytes:
        raise _no_manual(
            f"the manual of `{service.name}` is larger than {service.max_response_bytes} bytes: `{shown}`",
            "raise `max_response_bytes` of the connection",
        )
    manual = manual_in(parsed_json(content))
    if manual is None:
        raise _no_manual(
            f"no UTCP manual for `{service.name}`: `{shown}` is none",
            'a manual is a JSON object with "utcp_version" and "tools"',
        )
    return _checked(service, read_manual(manual, kinds=LOCAL_KINDS))


def _read(path: Path, max_bytes: int) -> bytes:
    with path.open("rb") as file:
        return file.read(max_bytes + 1)


async def _printed(service: UtcpService, words: list[str], commands: CommandCalls) -> Manual:
    end = await commands.run(words)
    program = safe_line(words[0], max_chars=200)
    documents = (parsed_json(text) for text in (end.stdout, *reversed(end.stdout.splitlines())))
    manual = next((found for document in documents if (found := manual_in(document)) is not None), None)
    if manual is None or end.exit_code != 0:
        said = said_at_end(end)
        raise _no_manual(
            f"the command of `{service.name}` printed no UTCP manual: `{program}` "
            f"exited with code {end.exit_code}" + (f" and printed: {said}" if said else ""),
            "have it print one, or write the arguments of the command as `UTCP_ARG_name_UTCP_END`",
        )
    return _checked(service, read_manual(manual, kinds=LOCAL_KINDS))


def _checked(service: UtcpService, manual: Manual) -> Manual:
    reason = manual.why_empty()
    if reason is not None:
        raise _no_manual(f"the manual of `{service.name}` is of no use: {reason}", "correct the manual")
    return manual


def _shown(url: str) -> str:
    return safe_line(f"{origin_of(url)}{urlsplit(url).path}", max_chars=300)


def _no_manual(message: str, hint: str) -> ToolConnectionError:
    return ToolConnectionError(message, category=ErrorCategory.UNKNOWN, hint=hint)
