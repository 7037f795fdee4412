"""Whatever a tool returns: each of its texts is in the result or in the store, and the rest is as it was."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from penguiflow.artifacts import InMemoryArtifactStore
from penguiflow.safe_text import safe_line
from tests.tools.output.results import Context, b64, transformed

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
KEYS = st.sampled_from(["blob", "data", "type", "mimeType", "uri", "artifact", "summary", "content"]) | WORDS
TEXTS = (
    WORDS
    | st.sampled_from(["image", "audio", "image/png", "aGVsbG8=", "resource_link"])
    | st.binary(max_size=40).map(b64)
    | st.binary(max_size=30).map(lambda data: b64(b"%PDF" + data))
)
VALUES = st.recursive(
    SCALARS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
EXTRACTION: dict[str, Any] = {
    "max_inline_size": 12,
    "binary_detection": {"min_size_for_detection": 8},
    "tool_fields": {"get": [{"field_path": "content", "content_type": "text"}]},
}


def texts_in(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for member in value.values() for text in texts_in(member)]
    if isinstance(value, list):
        return [text for item in value for text in texts_in(item)]
    return []


async def store_and_result(value: Any) -> tuple[set[str], Any]:
    """Return what is in the store, as text and as base64, and the result."""
    ctx = Context()
    result = await transformed(value, EXTRACTION, ctx=ctx)
    assert isinstance(ctx.artifacts, InMemoryArtifactStore)
    held: set[str] = set()
    for artifact_id in artifact_ids(result):
        data = await ctx.artifacts.get(artifact_id)
        if data is not None:
            held |= {b64(data), data.decode("utf-8", "replace")}
    return held, result


def long_texts_in(value: Any) -> list[str]:
    """Return the texts over the limit, but for those that stand for an artifact or a link."""
    if isinstance(value, str):
        return [value] if len(value) > EXTRACTION["max_inline_size"] else []
    if isinstance(value, list):
        return [text for item in value for text in long_texts_in(item)]
    if not isinstance(value, dict):
        return []
    standing = set[str]()
    if isinstance(value.get("artifact"), dict) and "sha256" in value["artifact"]:
        standing = {"artifact", "summary", "preview"}
    if value.get("type") == "artifact_stub":
        standing = {"type", "summary", "resource_uri"}
    return [text for key, member in value.items() if key not in standing for text in long_texts_in(member)]


def artifact_ids(value: Any) -> set[str]:
    found: set[str] = set()
    if isinstance(value, dict):
        own = value.get("artifact")
        if isinstance(own, dict) and isinstance(own.get("id"), str):
            found.add(own["id"])
        return found.union(*map(artifact_ids, value.values()))
    return found.union(*map(artifact_ids, value)) if isinstance(value, list) else found


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_every_text_is_in_the_result_or_in_the_store(value: Any) -> None:
    held, result = asyncio.run(store_and_result(value))

    inline = set(texts_in(result))
    for text in texts_in(value):
        # MIME types and the names of links are in the words that stand for them.
        assert text in inline | held or any(safe_line(text) in words for words in inline)
    assert long_texts_in(result) == []
    json.dumps(result)


@settings(max_examples=40, deadline=None)
@given(
    st.recursive(SCALARS | st.just("short"), lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner))
)
def test_a_value_without_artifacts_is_unchanged(value: Any) -> None:
    held, result = asyncio.run(store_and_result(value))

    assert not held
    assert result == value
