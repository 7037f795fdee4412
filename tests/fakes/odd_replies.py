"""Hypothesis strategies for what a model may say: sensible actions, broken ones, and anything else."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from penguiflow.llm.errors import LLMContextLengthError, LLMUnavailableError
from penguiflow.planner.approvals import Reject, Respond

SMALL_JSON = st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["a", "b", "<auto>", "", "5"])
JSON = st.recursive(
    SMALL_JSON | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
TOOLS = st.sampled_from(["look", "save", "order", "report", "merge"])
NODES = TOOLS | st.sampled_from(["final_response", "parallel", "nowhere", "plan", "task", None, 5])
NOTES = st.fixed_dictionaries({"text": st.sampled_from(["a", "b", "c"])})
ORDERS = st.fixed_dictionaries(
    {},
    optional={
        "amount": SMALL_JSON,
        "kind": st.sampled_from(["keep", "drop", "other"]),
        "sure": SMALL_JSON,
        "remark": st.sampled_from(["x", "<auto>"]),
    },
)
GOOD_ORDERS = st.just({"amount": 2, "kind": "keep", "sure": True})
ANSWERS = st.fixed_dictionaries(
    {}, optional={"answer": JSON, "text": JSON, "confidence": JSON, "sources": JSON}
)
ARGS = NOTES | ORDERS | ANSWERS | st.dictionaries(st.sampled_from(["text", "steps", "join"]), JSON)
CALLS = st.builds(lambda node, args: {"next_node": node, "args": args}, TOOLS, NOTES | ORDERS)
ACTIONS = st.builds(lambda node, args: {"next_node": node, "args": args}, NODES, ARGS | JSON)
BRANCHES = st.builds(lambda node, args: {"node": node, "args": args}, TOOLS, NOTES | ORDERS)
JOINS = st.none() | st.fixed_dictionaries(
    {"node": TOOLS | st.just("merge")},
    optional={
        "args": JSON | NOTES,
        "inject": st.just({"results": "$results"}) | JSON,
        "on_failure": st.sampled_from(["skip", "partial", "other"]),
    },
)
PLANS = st.builds(
    lambda steps, join: {"next_node": "parallel", "args": {"steps": steps, "join": join}},
    st.lists(BRANCHES | JSON, max_size=3) | st.lists(BRANCHES, min_size=1, max_size=3),
    JOINS,
)
CRITIQUES = st.fixed_dictionaries(
    {"score": st.sampled_from([0.0, 0.5, 0.9, 7, "x"])}, optional={"passed": JSON, "feedback": JSON}
)
NATIVE = st.builds(
    lambda node, args: {"tool_calls": [{"function": {"name": node, "arguments": json.dumps(args)}}]},
    TOOLS,
    NOTES,
)
OBJECTS = (CALLS | PLANS | ACTIONS | CRITIQUES | NATIVE | ORDERS).map(json.dumps)
PIECES = st.sampled_from(["I call ", "```json\n", "\n```", "<think>hm</think>", "{'next_node': 'look', "])
ODD_TEXTS = st.one_of(
    OBJECTS,
    st.builds(lambda text, at: text[: at * len(text) // 100], OBJECTS, st.integers(0, 99)),
    st.lists(PIECES | OBJECTS, max_size=4).map("".join),
    st.sampled_from(["<amount>2</amount><kind>keep</kind><sure>true</sure>", "", "yes \ud800", "null", "[]"]),
    st.text(max_size=30),
    JSON.map(json.dumps),
)
FAILURES = st.sampled_from([LLMUnavailableError("down"), LLMContextLengthError("too long"), "slow"])
ODD = ODD_TEXTS | ODD_TEXTS | FAILURES
GOOD = st.one_of(
    st.tuples(st.sampled_from(["look", "save", "report"]), NOTES),
    st.tuples(st.just("order"), GOOD_ORDERS),
    st.tuples(st.just("merge"), st.just({"results": []})),
)
GOOD_CALLS = GOOD.map(lambda call: {"next_node": call[0], "args": call[1]})
GOOD_BRANCHES = GOOD.map(lambda call: {"node": call[0], "args": call[1]})
GOOD_JOINS = st.fixed_dictionaries(
    {"node": st.just("merge")},
    optional={"inject": st.just({"results": "$results"}), "on_failure": st.sampled_from(["skip", "partial"])},
)
GOOD_PLANS = st.builds(
    lambda steps, join: {"next_node": "parallel", "args": {"steps": steps, "join": join}},
    st.lists(GOOD_BRANCHES, min_size=1, max_size=3),
    st.none() | GOOD_JOINS,
)
PARTIAL_ORDERS = ORDERS.map(lambda order: {"next_node": "order", "args": order})
GOOD_ANSWERS = st.just({"next_node": "final_response", "args": {"answer": "end"}})
TALKED = st.lists(GOOD_CALLS.map(json.dumps), min_size=2, max_size=4).map("\nThen ".join)
DECISIONS = st.one_of(
    st.lists((GOOD_CALLS | GOOD_PLANS).map(json.dumps) | ODD, min_size=3, max_size=8),
    st.lists(GOOD_PLANS.map(json.dumps), min_size=2, max_size=5),
    st.lists(PARTIAL_ORDERS.map(json.dumps) | ODD, min_size=2, max_size=5),
    st.lists((GOOD_ANSWERS | GOOD_CALLS).map(json.dumps), min_size=3, max_size=6),
    st.lists(ANSWERS.map(lambda args: json.dumps({"next_node": "final_response", "args": args})), min_size=1),
    st.lists(GOOD_CALLS.map(json.dumps) | FAILURES, min_size=3, max_size=6),
    st.lists(TALKED, min_size=1, max_size=4),
    st.lists(ODD, min_size=4, max_size=14),
)
REFUSING = st.just('{"score": 0.1, "feedback": "no", "issues": ["all"]}')
JUDGEMENTS = st.lists(REFUSING, min_size=1, max_size=4) | st.lists(
    REFUSING | CRITIQUES.map(json.dumps) | ODD, min_size=1, max_size=4
)
FILLS = st.lists(GOOD_ORDERS.map(json.dumps) | OBJECTS | ODD, max_size=2)
BEHAVIOURS = st.sampled_from(
    [
        "work",
        "raise",
        "exit",
        "cancel",
        "cancel itself",
        "group",
        "wrong",
        "nothing",
        "ask",
        "ask oddly",
        "hang",
        "stream",
    ]
)
SAYINGS = st.sampled_from(["approve", "hash", "edit", Reject("no"), Respond("said"), "text", None])
