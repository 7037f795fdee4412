"""A `ToolNode` with a real HTTP service from elsewhere: httpbin, described by an OpenAPI 3.0 document."""

from __future__ import annotations

import base64
from collections.abc import Callable, Generator

import pytest

from penguiflow.tools import (
    ToolAuthError,
    ToolClientError,
    ToolNode,
    ToolNodeError,
    ToolRateLimitError,
    ToolServerError,
    ToolTimeoutError,
)
from tests.fakes.http_service_httpbin import running_httpbin
from tests.tools.conftest import MakeNode

pytestmark = pytest.mark.process

ONCE = {"max_attempts": 1}
MakeBin = Callable[..., ToolNode]


@pytest.fixture(scope="module")
def url() -> Generator[str, None, None]:
    with running_httpbin() as url:
        yield url


@pytest.fixture
def make_bin(make_node: MakeNode, url: str) -> MakeBin:
    def make(**config: object) -> ToolNode:
        values = {"transport": "http", "name": "bin", "retry_policy": ONCE, **config}
        return make_node(f"{url}/openapi.json", **values)

    return make


async def result_of(node: ToolNode, tool: str, **arguments: object) -> dict[str, object]:
    result = (await node.call(tool, arguments))["result"]
    assert isinstance(result, dict)
    return dict(result)


async def test_connects_and_describes_its_tools(make_bin: MakeBin) -> None:
    node = make_bin()
    await node.connect()
    status = node.status
    assert (status.state, status.server, status.protocol_version) == (
        "ready",
        "httpbin 0.10",
        "OpenAPI 3.0.3",
    )
    specs = {spec.name: spec for spec in node.get_tools()}
    assert {"bin.get", "bin.post", "bin.get_image_png"} <= set(specs)
    schema = specs["bin.get"].args_model.model_json_schema()
    assert schema["required"] == ["q"]
    assert schema["properties"]["q"] == {"type": "string", "description": "what to look for"}
    assert schema["properties"]["limit"] == {"type": "integer", "default": 10, "maximum": 50}


async def test_query_and_headers_arrive_and_what_is_left_out_is_not_sent(make_bin: MakeBin, url: str) -> None:
    arguments = {"q": "a b&c=d/é", "tag": ["x", "y"], "X-Trace": "t1"}
    got = await result_of(make_bin(), "bin.get", **arguments)
    assert got["args"] == {"q": "a b&c=d/é", "tag": ["x", "y"]}
    assert got["headers"]["X-Trace"] == "t1"


async def test_a_json_body_keeps_its_types(make_bin: MakeBin) -> None:
    got = await result_of(make_bin(), "post", name="Ada", age=36)
    assert got["json"] == {"name": "Ada", "age": 36}


async def test_a_form_and_a_file_arrive(make_bin: MakeBin) -> None:
    node = make_bin()
    assert (await result_of(node, "send_form", name="A & B", age=3))["form"] == {"name": "A & B", "age": "3"}
    file = base64.b64encode(b"bytes\r\n--x").decode()
    got = await result_of(node, "upload", note="n", file=file)
    assert (got["form"], got["files"]) == ({"note": "n"}, {"file": "bytes\r\n--x"})


async def test_deletes(make_bin: MakeBin) -> None:
    assert (await result_of(make_bin(), "delete", id=7))["args"] == {"id": "7"}


@pytest.mark.parametrize("item", ["a b", "a/b", "é", "100%", "a?b#c", ";x=1"])
async def test_a_path_argument_stays_one_segment(make_bin: MakeBin, url: str, item: str) -> None:
    got = await result_of(make_bin(), "anything", item=item)
    assert got["args"] == {}
    assert str(got["url"]).startswith(f"{url}/anything/")


@pytest.mark.parametrize("item", ["..", ".", "", "../status/200", "a/../../x", "..\\x"])
async def test_a_path_argument_cannot_leave_its_place(make_bin: MakeBin, item: str) -> None:
    with pytest.raises(ToolClientError, match="`item`"):
        await make_bin().call("anything", {"item": item})


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (400, ToolClientError),
        (404, ToolClientError),
        (401, ToolAuthError),
        (403, ToolAuthError),
        (429, ToolRateLimitError),
        (500, ToolServerError),
        (503, ToolServerError),
        (507, ToolNodeError),
    ],
)
async def test_the_status_decides_the_error(make_bin: MakeBin, code: int, error: type[ToolNodeError]) -> None:
    node = make_bin()
    with pytest.raises(ToolNodeError, match=f"status {code}") as caught:
        await node.call("status", {"code": code})
    assert (type(caught.value), caught.value.status_code) == (error, code)
    assert node.status.state == "ready"


async def test_an_answer_without_a_body_is_none(make_bin: MakeBin) -> None:
    assert await make_bin().call("status", {"code": 204}) == {"result": None}


async def test_text_bytes_and_packed_json_are_told_apart(make_bin: MakeBin) -> None:
    node = make_bin()
    image = await result_of(node, "get_image_png")
    assert image["mimeType"] == "image/png"
    assert base64.b64decode(str(image["blob"])).startswith(b"\x89PNG")
    assert "<?xml" in str((await node.call("get_xml", {}))["result"])
    assert (await result_of(node, "packed"))["gzipped"] is True


async def test_a_slow_answer_times_out(make_bin: MakeBin) -> None:
    with pytest.raises(ToolTimeoutError, match="within 1 s"):
        await make_bin(timeout_s=1).call("delay", {"seconds": 2})


async def test_credentials_are_sent_and_a_missing_one_is_explained(make_bin: MakeBin) -> None:
    node = make_bin(auth_type="bearer", auth_config={"token": "${OPENAI_API_KEY}"})
    assert (await result_of(node, "bearer"))["token"] == "sk-canary"
    with pytest.raises(ToolAuthError, match="401") as caught:
        await make_bin(name="other").call("bearer", {})
    assert caught.value.hint == "the document asks for `auth_type` bearer"


async def test_a_cookie_argument_joins_the_cookie_of_the_config(make_bin: MakeBin) -> None:
    node = make_bin(auth_type="cookie", auth_config={"cookie_name": "sid", "cookie_value": "1"})
    assert (await result_of(node, "cookies", taste="sweet"))["cookies"] == {"sid": "1", "taste": "sweet"}


@pytest.mark.parametrize("target", ["http://169.254.169.254/", "http://2130706433/", "http://localhost:1/"])
async def test_a_redirect_to_a_private_address_is_refused(make_bin: MakeBin, target: str) -> None:
    node = make_bin()  # ASI04
    with pytest.raises(ToolClientError, match="leads to"):
        await node.call("redirect_to", {"url": target})
    assert node.status.state == "ready"


async def test_redirects_are_followed_three_times(make_bin: MakeBin) -> None:
    node = make_bin()
    assert "url" in await result_of(node, "redirect", times=3)
    with pytest.raises(ToolClientError, match="redirects once more"):
        await node.call("redirect", {"times": 4})


async def test_the_base_url_is_enough(make_node: MakeNode, url: str) -> None:
    node = make_node(url, transport="http", name="bin")
    assert (await result_of(node, "get", q="x"))["args"] == {"q": "x"}
