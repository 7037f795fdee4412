"""The JSON value in what a tool returned. Pure: content blocks come in as plain JSON objects."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

ContentBlock = Mapping[str, JsonValue]


def value_of_reply(structured: JsonValue, blocks: Sequence[ContentBlock]) -> JsonValue:
    """Return the structured content if there is any, else what the content blocks hold.

    An int stays an int this way: as a text block alone it could not be told from the text "3". One text block
    that is a JSON object or array counts as that; several blocks become a list. Texts beside structured
    content repeat it; images, sounds, resources and links do not, and are added to it as `content`.
    """
    if structured is not None:
        others = [dict(block) for block in blocks if block.get("type") != "text"]
        return _with_others(structured, others) if others else _unwrapped(structured, blocks)
    values = [_value_of_block(block) for block in blocks]
    return values[0] if len(values) == 1 else values or None


def text_of_error(blocks: Sequence[ContentBlock]) -> str:
    """Return what a failed tool said about its failure."""
    texts = [text for block in blocks if isinstance(text := block.get("text"), str)]
    return "\n".join(texts) or "the tool reported an error without saying which"


def _unwrapped(structured: JsonValue, blocks: Sequence[ContentBlock]) -> JsonValue:
    """Undo the `{"result": ...}` that servers put around a value which is no object.

    A tool that itself returned `{"result": ...}` shows so: its text block is that whole object.
    """
    if not isinstance(structured, dict) or set(structured) != {"result"}:
        return structured
    if len(blocks) == 1 and _value_of_block(blocks[0]) == structured:
        return structured
    return structured["result"]


def _with_others(structured: JsonValue, others: Sequence[JsonValue]) -> JsonValue:
    holder = structured if isinstance(structured, dict) else {"result": structured}
    key = "content" if "content" not in holder else "content_blocks"
    return {**holder, key: list(others)}


def _value_of_block(block: ContentBlock) -> JsonValue:
    text = block.get("text")
    if block.get("type") != "text" or not isinstance(text, str):
        return dict(block)
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        value: JsonValue = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text
    return value


def _refuse(constant: str) -> JsonValue:
    """Refuse `NaN` and `Infinity`, which are no JSON: what held them could not be sent on."""
    raise ValueError(constant)
