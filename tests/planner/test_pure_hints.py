"""What the hints of a planner's author enforce, as decisions about values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.planner._rules.hints import (
    PlanningHints,
    forbidden,
    order_completed,
    ordering_state,
    out_of_order,
    read_hints,
    refused_together,
)

IN_ORDER = PlanningHints(ordering=("a", "b", "c"))


@pytest.mark.parametrize(
    ("completed", "names", "expected_first"),
    [
        ((), ["a"], None),
        ((), ["b"], "a"),
        ((), ["c"], "a"),
        ((), ["other"], None),
        ((), ["a", "b"], None),
        ((), ["b", "a"], "a"),
        ((), ["other", "c"], "a"),
        (("a",), ["a"], None),
        (("a",), ["b", "c"], None),
        (("a",), ["c"], "b"),
        (("a", "b", "c"), ["b"], None),
    ],
)
def test_a_listed_tool_is_reminded_of_the_one_before_it(
    completed: tuple[str, ...], names: list[str], expected_first: str | None
) -> None:
    reminder = out_of_order(IN_ORDER, completed, False, names)
    if expected_first is None:
        assert reminder is None
    else:
        assert reminder is not None
        assert reminder.startswith(f"Ordering hint: `{expected_first}` should come before")


@pytest.mark.parametrize("names", [["b"], ["c"], ["b", "a"]])
def test_after_the_reminder_the_model_may_insist(names: list[str]) -> None:
    assert out_of_order(IN_ORDER, (), True, names) is None


@pytest.mark.parametrize(
    ("completed", "succeeded", "then"),
    [
        ((), [], ()),
        ((), ["a"], ("a",)),
        ((), ["b"], ()),
        ((), ["a", "b"], ("a", "b")),
        ((), ["b", "a"], ("a",)),
        (("a",), ["other", "b"], ("a", "b")),
        (("a", "b", "c"), ["a"], ("a", "b", "c")),
    ],
)
def test_only_the_next_of_the_order_is_progress(
    completed: tuple[str, ...], succeeded: list[str], then: tuple[str, ...]
) -> None:
    assert order_completed(IN_ORDER, completed, succeeded) == then


@given(st.lists(st.sampled_from("abcx"), max_size=12))
def test_whatever_succeeds_the_completed_part_is_a_beginning_of_the_order(names: list[str]) -> None:
    completed = order_completed(IN_ORDER, (), names)
    assert completed == IN_ORDER.ordering[: len(completed)]


@given(st.lists(st.sampled_from("abcx"), max_size=6))
def test_calls_in_order_are_never_reminded(others: list[str]) -> None:
    names = [name for name in others if name == "x"]
    assert out_of_order(IN_ORDER, (), False, [*names, "a", *names, "b", "c"]) is None


def test_without_an_order_nothing_is_out_of_it() -> None:
    assert out_of_order(PlanningHints(), (), False, ["a", "b"]) is None
    assert order_completed(PlanningHints(), (), ["a"]) == ()


@pytest.mark.parametrize(
    ("hints", "names", "word"),
    [
        (PlanningHints(), ["a", "b"], None),
        (PlanningHints(max_parallel=2), ["a", "b"], None),
        (PlanningHints(max_parallel=2), ["a", "b", "c"], "max_parallel=2"),
        (PlanningHints(sequential_only=frozenset("b")), ["a", "b"], "sequentially"),
        (PlanningHints(sequential_only=frozenset("b")), ["a"], None),
        (PlanningHints(max_parallel=0), ["a"], "max_parallel=0"),
    ],
)
def test_what_may_not_run_side_by_side_is_refused(
    hints: PlanningHints, names: list[str], word: str | None
) -> None:
    refused = refused_together(hints, names)
    assert refused is None if word is None else word in str(refused)


def test_forbidden_tools_are_named() -> None:
    hints = PlanningHints(disallowed=frozenset({"b", "c"}))
    assert forbidden(hints, ["a"]) is None
    assert str(forbidden(hints, ["c", "a", "b"])).startswith("`b, c` is not permitted")


@pytest.mark.parametrize(
    ("given_hints", "most"),
    [
        ({"max_parallel": 3}, 3),
        ({"budget_hints": {"max_parallel": 4}}, 4),
        ({"max_parallel": 3, "budget_hints": {"max_parallel": 4}}, 3),
        ({"max_parallel": "3"}, None),
        ({"max_parallel": True}, None),
        ({"budget_hints": 5}, None),
        ({"preferred_nodes": ["a"]}, None),
        (None, None),
    ],
)
def test_the_number_of_branches_is_read_from_either_place(given_hints: Any, most: int | None) -> None:
    assert read_hints(given_hints).max_parallel == most


@pytest.mark.parametrize(
    "wrong", [{"ordering_hints": "a"}, {"disallow_nodes": [1]}, {"parallel_groups": ["ab"]}]
)
def test_names_that_are_no_list_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        read_hints(wrong)


def test_the_model_reads_only_what_is_there() -> None:
    assert read_hints({}).to_prompt() == {}
    hints = read_hints(
        {
            "ordering_hints": ["a"],
            "sequential_only": ["c", "b"],
            "max_parallel": 2,
            "prefer_nodes": ["a"],
            "parallel_groups": [["a", "b"]],
        }
    )
    assert hints.to_prompt() == {
        "constraints": "max_parallel=2; sequential_only=b,c",
        "preferred_order": ["a"],
        "parallel_groups": [["a", "b"]],
        "preferred_nodes": ["a"],
    }


def test_a_trajectory_keeps_the_order_as_json() -> None:
    assert ordering_state(("a",), warned=True) == {"ordering_state": {"completed": ["a"], "warned": True}}
