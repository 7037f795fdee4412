from __future__ import annotations

import json
from typing import Any

import pytest

from penguiflow._bus.wire import (
    PREVIEW_CHARS,
    Stamp,
    document,
    heaviest_part,
    json_bytes,
    set_aside,
    without_secrets,
)
from penguiflow.bus import BusEnvelope

STAMP = Stamp(message_id="p-1", publisher="p", seq=1, ts=2.5)


def facts(payload: Any = None, **meta: Any) -> dict[str, Any]:
    return document(BusEnvelope("a->b", "a", "b", "t", payload, {"tenant": "acme"}, meta), STAMP)


def test_a_document_holds_the_envelope_and_the_stamp() -> None:
    assert facts("krill", hop=1) == {
        "version": 1,
        "id": "p-1",
        "publisher": "p",
        "seq": 1,
        "ts": 2.5,
        "edge": "a->b",
        "source": "a",
        "target": "b",
        "trace_id": "t",
        "payload": "krill",
        "headers": {"tenant": "acme"},
        "meta": {"hop": 1},
        "large": {},
    }


def test_an_edge_without_ends_is_told_as_it_is() -> None:
    told = document(BusEnvelope("*->*", None, None, None, 1, None, None), STAMP)

    assert [told[name] for name in ("source", "target", "trace_id", "headers", "meta")] == [None] * 5


def test_secrets_go_from_the_parts_and_nothing_else_changes() -> None:
    told = without_secrets(json_bytes(facts({"password": "hunter2", "fish": "cod"}, token="hunter2")))

    assert told == {**facts({"password": "[redacted]", "fish": "cod"}), "meta": {"token": "[redacted]"}}


def test_only_a_part_that_weighs_something_can_be_set_aside() -> None:
    assert heaviest_part(facts("krill")) is None
    heaviest = heaviest_part(facts("k" * 5_000, log="m" * 6_000))
    assert heaviest is not None
    assert (heaviest.name, json.loads(heaviest.data)) == ("meta", {"log": "m" * 6_000})


@pytest.mark.parametrize("reference", [None, {"id": "artifact"}])
def test_a_part_that_is_set_aside_leaves_its_size_its_beginning_and_its_place(reference: Any) -> None:
    told = facts("krill " * 1_000)
    part = heaviest_part(told)
    assert part is not None

    set_aside(told, part, reference=reference)

    assert told["payload"] is None
    assert told["large"] == {
        "payload": {
            "size_bytes": 6_002,
            "preview": ('"' + "krill " * 1_000)[:PREVIEW_CHARS],
            "truncated": reference is None,
            "ref": reference,
        }
    }


@pytest.mark.parametrize("position", [0, 500, 990, 3_000, 11_990, 11_995])
@pytest.mark.parametrize("length", [6_000, 60_000])
def test_no_preview_ends_in_half_a_secret(position: int, length: int) -> None:
    key = "sk-" + "a" * 40
    text = "x" * position + " " + key + " " + "y" * (length - position)
    told = facts({"secret": "hunter2", "text": text})
    part = heaviest_part(told)
    assert part is not None

    set_aside(told, part)

    preview = told["large"]["payload"]["preview"]
    assert "hunter2" not in preview
    assert "sk-a" not in preview
    assert preview


def test_no_preview_ends_in_half_a_secret_when_those_before_it_have_shrunk() -> None:
    token = f"eyJ{'a' * 4_000}.{'b' * 4_000}.{'c' * 40}"
    told = facts([token] * 3)
    part = heaviest_part(told)
    assert part is not None

    set_aside(told, part)

    assert "eyJ" not in told["large"]["payload"]["preview"]


def test_a_text_that_has_no_utf8_form_can_be_sent() -> None:
    assert json.loads(json_bytes({"text": "a\ud800b ü"})) == {"text": "a?b ü"}
