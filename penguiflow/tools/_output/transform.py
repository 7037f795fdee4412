"""From what a tool returned to what a planner reads."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias, cast

from pydantic import JsonValue

from penguiflow.tools._output.parts import FilePart, Found, LinkPart, TextPart
from penguiflow.tools._output.scan import scanned
from penguiflow.tools._output.stores import ArtifactPuts, Kept, artifact_store_of, keep
from penguiflow.tools._output.summaries import filled
from penguiflow.tools.config import ExternalToolConfig, OutputTransformer
from penguiflow.tools.errors import ToolNodeError

ReadLinked: TypeAlias = Callable[[str], Awaitable[Mapping[str, JsonValue]]]
"""Reads a resource by its URI, as `ToolNode.read_resource` does for one caller."""

_PREVIEW_CHARS = 500
_MAX_LINKS_READ = 20
_LARGE_CHARS: Final = 256 * 1024


async def transform_output(
    tool_name: str,
    value: JsonValue,
    *,
    config: ExternalToolConfig,
    ctx: object,
    read_linked: ReadLinked | None = None,
) -> JsonValue:
    """Return the result of the namespaced tool as a planner is to read it; `value` itself is not changed.

    A transformer in the config has the only say. Without one, files and long texts go into the artifact store
    of `ctx`, with `{"artifact": ref, "summary": ...}` in their place. Nothing is lost silently: what no store
    takes stays, cut with a mark beyond `config.max_response_bytes` characters; a store that keeps nothing
    says so in its ref, and a text stays beside it. With `read_linked`, small linked resources are read.

    Raises:
        ToolNodeError: the transformer failed.
    """
    if config.output_transformer is not None:
        return await _transformed(config.output_transformer, tool_name, value, ctx)
    if _is_large(value):
        result = await asyncio.to_thread(scanned, tool_name, value, config)
    else:
        result = scanned(tool_name, value, config)
    if not result.found:
        return value
    placing = _Placing(tool_name, config, artifact_store_of(ctx), read_linked)
    for found in result.found:
        found.replace_by(await placing.replacement(found))
    return result.root[0]


async def _transformed(
    transformer: OutputTransformer, tool_name: str, value: JsonValue, ctx: object
) -> JsonValue:
    try:
        result: object = transformer(tool_name, value, ctx)
        if inspect.isawaitable(result):
            result = await result
    except Exception as error:
        raise ToolNodeError(
            f"the output transformer for `{tool_name}` failed: {type(error).__name__}: {error}",
            cause=error,
            hint="correct `output_transformer` in the config, or leave it out",
        ) from error
    return cast("JsonValue", result)  # what an author of a transformer returns is what they mean to pass on


class _Placing:
    """Stores the parts of one result and says what stands in their place."""

    def __init__(
        self,
        tool_name: str,
        config: ExternalToolConfig,
        store: ArtifactPuts | None,
        read_linked: ReadLinked | None,
    ) -> None:
        self._tool_name = tool_name
        self._config = config
        self._store = store
        self._read_linked = read_linked
        self._links_read = 0

    async def replacement(self, found: Found) -> JsonValue:
        """Return what stands for a part; the original, when it could not be stored."""
        part = found.part
        match part:
            case LinkPart():
                return await self._stub(part)
            case TextPart():
                kept = await self._keep(part.text, part)
                return self._cut(part.text) if kept is None else self._text_stub(part, kept)
            case FilePart():
                kept = await self._keep(part.data, part)
                if kept is None:
                    return self._left_alone(part, found.original)
                return _beside(part.beside, {"artifact": kept.record, "summary": _summary(part, kept)})

    async def _keep(self, content: bytes | str, part: FilePart | TextPart) -> Kept | None:
        if self._store is None:
            return None
        return await keep(
            self._store,
            content,
            mime_type=part.mime_type,
            namespace=self._config.name,
            meta={"tool": self._tool_name},
        )

    def _text_stub(self, part: TextPart, kept: Kept) -> dict[str, JsonValue]:
        stub: dict[str, JsonValue] = {"artifact": kept.record, "summary": _summary(part, kept)}
        if part.has_preview:
            stub["preview"] = part.text[:_PREVIEW_CHARS] + "..."
        if not kept.is_stored:
            stub["text"] = self._cut(part.text)
        return stub

    def _left_alone(self, part: FilePart, original: JsonValue) -> JsonValue:
        if isinstance(original, str):
            return self._cut(original)
        for key, member in part.removed.items():
            part.beside[key] = self._cut(member) if isinstance(member, str) else member
        return part.beside

    def _cut(self, text: str) -> str:
        missing = len(text) - self._config.max_response_bytes
        if missing <= 0:
            return text
        return f"{text[:-missing]}... ({missing} more characters, which no artifact store took)"

    async def _stub(self, link: LinkPart) -> dict[str, JsonValue]:
        stub: dict[str, JsonValue] = {
            "type": "artifact_stub",
            "resource_uri": link.uri,
            "summary": link.summary,
        }
        limit = self._config.artifact_extraction.resources.auto_read_if_size_under_bytes
        is_small = link.size_bytes is not None and link.size_bytes < limit
        if not is_small or self._read_linked is None or self._links_read >= _MAX_LINKS_READ:
            return _beside(link.beside, stub)
        self._links_read += 1
        return _beside(link.beside, {**stub, **await self._read_linked(link.uri)})


def _summary(part: FilePart | TextPart, kept: Kept) -> str:
    summary = filled(part.template, {**part.values, "artifact_id": kept.id})
    return summary if kept.is_stored else f"{summary} - not kept: the artifact store keeps nothing"


def _beside(others: dict[str, JsonValue], stub: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the stub with the other members of the object it stands for.

    They stay the same object: parts found in it are still to be put there.
    """
    if others.keys() & stub.keys():
        return {**stub, "beside": others}
    others.update(stub)
    return others


def _is_large(value: JsonValue) -> bool:
    """Whether looking through a value would hold up the event loop noticeably."""
    size = 0
    waiting = [value]
    while waiting:
        here = waiting.pop()
        size += 1 + (len(here) if isinstance(here, str | dict | list) else 0)
        if size > _LARGE_CHARS:
            return True
        if isinstance(here, dict):
            waiting += here.values()
        elif isinstance(here, list):
            waiting += here
    return False
