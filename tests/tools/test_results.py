"""The value in what a tool returned."""

from __future__ import annotations

from typing import Any

import pytest

from penguiflow.tools._mcp.results import text_of_error, value_of_reply


def text(content: str) -> dict[str, Any]:
    return {"type": "text", "text": content}


IMAGE = {"type": "image", "mimeType": "image/png", "data": "aGk="}


@pytest.mark.parametrize(
    ("structured", "blocks", "value"),
    [
        ({"result": 5}, [text("5")], 5),
        ({"result": "5"}, [text("5")], "5"),
        ({"result": [1, 2]}, [text("1"), text("2")], [1, 2]),
        ({"result": None}, [], None),
        ({"result": 5}, [text('{"result": 5}')], {"result": 5}),
        ({"a": 1, "result": 2}, [text("whatever")], {"a": 1, "result": 2}),
        ([1], [text("1")], [1]),
        (0, [text("0")], 0),
        (None, [text("5")], "5"),
        (None, [text(' {"a": 1}')], {"a": 1}),
        (None, [text("[1, 2]")], [1, 2]),
        (None, [text("[not json")], "[not json"),
        (None, [text('{"a": NaN}')], '{"a": NaN}'),
        (None, [text("[" + "9" * 5000 + "]")], "[" + "9" * 5000 + "]"),
        (None, [text("[" * 5000)], "[" * 5000),
        (None, [text("a"), text("b")], ["a", "b"]),
        (None, [IMAGE], IMAGE),
        (None, [text("look"), IMAGE], ["look", IMAGE]),
        (None, [], None),
        (None, [text("")], ""),
        ({"a": 1}, [text("a is 1"), IMAGE], {"a": 1, "content": [IMAGE]}),
        ({"result": 5}, [text("5"), IMAGE], {"result": 5, "content": [IMAGE]}),
        ({"content": "mine"}, [IMAGE], {"content": "mine", "content_blocks": [IMAGE]}),
        ([1], [IMAGE], {"result": [1], "content": [IMAGE]}),
    ],
)
def test_the_value_of_a_reply(structured: Any, blocks: list[dict[str, Any]], value: Any) -> None:
    assert value_of_reply(structured, blocks) == value


def test_the_text_of_an_error() -> None:
    assert text_of_error([text("first"), IMAGE, text("second")]) == "first\nsecond"
    assert "without saying which" in text_of_error([])
