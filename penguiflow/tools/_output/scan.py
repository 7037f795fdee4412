"""Finds the parts of a result that do not stay as they are. Pure; a result of any depth is taken.

Each place is looked at once, in the order of the layers: configured fields, links to resources, objects with
bytes, texts that are base64 of a file, long texts.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pydantic import JsonValue

from penguiflow.safe_text import safe_line
from penguiflow.tools._output.base64_files import decoded, detected, is_object_id, mime_type_of
from penguiflow.tools._output.fields import fields_of_tool, part_of_field, places_of_fields
from penguiflow.tools._output.parts import FilePart, Found, Holder, LinkPart, Part, TextPart, put
from penguiflow.tools.config import ArtifactExtractionConfig, ArtifactFieldConfig, ExternalToolConfig

MAX_PARTS: Final = 500
"""Further parts of one result stay as they are: it may not push everything else out of a store."""

_MAX_SHOWN_CHARS = 300
_MIME_KEYS = ("mimeType", "mime_type")
_LINK_KEYS = frozenset(
    ("type", "uri", "name", "title", "description", "size", "annotations", "icons", "_meta", *_MIME_KEYS)
)


class _Node(NamedTuple):
    """An object or list on the way to where we are, and where it is in the one before."""

    parent: _Node | None
    key: str | int
    container: Holder


@dataclass(slots=True, kw_only=True)
class Scanned:
    """The result as the only item of `root`, copied as far as parts were found in it."""

    root: list[JsonValue]
    found: list[Found] = field(default_factory=list[Found])


def scanned(tool_name: str, value: JsonValue, config: ExternalToolConfig) -> Scanned:
    """Find the parts of the result of a namespaced tool, in the order in which they are read."""
    extraction = config.artifact_extraction
    fields = places_of_fields(value, fields_of_tool(tool_name, config))
    shortest = _shortest_part(extraction)
    result = Scanned(root=[value])
    copies = _Copies(result.root)
    # What is still to be looked at on the way to where we are: a result may be deep, and have a million parts
    # of which none is of interest.
    way = [(_Node(None, 0, result.root), _items(result.root))]
    while way:
        node, items = way[-1]
        key, here = next(items, (None, None))
        if key is None:
            way.pop()
            continue
        field_config = fields.get((id(node.container), str(key))) if fields else None
        if not _may_be_part(here, shortest) and field_config is None:
            continue
        part = _part(here, field_config, extraction) if len(result.found) < MAX_PARTS else None
        if part is not None:
            result.found.append(Found(part=part, original=here, holder=copies.of(node), key=key))
        inside = _inside(here, part)
        if inside:
            if part is not None:
                copies.take(inside)
            way.append((_Node(node, key, inside), _items(inside)))
    return result


class _Copies:
    """Copies of the containers on the way to a part, each made once; the result itself is never changed."""

    def __init__(self, root: Holder) -> None:
        self._copies: dict[int, Holder] = {}
        self.take(root)

    def take(self, container: Holder) -> None:
        """Take a container that is a copy already."""
        self._copies[id(container)] = container

    def of(self, node: _Node) -> Holder:
        """Return the copy of a container, having put it into the copy of the one before, and so on."""
        missing: list[_Node] = []
        here: _Node | None = node
        while here is not None and id(here.container) not in self._copies:
            missing.append(here)
            here = here.parent
        for one in reversed(missing):
            copy: Holder = dict(one.container) if isinstance(one.container, dict) else list(one.container)
            self.take(copy)
            self._copies[id(one.container)] = copy
            if one.parent is not None:
                put(self._copies[id(one.parent.container)], one.key, copy)
        return self._copies[id(node.container)]


def _items(container: Holder) -> Iterator[tuple[str | int, JsonValue]]:
    return iter(container.items()) if isinstance(container, dict) else iter(enumerate(container))


def _inside(here: JsonValue, part: Part | None) -> Holder | None:
    """Return what is to be looked into: of an object that became a part, what stays of it."""
    if isinstance(part, FilePart | LinkPart):
        return part.beside
    return here if part is None and isinstance(here, dict | list) else None


def _may_be_part(value: JsonValue, shortest: int) -> bool:
    """Whether to look at a value: most of a result of megabytes are short texts and numbers."""
    if isinstance(value, str):
        return len(value) >= shortest
    return isinstance(value, dict | list) and bool(value)


def _shortest_part(extraction: ArtifactExtractionConfig) -> int:
    """Return how long a text is at least that may be a part, by itself."""
    detection = extraction.binary_detection.min_size_for_detection
    return min(
        detection if extraction.binary_detection.enabled else sys.maxsize,
        extraction.max_inline_size + 1 if extraction.auto_artifact_large_content else sys.maxsize,
    )


def _part(
    here: JsonValue, field_config: ArtifactFieldConfig | None, extraction: ArtifactExtractionConfig
) -> Part | None:
    if field_config is not None:
        part = part_of_field(here, field_config)
        if part is not None:
            return part
    if isinstance(here, dict):
        if "blob" not in here and "type" not in here:
            return None
        return _link(here, extraction) or _typed_bytes(here, extraction)
    if isinstance(here, str):
        return _base64_text(here, extraction) or _long_text(here, extraction)
    return None


def _link(value: dict[str, JsonValue], extraction: ArtifactExtractionConfig) -> LinkPart | None:
    uri = value.get("uri")
    if value.get("type") != "resource_link" or not isinstance(uri, str) or not extraction.resources.enabled:
        return None
    size = value.get("size")
    size_bytes = size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None
    facts = [fact for key in _MIME_KEYS if isinstance(fact := value.get(key), str)]
    if size_bytes is not None:
        facts.append(f"{size_bytes} bytes")
    name = value.get("title") or value.get("name")
    shown = f"Resource `{_shown(name if isinstance(name, str) else uri)}`"
    if facts:
        shown += f" ({_shown(', '.join(facts))})"
    description = value.get("description")
    if isinstance(description, str) and description:
        shown += f": {_shown(description)}"
    beside = {key: member for key, member in value.items() if key not in _LINK_KEYS}
    return LinkPart(uri=uri, summary=shown, size_bytes=size_bytes, beside=beside)


def _typed_bytes(value: dict[str, JsonValue], extraction: ArtifactExtractionConfig) -> FilePart | None:
    """Return the bytes of an object that holds a blob, or is an image or a sound."""
    mime_type = next((mime for key in _MIME_KEYS if isinstance(mime := value.get(key), str)), None)
    bytes_key = "data" if value.get("type") in ("image", "audio") and mime_type is not None else "blob"
    text = value.get(bytes_key)
    if not isinstance(text, str) or not text or (mime_type is None and is_object_id(text)):
        return None
    data = decoded(text)
    if data is None:
        return None
    removed = {key: value[key] for key in (bytes_key, *_MIME_KEYS) if key in value}
    beside = {key: member for key, member in value.items() if key not in removed}
    return _file(data, mime_type or mime_type_of(data), extraction, removed=removed, beside=beside)


def _base64_text(text: str, extraction: ArtifactExtractionConfig) -> FilePart | None:
    file = detected(text, extraction.binary_detection)
    return None if file is None else _file(file[0], file[1], extraction)


def _file(
    data: bytes,
    mime_type: str,
    extraction: ArtifactExtractionConfig,
    *,
    removed: Mapping[str, JsonValue] | None = None,
    beside: dict[str, JsonValue] | None = None,
) -> FilePart:
    return FilePart(
        data=data,
        mime_type=mime_type,
        template=extraction.default_binary_summary,
        values={"content_type": "binary", "mime_type": mime_type, "size": len(data)},
        removed=removed or {},
        beside={} if beside is None else beside,
    )


def _long_text(text: str, extraction: ArtifactExtractionConfig) -> TextPart | None:
    if not extraction.auto_artifact_large_content or len(text) <= extraction.max_inline_size:
        return None
    return TextPart(
        text=text,
        mime_type="text/plain",
        template=extraction.default_text_summary,
        values={"content_type": "text", "mime_type": "text/plain", "size": len(text)},
        has_preview=True,
    )


def _shown(text: str) -> str:
    return safe_line(text, max_chars=_MAX_SHOWN_CHARS)
