"""Section 8: how an action is found in what a model writes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penguiflow.llm import LLMReply
from penguiflow.planner import Trajectory
from tests.contract.planner.fakes_a import (
    SHAPES,
    Client,
    Raw,
    Tools,
    end,
    ended,
    planner_of,
    read,
    run,
    use,
)

CALL = '{"next_node": "echo", "args": {"text": "a"}}'

TEXTS = {
    "bare": CALL,
    "with space around": f"\n\n  {CALL}  \n",
    "with prose around": f"I will call the tool now.\n{CALL}\nThat should do it.",
    "in a fence": f"```json\n{CALL}\n```",
    "in a fence without a language": f"```\n{CALL}\n```",
    "in a fence with prose around": f"Here it is:\n```json\n{CALL}\n```\nWaiting for the result.",
    "after a fence of something else": f"```python\nprint('hi')\n```\n```json\n{CALL}\n```",
    "after an object that is no action": f'{{"note": "let me think"}}\n{CALL}',
    "before an object that is no action": f'{CALL}\n{{"note": "done"}}',
    "in a list": f"[{CALL}]",
    "in a list with others": f'[{{"note": 1}}, {CALL}]',
    "as a string of JSON": json.dumps(CALL),
    "as a Python literal": "{'next_node': 'echo', 'args': {'text': 'a'}}",
    "with braces in the prose": f"The set {{a, b}} is small.\n{CALL}",
    "over several lines": json.dumps(json.loads(CALL), indent=4),
}

ANSWERS = {
    "an object with an answer": '{"answer": "x"}',
    "in prose": 'So, finally: {"answer": "x"}. Bye!',
    "as a Python literal with None": "{'next_node': None, 'args': {'answer': 'x'}}",
    "in a fence": '```json\n{"answer": "x"}\n```',
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_an_action_is_found_in_the_text(text: str) -> None:
    action = await read(text)
    assert (action.next_node, action.args) == ("echo", {"text": "a"})


@pytest.mark.parametrize("text", ANSWERS.values(), ids=ANSWERS)
async def test_an_answer_is_found_in_the_text(text: str) -> None:
    action = await read(text)
    assert (action.next_node, action.get_answer()) == ("final_response", "x")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f'{{"next_node": "other"}}\n{CALL}', "echo"),
        (f'{CALL}\n{{"next_node": "other"}}', "echo"),
        (f'{CALL}\n{{"next_node": "other", "args": {{}}, "thought": "because"}}', "other"),
        (f'{{"answer": "x"}}\n{CALL}', "echo"),
        (f'{CALL}\n{{"next_node": "other", "args": {{}}}}', "echo"),
        (f'{{"next_node": "other", "args": {{}}}}\n{CALL}', "other"),
    ],
    ids=[
        "more is better",
        "more is better, first",
        "a thought counts",
        "an action wins over an answer",
        "tie",
        "tie, turned round",
    ],
)
async def test_of_several_the_most_complete_action_is_chosen_and_of_equals_the_first(
    text: str, found: str
) -> None:
    assert (await read(text)).next_node == found


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
async def test_a_client_may_answer_in_several_shapes(shape: Any) -> None:
    ran = await run(shape(use("echo", text="a")), shape(end("x")))
    assert ran.steps[0]["observation"] == {"said": "a"}
    assert ran.result.payload["raw_answer"] == "x"


@pytest.mark.parametrize("value", [None, 42, b"{}", ["x"], ("x",), {"next_node": "echo"}], ids=str)
async def test_any_other_shape_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError):
        await planner_of(Client(Raw(value=value))).run("q")


async def test_a_mixed_output_is_told_and_kept() -> None:
    text = f'Let me see.\n{{"note": "hm"}}\n{CALL}\nOkay.'
    ran = await run(text, end())
    (event,) = ran.events.of("llm_parse_extras")
    assert event.extra.keys() >= {
        "selected_next_node", "selected_source", "candidate_count", "other_json_count",
        "other_json_summaries", "attempt",
    }  # fmt: skip
    assert (event.extra["selected_next_node"], event.extra["other_json_count"]) == ("echo", 1)
    (kept,) = ran.result.metadata["trajectory_metadata"]["llm_parse_extras"]
    assert kept["selected_next_node"] == "echo"


async def test_a_clean_output_is_not_told_as_mixed() -> None:
    ran = await run(CALL, end())
    assert ran.events.of("llm_parse_extras") == []


async def test_at_most_ten_mixed_outputs_are_kept() -> None:
    texts = [f'Let me see.\n{json.dumps(use("echo", text=str(n)))}\n{{"note": {n}}}' for n in range(12)]
    ran = await run(*texts, end(), max_iters=20)
    assert len(ran.result.metadata["trajectory_metadata"]["llm_parse_extras"]) == 10


async def alternates(*replies: dict[str, Any]) -> list[dict[str, Any]]:
    text = "\n".join(json.dumps(reply) for reply in replies)
    action = await planner_of(Client(text)).step(Trajectory(query="q"))
    assert action.next_node == replies[0]["next_node"]
    assert action.alternate_actions is not None
    return action.alternate_actions


async def test_other_actions_of_the_same_output_are_attached() -> None:
    (other,) = await alternates(use("echo", text="a"), use("other", text="b"))
    assert (other["next_node"], other["args"]) == ("other", {"text": "b"})


async def test_at_most_five_other_actions_are_attached() -> None:
    assert len(await alternates(*[use("echo", text=str(n)) for n in range(9)])) == 5


async def test_an_answer_among_the_other_actions_is_masked() -> None:
    (other,) = await alternates(use("echo", text="a"), end("the premature answer"))
    assert "the premature answer" not in json.dumps(other)
    assert "answer_len" in json.dumps(other)


async def test_a_reply_of_one_action_has_no_others() -> None:
    assert not (await read(CALL)).alternate_actions


@pytest.mark.parametrize("length", [1, 200_000])
async def test_the_length_of_a_reply_does_not_matter(length: int) -> None:
    text = "e" * length
    assert (await read(use("echo", text=text))).args == {"text": text}


async def test_deeply_nested_output_is_repaired_and_not_an_error() -> None:
    client = Client("[" * 50_000, '{"a":' * 50_000, end("fine"))
    assert ended(await planner_of(client).run("q")).payload["raw_answer"] == "fine"


async def test_the_raw_text_of_a_reply_is_kept_on_the_action() -> None:
    assert (await read(LLMReply(text=CALL))).raw_llm_response == CALL


async def test_the_words_of_the_user_s_tools_are_no_actions() -> None:
    tools = Tools()
    inner = json.dumps(use("other", text="b"))
    await run(use("echo", text=inner), end(), catalog=tools.all())
    assert tools.calls == [f"echo {inner}"]
