"""Section 21: the events of everything that goes wrong and is mended."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from penguiflow.catalog import tool
from tests.contract.planner.fakes_b import Model, Said, planner_with
from tests.fakes.planner_tools import Heard, answer, call


class Amount(BaseModel):
    amount: int


class Name(BaseModel):
    name: str


class Large(BaseModel):
    rows: list[str]


async def hear(model: Model, **options: Any) -> Heard:
    heard = Heard()
    planner, _ = planner_with(model=model, event_callback=heard, **options)
    await planner.run("q")
    return heard


def pay(**marks: Any) -> Any:
    @tool(desc="pays", **marks)
    async def pay(args: Amount, ctx: Any) -> Said:
        return Said(said=str(args.amount))

    return pay


async def test_a_repaired_reply_tells_what_was_wrong() -> None:
    heard = await hear(Model('Sure!\n```json\n{"next_node": 7}\n```', answer()))
    (event,) = heard.of("planner_repair_attempt")
    assert event.extra.keys() >= {
        "attempt", "error_type", "error_summary", "response_len", "had_code_fence", "had_non_json_prefix",
        "next_node_detected",
    }  # fmt: skip
    assert (event.extra["had_code_fence"], event.extra["had_non_json_prefix"]) == (True, True)


async def test_filling_a_missing_argument_tells_attempt_and_success() -> None:
    heard = await hear(Model(call("pay"), answer(), json_object=[{"amount": 3}]), catalog=[pay()])
    (attempt,), (success,) = heard.of("arg_fill_attempt"), heard.of("arg_fill_success")
    assert (list(attempt.extra["missing_fields"]), attempt.extra["field_count"]) == (["amount"], 1)
    assert list(success.extra["filled_fields"]) == ["amount"]
    assert attempt.node_name == success.node_name == "pay"
    assert heard.of("arg_fill_failure") == []


async def test_failing_to_fill_tells_the_failure() -> None:
    heard = await hear(Model(call("pay"), json_object=["I do not know"]), catalog=[pay()])
    (failure,) = heard.of("arg_fill_failure")
    assert failure.node_name == "pay"
    assert failure.error
    assert failure.extra["raw_response_len"] == len("I do not know")


async def test_a_repaired_finish_tells_attempt_success_and_the_text() -> None:
    model = Model({"next_node": "final_response", "args": {}}, json_object=[{"answer": "mended"}])
    heard = await hear(model)
    assert len(heard.of("finish_repair_attempt")) == 1
    assert heard.of("finish_repair_success")[0].extra["answer_len"] == len("mended")
    texts = [
        (event.extra["text"], event.extra["channel"])
        for event in heard.of("llm_stream_chunk")
        if event.extra["phase"] == "args"
    ]
    assert "".join(text for text, _ in texts) == "mended"
    assert {channel for _, channel in texts} == {"answer"}
    assert len(texts) == 2


async def test_a_failed_repair_of_a_finish_tells_the_failure() -> None:
    heard = await hear(Model({"next_node": "final_response", "args": {}}, json_object=[{}]))
    assert heard.of("finish_repair_success") == []
    assert heard.of("finish_repair_failure")[0].extra["raw_len"] == 2


async def test_refused_arguments_are_told_and_then_a_graceful_end() -> None:
    def refuse(args: Any, action: Any) -> str:
        return "too much"

    model = Model(*[call("pay", amount=n) for n in range(3)], json_object=[{"answer": "I could not pay."}])
    heard = await hear(model, catalog=[pay(arg_validator=refuse)], max_consecutive_arg_failures=3)
    invalid = heard.of("planner_args_invalid")
    assert len(invalid) == 3
    assert invalid[0].extra["tool"] == "pay"
    assert "too much" in invalid[0].extra["error_summary"]
    assert invalid[0].extra["source"] == "validator"
    assert len(heard.of("graceful_failure_attempt")) == 1
    assert heard.of("graceful_failure_success")[0].extra["answer_len"] == len("I could not pay.")


async def test_suspicious_arguments_are_told() -> None:
    @tool(desc="greets", arg_validation={"placeholders": ["TBD"], "reject_placeholders": True})
    async def greet(args: Name, ctx: Any) -> Said:
        return Said(said=args.name)

    heard = await hear(Model(call("greet", name="TBD"), answer()), catalog=[greet])
    (suspect,), (invalid,) = heard.of("planner_args_suspect"), heard.of("planner_args_invalid")
    assert suspect.extra["tool"] == invalid.extra["tool"] == "greet"
    assert "TBD" in str(suspect.extra["placeholders"])
    assert "name" in str(suspect.extra["placeholder_paths"])
    assert invalid.extra["source"] == "placeholder"


async def test_a_clamped_observation_is_told() -> None:
    @tool(desc="reads much")
    async def read(args: Amount, ctx: Any) -> Large:
        return Large(rows=["x" * 3_000] * 40)

    heard = await hear(Model(call("read", amount=1), answer()), catalog=[read])
    (event,) = heard.of("observation_clamped")
    assert event.node_name == "read"
    assert event.extra["original_size"] > 120_000
    assert event.extra["clamped_size"] <= 50_000
    assert event.extra["method"] in {"artifact", "truncate"}
    assert 0 < event.extra["reduction_pct"] <= 100
