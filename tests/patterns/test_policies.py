from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from penguiflow import Context, Message, Node
from penguiflow.policies import DictRoutingPolicy, RoutingDecisionType, RoutingRequest, evaluate_policy
from tests.fakes.flows import message, passes_on, untyped

ROUTER, LEFT = untyped(passes_on, "router"), untyped(passes_on, "left")


def request_for(msg: Message, *proposed: Node) -> RoutingRequest:
    return RoutingRequest(
        message=msg, context=Context(ROUTER), node=ROUTER, proposed=proposed, trace_id=msg.trace_id
    )


REQUEST = request_for(message("x", trace_id="t"), LEFT)


class Select:
    def select(self, request: RoutingRequest) -> RoutingDecisionType:
        return request.proposed_names


class AsyncSelect:
    async def select(self, request: RoutingRequest) -> RoutingDecisionType:
        return request.proposed_names


class BothWays(Select):
    def __call__(self, request: RoutingRequest) -> RoutingDecisionType:
        raise AssertionError("`select` comes first")


async def called_and_awaited(request: RoutingRequest) -> RoutingDecisionType:
    return request.proposed_names


@pytest.mark.parametrize(
    "policy",
    [Select(), AsyncSelect(), BothWays(), lambda request: request.proposed_names, called_and_awaited],
)
async def test_a_policy_is_an_object_or_a_function_and_may_be_async(policy: Any) -> None:
    assert await evaluate_policy(policy, REQUEST) == ("left",)


def test_a_request_names_its_router_and_the_proposed_targets() -> None:
    assert (REQUEST.node_name, REQUEST.proposed_names) == ("router", ("left",))


def test_a_node_without_a_name_is_named_by_its_id() -> None:
    anonymous = untyped(passes_on, "")
    anonymous.name = ""
    request = RoutingRequest(REQUEST.message, REQUEST.context, anonymous, (anonymous,), None)

    assert (request.node_name, request.proposed_names) == (anonymous.node_id, (anonymous.node_id,))


@pytest.mark.parametrize(
    ("mapping", "decision"), [({"t": "left"}, "left"), ({"t": None}, None), ({"other": "left"}, "fallback")]
)
def test_decisions_are_looked_up_by_trace_id_unless_told_otherwise(
    mapping: dict[str, RoutingDecisionType], decision: RoutingDecisionType
) -> None:
    assert DictRoutingPolicy(mapping, default="fallback").select(REQUEST) == decision


@pytest.mark.parametrize(("key", "decision"), [("test", "left"), ("unknown", "fallback"), (None, "fallback")])
def test_a_key_getter_decides_what_is_looked_up(key: str | None, decision: RoutingDecisionType) -> None:
    policy = DictRoutingPolicy({"test": "left"}, default="fallback", key_getter=lambda request: key)

    assert policy.select(REQUEST) == decision


def test_without_an_entry_and_a_default_an_item_is_dropped() -> None:
    assert DictRoutingPolicy({}).select(REQUEST) is None


def test_decisions_and_default_can_be_replaced_and_do_not_follow_the_mapping_they_came_from() -> None:
    mapping: dict[str, RoutingDecisionType] = {"t": "left"}
    policy = DictRoutingPolicy(mapping)
    mapping["t"] = "changed"
    assert policy.select(REQUEST) == "left"

    policy.update_mapping({"other": "right"})
    policy.set_default(["a", "b"])
    assert policy.select(REQUEST) == ["a", "b"]


def test_decisions_can_come_from_json() -> None:
    text = '{"t": ["left", "right"], "off": null}'
    policy = DictRoutingPolicy.from_json(
        text, default="d", key_getter=lambda request: request.message.payload
    )

    decisions = [policy.select(request_for(message(payload))) for payload in ("t", "off", "none")]
    assert decisions == [["left", "right"], None, "d"]


def test_decisions_can_come_from_a_json_file(tmp_path: Path) -> None:
    path = tmp_path / "routes.json"
    path.write_text('{"t": "größe"}', encoding="utf-8")

    assert DictRoutingPolicy.from_json_file(path).select(REQUEST) == "größe"
    assert DictRoutingPolicy.from_json_file(str(path), default="x").select(REQUEST) == "größe"


@pytest.mark.parametrize("text", ["[]", "7", '"text"', "null"])
def test_json_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(TypeError, match="must decode to a mapping"):
        DictRoutingPolicy.from_json(text)


@pytest.mark.parametrize("entry", ["7", '{"a": "b"}', '["left", 7]', "true"])
def test_an_entry_that_names_nothing_is_refused_when_it_is_read(entry: str) -> None:
    with pytest.raises(TypeError, match="routing policy entry `t`: Targets must be Node or str"):
        DictRoutingPolicy.from_json(f'{{"t": {entry}}}')


@pytest.mark.parametrize(("text", "error"), [("[]", TypeError), ("{", json.JSONDecodeError)])
def test_a_bad_file_is_named(tmp_path: Path, text: str, error: type[Exception]) -> None:
    path = tmp_path / "routes.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(error) as caught:
        DictRoutingPolicy.from_json_file(path)
    assert caught.value.__notes__ == [f"while reading the routing policy file `{path}`"]


def test_decisions_can_come_from_an_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTES", '{"t": "left"}')

    assert DictRoutingPolicy.from_env("ROUTES").select(REQUEST) == "left"


def test_a_loader_reads_other_formats_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTES", "test=left,other=right")
    policy = DictRoutingPolicy.from_env(
        "ROUTES",
        loader=lambda text: dict(pair.split("=") for pair in text.split(",")),
        default="fallback",
        key_getter=lambda request: request.message.headers.tenant,
    )

    assert policy.select(REQUEST) == "left"


def test_an_environment_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROUTES", raising=False)

    with pytest.raises(KeyError, match="Environment variable 'ROUTES' not set"):
        DictRoutingPolicy.from_env("ROUTES")


@pytest.mark.parametrize(("text", "error"), [("[]", TypeError), ("{", json.JSONDecodeError)])
def test_a_bad_environment_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, text: str, error: type[Exception]
) -> None:
    monkeypatch.setenv("ROUTES", text)

    with pytest.raises(error) as caught:
        DictRoutingPolicy.from_env("ROUTES")
    assert caught.value.__notes__ == ["while reading the environment variable `ROUTES`"]


@pytest.mark.parametrize("loader", [None, lambda text: ["no", "mapping"]])
def test_what_a_loader_returns_must_be_a_mapping(monkeypatch: pytest.MonkeyPatch, loader: Any) -> None:
    monkeypatch.setenv("ROUTES", "[]")

    with pytest.raises(TypeError, match="Policy loader must return a mapping"):
        DictRoutingPolicy.from_env("ROUTES", loader=loader)
