"""When a run must stop, as decisions about values, and what its deadline bounds."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.planner._loop.deadline import Deadline, DeadlineReached
from penguiflow.planner._rules.limits import (
    Limits,
    cost_is_spent,
    hop_limit,
    hops_missing,
    may_be_repetition,
    repetition,
    verdict,
)
from penguiflow.planner._rules.progress import ExtendableLimit, LimitExtended, Progress, reduce
from penguiflow.planner._rules.spend import Spend
from tests.fakes.virtual_time import run_virtually

EXTENDABLE = ("max_iters", "hop_budget", "cost_limit_usd", "deadline_s")


@pytest.mark.parametrize(
    ("progress", "steps", "reason", "limit"),
    [
        (Progress(), 2, None, None),
        (Progress(), 3, "no_path", "max_iters"),
        (Progress(extensions={"max_iters": 1}), 5, None, None),
        (Progress(extensions={"max_iters": 1}), 6, "no_path", "max_iters"),
        (Progress(hop_exhausted=True), 2, None, None),
        (Progress(hop_exhausted=True), 3, "budget_exhausted", "hop_budget"),
        (Progress(deadline_passed=True), 0, "budget_exhausted", "deadline_s"),
        (Progress(spend=Spend(known_cost_usd=0.5)), 0, "budget_exhausted", "cost_limit_usd"),
        (Progress(spend=Spend(known_cost_usd=0.49, unpriced_calls=9)), 0, None, None),
        (Progress(spend=Spend(known_cost_usd=0.5), extensions={"cost_limit_usd": 1}), 0, None, None),
        (
            Progress(spend=Spend(known_cost_usd=9.0), deadline_passed=True),
            9,
            "budget_exhausted",
            "deadline_s",
        ),
    ],
)
def test_the_first_limit_that_is_reached_stops_a_run(
    progress: Progress, steps: int, reason: str | None, limit: ExtendableLimit | None
) -> None:
    stop = verdict(progress, Limits(max_iters=3, cost_limit_usd=0.5), steps=steps)
    assert (stop.reason, stop.limit) == (reason, limit) if stop is not None else reason is None


@given(
    limit=st.sampled_from(EXTENDABLE),
    hops=st.integers(0, 5),
    iterations=st.integers(1, 5),
    cost=st.floats(0.01, 2),
    more=st.integers(1, 3),
)
def test_an_extension_allows_as_much_again(
    limit: ExtendableLimit, hops: int, iterations: int, cost: float, more: int
) -> None:
    limits = Limits(max_iters=iterations, hop_budget=hops, cost_limit_usd=cost, deadline_s=1.0)
    progress = Progress(
        hops_used=hops,
        hop_exhausted=limit == "hop_budget",
        deadline_passed=limit == "deadline_s",
        spend=Spend(known_cost_usd=cost if limit == "cost_limit_usd" else 0.0),
    )
    steps = iterations if limit in ("max_iters", "hop_budget") else 0
    stop = verdict(progress, limits, steps=steps)
    assert stop is not None
    assert stop.limit == limit
    for _ in range(more):
        progress = reduce(progress, LimitExtended(limit))
    stop = verdict(progress, limits, steps=steps)
    # At the last step the hop budget is the reason as long as it is used up, and then the steps are.
    assert (None if stop is None else stop.limit) == ("max_iters" if limit == "hop_budget" else None)
    assert hops_missing(progress, limits, max(1, hops) * more) is (limit != "hop_budget")
    if limit == "max_iters":
        assert verdict(progress, limits, steps=iterations * (1 + more)) is not None
    if limit == "cost_limit_usd":
        assert not cost_is_spent(progress, limits)


@pytest.mark.parametrize(
    ("budget", "extensions", "allowed"), [(None, 2, None), (3, 0, 3), (3, 2, 9), (0, 0, 0), (0, 2, 2)]
)
def test_an_extended_hop_budget_is_never_nothing(
    budget: int | None, extensions: int, allowed: int | None
) -> None:
    progress = Progress(extensions={"hop_budget": extensions} if extensions else {})
    assert hop_limit(progress, Limits(hop_budget=budget)) == allowed
    assert hops_missing(progress, Limits(hop_budget=budget), 1) is (allowed == 0)


@pytest.mark.parametrize(
    ("last", "times", "most", "exhausted", "reason"),
    [
        ("x", 3, 3, False, "no_progress"),
        ("x", 4, 3, False, "no_progress"),
        ("x", 3, 3, True, "budget_exhausted"),
        ("x", 2, 3, False, None),
        ("y", 3, 3, False, None),
        ("x", 1, 1, False, "no_progress"),
        ("x", 99, None, False, None),
    ],
)
def test_the_same_call_with_the_same_outcome_is_made_a_few_times(
    last: str, times: int, most: int | None, exhausted: bool, reason: str | None
) -> None:
    progress = Progress(last_call=last, same_calls=times, hop_exhausted=exhausted)
    limits = Limits(max_repeated_calls=most)
    stop = repetition(progress, limits, "x")
    assert (stop.reason if stop is not None else None) == reason
    assert stop is None or stop.limit is None
    assert stop is None or may_be_repetition(progress, limits)


@pytest.mark.parametrize(("at", "now", "left", "passed"), [(5.0, 2.0, 3.0, False), (5.0, 5.0, 0.0, True)])
def test_a_deadline_never_has_less_than_no_time_left(
    at: float, now: float, left: float, passed: bool
) -> None:
    deadline = Deadline(at=at, clock=lambda: now)
    assert (deadline.remaining_s(), deadline.has_passed()) == (left, passed)
    assert Deadline(at=at, clock=lambda: 99.0).remaining_s() == 0.0


def test_without_a_deadline_there_is_always_time() -> None:
    deadline = Deadline.after(None, lambda: 1e9)
    assert (deadline.at, deadline.remaining_s(), deadline.has_passed()) == (None, None, False)


def test_work_ends_at_the_deadline_and_its_own_timeouts_stay_its_own() -> None:
    async def sleep(seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "done"

    async def times_out() -> None:
        async with asyncio.timeout(0.5):
            await asyncio.sleep(9)

    async def main() -> None:
        clock = asyncio.get_running_loop().time
        deadline = Deadline.after(1.0, clock)
        assert await deadline.bound(sleep(0.25)) == "done"
        with pytest.raises(TimeoutError) as caught:
            await deadline.bound(times_out())
        assert not isinstance(caught.value, DeadlineReached)
        with pytest.raises(DeadlineReached):
            await deadline.bound(sleep(9))
        assert clock() == 1.0
        with pytest.raises(DeadlineReached):
            await deadline.bound(sleep(9))
        assert clock() == 1.0
        assert await Deadline(at=None, clock=clock).bound(sleep(9)) == "done"

    run_virtually(main())
