"""What a result becomes, layer by layer."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from penguiflow.artifacts import InMemoryArtifactStore
from penguiflow.tools._output import transform_output
from tests.tools.output.results import PDF, PNG, Context, b64, config, stored, transformed

LINK = {"type": "resource_link", "uri": "notes://1", "name": "First", "mimeType": "text/plain", "size": 12}
STUB = {
    "type": "artifact_stub",
    "resource_uri": "notes://1",
    "summary": "Resource `First` (text/plain, 12 bytes)",
}


def field(content_type: str, **more: Any) -> dict[str, Any]:
    return {"tool_fields": {"get": [{"field_path": "data.content", "content_type": content_type, **more}]}}


@pytest.mark.parametrize("value", [None, 5, 1.5, True, "short", "", [], {}, {"a": [1, {"b": "c"}]}, ["x"]])
async def test_small_content_is_passed_on_unchanged(value: Any) -> None:
    ctx = Context()

    assert await transformed(value, ctx=ctx) == value
    assert isinstance(ctx.artifacts, InMemoryArtifactStore)
    assert ctx.artifacts.count == 0


async def test_the_result_that_came_in_is_not_changed() -> None:
    value = {"page": {"blob": b64(PDF), "mimeType": "application/pdf"}, "links": [dict(LINK)]}
    before = repr(value)

    await transformed(value)

    assert repr(value) == before


@pytest.mark.parametrize(
    ("content_type", "mime_type", "content", "data"),
    [
        ("pdf", "application/pdf", b64(PDF), PDF),
        ("image", "image/png", b64(PNG), PNG),
        ("binary", "application/octet-stream", b64(b"\x00" * 90), b"\x00" * 90),
        ("text", "text/plain", "é" * 101, ("é" * 101).encode()),
    ],
)
async def test_a_configured_field_becomes_an_artifact(
    content_type: str, mime_type: str, content: str, data: bytes
) -> None:
    ctx = Context()

    result = await transformed({"id": 1, "data": {"content": content}}, field(content_type), ctx=ctx)

    assert result["id"] == 1
    stub = result["data"]["content"]
    assert set(stub) == {"artifact", "summary"}
    assert stub["summary"] == f"Downloaded {content_type} ({len(data)} bytes)"
    assert stub["artifact"]["mime_type"] == mime_type
    assert stub["artifact"]["id"] == f"desk_{hashlib.sha256(data).hexdigest()[:12]}"
    assert await stored(ctx.artifacts, stub["artifact"]) == data


@pytest.mark.parametrize("name", ["get", "desk.get"])
@pytest.mark.parametrize("tool", ["get", "desk.get"])
async def test_a_field_is_configured_under_the_name_with_or_without_namespace(name: str, tool: str) -> None:
    fields = {"tool_fields": {name: [{"field_path": "content", "content_type": "pdf"}]}}

    result = await transformed({"content": b64(PDF)}, fields, tool=tool)

    assert result["content"]["artifact"]["mime_type"] == "application/pdf"


async def test_a_field_in_an_item_of_a_list_is_reached_by_its_number() -> None:
    fields = {"tool_fields": {"get": [{"field_path": "pages.1.body", "content_type": "text"}]}}
    long = "x" * 101

    result = await transformed({"pages": [{"body": long}, {"body": long}]}, fields)

    assert result["pages"][0]["body"] == long
    assert result["pages"][1]["body"]["summary"] == "Downloaded text (101 bytes)"


@pytest.mark.parametrize(
    "content",
    ["x" * 100, "not base64! " * 20, 5, None, ["x" * 200]],
    ids=["not longer than 100", "no base64", "a number", "null", "a list"],
)
async def test_a_configured_field_that_is_not_what_was_expected_is_left_alone(content: Any) -> None:
    ctx = Context()

    assert await transformed({"data": {"content": content}}, field("pdf"), ctx=ctx) == {
        "data": {"content": content}
    }
    assert isinstance(ctx.artifacts, InMemoryArtifactStore)
    assert ctx.artifacts.count == 0


async def test_a_summary_may_use_what_is_known_and_keeps_what_is_not() -> None:
    template = "{content_type} {mime_type} {size:,} {artifact_id} {field_path} {pages} {{}}"

    result = await transformed(
        {"data": {"content": b64(PDF)}},
        field("pdf", summary_template=template, mime_type="application/x-pdf"),
    )

    stub = result["data"]["content"]
    assert stub["summary"] == (
        f"pdf application/x-pdf 2,057 {stub['artifact']['id']} data.content {{pages}} {{}}"
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (LINK, STUB),
        ([LINK], [STUB]),
        ({"link": LINK}, {"link": STUB}),
        ({"links": ["see", LINK]}, {"links": ["see", STUB]}),
    ],
    ids=["alone", "in a list", "in an object", "deeper"],
)
async def test_a_link_to_a_resource_becomes_a_stub_wherever_it_is(value: Any, expected: Any) -> None:
    assert await transformed(value) == expected


async def test_the_words_of_a_link_cannot_hide_anything() -> None:
    link = {"type": "resource_link", "uri": "a://b", "name": "x\x1b[2J", "description": "two\nlines"}

    result = await transformed(link)

    assert result["summary"] == "Resource `x␛[2J`: two⏎lines"


async def test_what_a_link_holds_besides_stays() -> None:
    result = await transformed({**LINK, "rank": 1, "text": "x" * 10_001})

    assert result == {**STUB, "rank": 1, "text": result["text"]}
    assert result["text"]["preview"]


async def test_links_are_left_alone_when_resources_are_not_wanted() -> None:
    assert await transformed([LINK], {"resources": {"enabled": False}}) == [LINK]


async def test_only_links_that_are_small_enough_are_read() -> None:
    read: list[str] = []

    async def read_linked(uri: str) -> dict[str, Any]:
        read.append(uri)
        return {"text": "hello"}

    small = {**LINK, "uri": "notes://small", "size": 99}
    links = [small, {**LINK, "size": 100}, {**LINK, "size": None}, {**LINK, "size": -1}]
    settings = config({"resources": {"auto_read_if_size_under_bytes": 100}})

    result: Any = await transform_output(
        "desk.get", links, config=settings, ctx=Context(), read_linked=read_linked
    )

    assert read == ["notes://small"]
    assert result[0] | {"summary": ""} == {
        "type": "artifact_stub",
        "resource_uri": "notes://small",
        "summary": "",
        "text": "hello",
    }
    assert all("text" not in stub for stub in result[1:])


@pytest.mark.parametrize(
    ("holder", "rest"),
    [
        ({"blob": b64(PNG), "mimeType": "image/png"}, {}),
        ({"blob": b64(PNG), "mime_type": "image/png", "uri": "a://b"}, {"uri": "a://b"}),
        ({"type": "image", "data": b64(PNG), "mimeType": "image/png"}, {"type": "image"}),
        ({"type": "audio", "data": b64(PNG), "mimeType": "image/png"}, {"type": "audio"}),
    ],
)
@pytest.mark.parametrize("depth", [0, 1, 3])
async def test_an_object_that_holds_bytes_becomes_an_artifact(
    holder: dict[str, Any], rest: dict[str, Any], depth: int
) -> None:
    ctx = Context()
    value: Any = holder
    for _ in range(depth):
        value = {"in": [value]}

    result = await transformed(value, ctx=ctx)

    for _ in range(depth):
        result = result["in"][0]
    assert result == rest | {
        "artifact": result["artifact"],
        "summary": "Binary content stored as artifact (image/png, 2056 bytes)",
    }
    assert result["artifact"]["source"] == {"namespace": "desk", "tool": "desk.get"}
    assert await stored(ctx.artifacts, result["artifact"]) == PNG


async def test_an_embedded_resource_keeps_its_place_and_its_uri() -> None:
    value = {"type": "resource", "resource": {"uri": "file:///x.pdf", "mimeType": "application/pdf"}}

    value["resource"] |= {"blob": b64(PDF)}  # type: ignore[operator]
    result = await transformed([value, {"type": "resource", "resource": {"uri": "a://b", "text": "hi"}}])

    assert result[0]["type"] == "resource"
    assert result[0]["resource"].keys() == {"uri", "artifact", "summary"}
    assert result[1]["resource"]["text"] == "hi"


@pytest.mark.parametrize(
    "value",
    [
        {"blob": "no base64 at all!"},
        {"blob": ""},
        {"blob": 5},
        {"blob": "da39a3ee5e6b4b0d3255bfef95601890afd80709", "path": "a.txt"},
        {"type": "image", "data": "no base64 at all!", "mimeType": "image/png"},
        {"type": "image", "data": "aGk="},
        {"type": "chart", "data": "aGk=", "mimeType": "image/png"},
    ],
    ids=["broken", "empty", "number", "git hash", "broken image", "image of unknown kind", "something else"],
)
async def test_an_object_that_only_seems_to_hold_bytes_is_left_alone(value: Any) -> None:
    assert await transformed(value) == value


async def test_what_stands_beside_bytes_is_looked_through_too() -> None:
    value = {"blob": b64(PNG), "notes": ["y" * 10_001], "summary": "mine"}

    result = await transformed(value)

    assert result["beside"]["summary"] == "mine"
    assert result["beside"]["notes"][0]["preview"] == "y" * 500 + "..."


@pytest.mark.parametrize(
    ("data", "mime_type"),
    [
        (PDF, "application/pdf"),
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0" + PNG, "image/jpeg"),
        (b"GIF89a" + PNG, "image/gif"),
        (b"PK\x03\x04" + PNG, "application/zip"),
        (b"PK\x05\x06" + PNG, "application/zip"),
        (b"\x00\x00\x00" + PNG, "application/octet-stream"),
    ],
)
async def test_base64_of_a_known_kind_of_file_is_found_in_any_text(data: bytes, mime_type: str) -> None:
    ctx = Context()

    result = await transformed({"deep": [b64(data)]}, ctx=ctx)

    stub = result["deep"][0]
    assert set(stub) == {"artifact", "summary"}
    assert stub["artifact"]["mime_type"] == mime_type
    assert await stored(ctx.artifacts, stub["artifact"]) == data


@pytest.mark.parametrize(
    ("text", "detection"),
    [
        (b64(PDF[:60]), {}),
        (b64(PDF), {"enabled": False}),
        (b64(PDF), {"max_decode_bytes": len(PDF) - 1}),
        (b64(PDF), {"signatures": {"iVBORw": ("png", "image/png")}}),
        ("JVBERi" + "!" * 1500, {}),
        ("JVBERi" + "A" * 1502, {"signatures": {"JVBERi": ("png", "image/png")}}),
    ],
    ids=["short", "switched off", "too large", "unknown", "no base64", "wrong magic bytes"],
)
async def test_a_text_that_is_no_known_file_stays_a_text(text: str, detection: dict[str, Any]) -> None:
    assert await transformed(text, {"binary_detection": detection}) == text


async def test_magic_bytes_need_not_be_looked_at() -> None:
    detection = {"require_magic_bytes": False, "signatures": {"JVBERi": ("png", "image/png")}}

    result = await transformed("JVBERi" + "A" * 1502, {"binary_detection": detection})

    assert result["artifact"]["mime_type"] == "image/png"
