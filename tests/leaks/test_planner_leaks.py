"""Secret arguments in a planner: tools get them; events, approvals, pauses and cassettes do not show them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretBytes, SecretStr

from penguiflow.catalog import NodeSpec, tool
from penguiflow.llm.cassette import CassetteClient
from penguiflow.llm.scripted import ScriptedLLM
from penguiflow.node import Node
from penguiflow.planner import PlannerPause, ReactPlanner
from penguiflow.planner._rules.secret_args import hidden_args, secret_texts
from penguiflow.planner.approvals import Approve, DecisionError, Edit, call_hash
from penguiflow.planner.events import PlannerEvent
from penguiflow.redaction import REDACTED
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow.tools._schema.arguments import arguments_model
from tests.leaks.canaries import rows_of


class Keys(BaseModel):
    first: SecretBytes
    others: list[SecretStr] = []


class Account(BaseModel):
    user: str
    password: SecretStr
    pin: Annotated[str, Field(json_schema_extra={"writeOnly": True})] = ""
    keys: Keys | None = None


class Said(BaseModel):
    text: str


@dataclass
class Vault:
    """Remembers what its tools were given."""

    opened: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def tools(self) -> list[Any]:  # functions that are marked as tools
        @tool(desc="Open with approval.", requires_approval=True)
        async def open_it(args: Account, ctx: Any) -> Said:  # the context is not used
            return self._open(args)

        @tool(desc="Open at once.")
        async def open_now(args: Account, ctx: Any) -> Said:  # the context is not used
            return self._open(args)

        @tool(desc="Never open.")
        async def refuse(args: Account, ctx: Any) -> Said:  # the context is not used
            raise PermissionError(f"wrong: {args.password.get_secret_value()}")

        return [open_it, open_now, refuse]

    def _open(self, args: Account) -> Said:
        self.opened.append((args.password.get_secret_value(), args.pin))
        return Said(text=f"opened with {args.password.get_secret_value()}")


PASSWORD = "open-sesame-4b1d"
GIVEN = {"user": "ali", "password": PASSWORD, "pin": "4711", "keys": {"first": "k1", "others": ["k2", "k3"]}}
SHOWN = {
    "user": "ali",
    "password": REDACTED,
    "pin": REDACTED,
    "keys": {"first": REDACTED, "others": [REDACTED, REDACTED]},
}
DONE = {"next_node": "final_response", "args": {"answer": "done"}}


def step(node: str, args: Mapping[str, Any] = GIVEN) -> Mapping[str, Any]:
    return {"thought": "open", "next_node": node, "args": args}


def planner_of(
    vault: Vault, *replies: Mapping[str, Any], heard: list[PlannerEvent], **options: Any
) -> ReactPlanner:
    return ReactPlanner(
        llm_client=options.pop("llm_client", None) or ScriptedLLM([*replies, DONE]),
        catalog=vault.tools(),
        event_callback=heard.append,
        **options,
    )


def told(heard: Sequence[PlannerEvent], kind: str) -> list[Mapping[str, Any]]:
    return [event.extra for event in heard if event.event_type == kind]


def texts_of(heard: Sequence[PlannerEvent]) -> str:
    return json.dumps([[dict(event.extra), event.error, event.thought] for event in heard], default=str)


async def test_the_tool_gets_the_secrets_and_events_show_that_they_are_set() -> None:
    vault, heard = Vault(), list[PlannerEvent]()
    await planner_of(vault, step("open_now"), heard=heard).run("open")
    assert vault.opened == [(PASSWORD, "4711")]
    assert told(heard, "action")[0]["args"] == SHOWN
    assert json.loads(told(heard, "tool_call_start")[0]["args_json"]) == SHOWN
    for secret in (PASSWORD, "4711", "k1", "k2"):
        assert secret not in texts_of([e for e in heard if e.event_type != "tool_call_result"])


async def test_a_failed_call_tells_its_arguments_without_the_secrets() -> None:
    heard = list[PlannerEvent]()
    await planner_of(Vault(), step("refuse"), heard=heard).run("open")
    (result,) = told(heard, "tool_call_result")
    assert json.loads(result["result_json"])["failure"]["args"] == SHOWN


async def test_the_branches_of_a_plan_are_calls_too() -> None:
    vault, heard = Vault(), list[PlannerEvent]()
    plan = {"steps": [{"node": "open_now", "args": GIVEN}, {"node": "refuse", "args": GIVEN}]}
    await planner_of(vault, step("parallel", plan), heard=heard).run("open")
    assert vault.opened == [(PASSWORD, "4711")]
    assert [branch["args"] for branch in told(heard, "action")[0]["args"]["steps"]] == [SHOWN, SHOWN]
    assert [json.loads(start["args_json"]) for start in told(heard, "tool_call_start")] == [SHOWN, SHOWN]


async def test_a_person_sees_that_a_secret_is_set_and_decides_about_the_real_one() -> None:
    vault, heard = Vault(), list[PlannerEvent]()
    planner = planner_of(vault, step("open_it"), heard=heard)
    pause = await planner.run("open")
    assert isinstance(pause, PlannerPause)
    assert pause.payload["args"] == SHOWN
    assert pause.payload["call_hash"] == call_hash("open_it", GIVEN)
    await planner.resume(pause.resume_token, Approve(pause.payload["call_hash"]))
    (decided,) = told(heard, "approval_decided")
    assert vault.opened == [(PASSWORD, "4711")]
    assert (decided["args"], decided["proposed_args"]) == (SHOWN, SHOWN)


async def test_what_a_person_changes_is_hidden_in_the_same_way() -> None:
    vault, heard = Vault(), list[PlannerEvent]()
    planner = planner_of(vault, step("open_it"), heard=heard)
    pause = await planner.run("open")
    assert isinstance(pause, PlannerPause)
    await planner.resume(pause.resume_token, Edit({"user": "ali", "password": "another-77aa", "pin": "1"}))
    assert vault.opened == [("another-77aa", "1")]
    assert told(heard, "approval_decided")[0]["args"] == {
        "user": "ali",
        "password": REDACTED,
        "pin": REDACTED,
    }


async def test_what_was_shown_in_the_place_of_a_secret_is_never_sent_to_the_tool() -> None:
    vault = Vault()
    planner = planner_of(vault, step("open_it"), heard=[])
    pause = await planner.run("open")
    assert isinstance(pause, PlannerPause)
    shown = {**pause.payload["args"], "user": "eve"}
    (problem,) = await planner.check_edit(pause.resume_token, shown)
    with pytest.raises(DecisionError, match="give its value, or approve"):
        await planner.resume(pause.resume_token, Edit(shown))
    assert "give its value" in problem
    assert vault.opened == []
    await planner.resume(pause.resume_token, Approve())
    assert vault.opened == [(PASSWORD, "4711")]


async def test_a_stored_pause_holds_no_secret_and_goes_on_with_it_in_the_same_process(tmp_path: Path) -> None:
    store = await SqliteStateStore.open(tmp_path / "pauses.sqlite3")
    vault, heard = Vault(), list[PlannerEvent]()
    planner = planner_of(vault, step("open_now"), step("open_it"), heard=heard, state_store=store)
    pause = await planner.run("open", tool_context={"kept": 1, "token": f"Bearer {PASSWORD}"})
    assert isinstance(pause, PlannerPause)
    rows = rows_of(tmp_path / "pauses.sqlite3")
    for secret in (PASSWORD, "4711", '"k1"', '"k2"'):
        assert secret.encode() not in rows
    assert b'"tool_context_left_out": ["token"]' in rows

    await planner.resume(pause.resume_token, Approve())
    assert vault.opened == [(PASSWORD, "4711")] * 2
    await store.aclose()


async def test_another_process_has_to_be_given_the_secret_again(tmp_path: Path) -> None:
    store = await SqliteStateStore.open(tmp_path / "pauses.sqlite3")
    pause = await planner_of(Vault(), step("open_it"), heard=[], state_store=store).run("open")
    assert isinstance(pause, PlannerPause)
    vault = Vault()
    another = planner_of(vault, heard=[], state_store=store)

    with pytest.raises(DecisionError, match=r"password: its value was not stored .* give it again"):
        await another.resume(pause.resume_token, Approve())
    assert vault.opened == []
    await another.resume(pause.resume_token, Edit(GIVEN))
    assert vault.opened == [(PASSWORD, "4711")]
    await store.aclose()


async def test_a_cassette_keeps_calls_without_their_secrets_and_plays_the_rest(tmp_path: Path) -> None:
    tape = tmp_path / "tape.jsonl"
    scripted = ScriptedLLM([step("open_now"), DONE])
    recording = CassetteClient.record(scripted, tape)
    first = await planner_of(Vault(), heard=[], llm_client=recording).run("open")
    for secret in (PASSWORD, "4711", '"k1"', '"k2"'):
        assert secret not in tape.read_text()

    vault = Vault()
    replay = CassetteClient.replay(tape)
    again = await planner_of(vault, heard=[], llm_client=replay).run("open")
    replay.assert_all_used()
    assert (first.reason, again.reason) == ("answer_complete", "answer_complete")
    assert vault.opened == [(REDACTED, REDACTED)]


async def test_what_was_exchanged_with_a_model_is_told_without_secret_arguments() -> None:
    heard = list[PlannerEvent]()
    await planner_of(Vault(), step("open_now", {**GIVEN, "password": "tiny"}), heard=heard).run("open")
    exchanges = [event.exchange for event in heard if event.exchange is not None]
    assert len(exchanges) == 2
    assert "open_now" in str(exchanges[1].messages)
    assert "4711" not in str(exchanges)


class Renamed(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    token: SecretStr = Field(alias="apiToken")
    code: SecretStr = Field(validation_alias=AliasChoices("code", "CODE"))
    plain: str = Field(default="", alias="plainText")


def spec_of(model: type[BaseModel]) -> NodeSpec:
    async def act(args: Any, ctx: Any) -> Said:  # any tool
        return Said(text="")

    return NodeSpec(node=Node(act, name="act"), name="act", desc="", args_model=model, out_model=Said)


@pytest.mark.parametrize(
    "args",
    [
        {"apiToken": "a-1", "code": "c-1", "plainText": "open"},
        {"token": "a-1", "CODE": "c-1", "plain": "open"},
    ],
)
def test_secrets_are_known_under_every_name_of_their_field(args: dict[str, Any]) -> None:
    spec = spec_of(Renamed)
    assert sorted(secret_texts(spec, args)) == ["a-1", "c-1"]
    assert sorted(hidden_args(spec, args).values()) == [REDACTED, REDACTED, "open"]


def test_the_schema_of_a_server_marks_secrets_too() -> None:
    properties = {"password": {"type": "string", "format": "password"}, "host": {"type": "string"}}
    schema = {"type": "object", "properties": {"login": {"type": "object", "properties": properties}}}
    spec = spec_of(arguments_model("act", schema, origin=None))
    assert hidden_args(spec, {"login": {"password": "x", "host": "h"}}) == {
        "login": {"password": REDACTED, "host": "h"}
    }


def test_a_tool_without_secrets_shows_the_very_arguments() -> None:
    args = {"text": "open"}
    assert hidden_args(spec_of(Said), args) is args
