"""However many people answer at the same time, each call runs once and nothing that was said gets lost."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from penguiflow.catalog import CatalogItem, tool
from penguiflow.llm.scripted import FunctionLLM
from penguiflow.planner import (
    MemoryKey,
    PauseBusyError,
    PlannerFinish,
    PlannerPause,
    ReactPlanner,
    ShortTermMemoryConfig,
    UnknownTokenError,
)
from penguiflow.planner.approvals import Approve, Decision, Edit, Reject
from penguiflow.state.sqlite import SqliteStateStore
from tests.fakes.planner_tools import Note, Saved, answer, call, finished, paused, plan
from tests.fakes.virtual_time import run_virtually

KEY = MemoryKey(tenant_id="t", user_id="u", session_id="s")


class SlowStore:
    """Takes a while for everything, so that others get between any two of its operations."""

    def __init__(self, seed: int, *, removes: bool = True) -> None:
        self._texts: dict[str, str] = {}
        self._random = random.Random(seed)
        self._removes = removes

    async def _wait(self) -> None:
        for _ in range(self._random.randrange(6)):
            await asyncio.sleep(0)

    async def save_planner_state(self, token: str, record: dict[str, Any]) -> None:
        text = json.dumps(record)
        await self._wait()
        self._texts[token] = text
        await self._wait()

    async def load_planner_state(self, token: str) -> dict[str, Any] | None:
        await self._wait()
        text = self._texts.pop(token, None) if self._removes else self._texts.get(token)
        await self._wait()
        return None if text is None else json.loads(text)

    async def save_memory_state(self, key: str, state: dict[str, Any]) -> None:
        await self._wait()

    async def load_memory_state(self, key: str) -> dict[str, Any] | None:
        for _ in range(self._random.randrange(4)):
            await self._wait()
        return None


class SlowPeekingStore(SlowStore):
    async def peek_planner_state(self, token: str) -> dict[str, Any] | None:
        await self._wait()
        text = self._texts.get(token)
        await self._wait()
        return None if text is None else json.loads(text)


class SlowClaimingStore(SlowPeekingStore):
    async def claim_planner_state(
        self, tokens: Sequence[str], claim_key: str, fields: dict[str, Any]
    ) -> dict[str, Any] | None:
        await self._wait()
        claim = None
        if all(token in self._texts for token in tokens):
            records = [json.loads(self._texts.pop(token)) for token in tokens]
            claim = {**records[-1], **fields}
            self._texts[claim_key] = json.dumps(claim)
        await self._wait()
        return claim


class Desk:
    """Planners over one store, and what their tools did."""

    def __init__(
        self, replies: Sequence[Any], store: object | None, planners: int, seed: int, **options: Any
    ) -> None:
        self.done: Counter[str] = Counter()
        self.read: list[str] = []
        self._random = random.Random(seed)

        def decide(messages: Sequence[Mapping[str, str]]) -> Any:
            self.read[:] = [message["content"] for message in messages]
            return replies[sum(message["role"] == "assistant" for message in messages)]

        llm = FunctionLLM(decide)
        first = ReactPlanner(llm_client=llm, catalog=self._tools(), state_store=store, **options)
        self.planners = [first, *(first.fork() for _ in range(planners - 1))]

    def _tools(self) -> list[CatalogItem]:
        @tool(desc="save", requires_approval=True)
        async def save(args: Note, ctx: Any) -> Saved:
            await asyncio.sleep(self._random.choice((0, 0.001, 0.05)))
            self.done[args.text] += 1
            return Saved(stored=args.text)

        @tool(desc="ask")
        async def ask(args: Note, ctx: Any) -> Saved:
            self.done[args.text] += 1
            await ctx.pause("await_input", {"question": args.text})
            raise AssertionError

        return [save, ask]

    async def begin(self, **options: Any) -> list[PlannerPause]:
        first = paused(await self.planners[0].run("q", **options))
        return [first, *first.also]

    async def insist(self, number: int, token: str, said: str | Decision) -> PlannerFinish | PlannerPause:
        """Answer through one of the planners, again for as long as another answer is being worked on."""
        planner = self.planners[number % len(self.planners)]
        for _ in range(200):
            try:
                return await planner.resume(token, said, memory_key=KEY)
            except PauseBusyError:
                await asyncio.sleep(0.01)
        raise AssertionError("the others never come to an end")


def store_of(kind: str, seed: int) -> object | None:
    match kind:
        case "claiming":
            return SlowClaimingStore(seed)
        case "peeking":
            return SlowPeekingStore(seed)
        case "removing":
            return SlowStore(seed)
        case "keeping":
            return SlowStore(seed, removes=False)
        case _:
            return None


# Planners that share a store which keeps what it gives away cannot exclude one another: one planner only.
STORES = st.sampled_from([("claiming", 3), ("peeking", 3), ("removing", 3), ("keeping", 1), ("none", 1)])


async def answered_at_once(
    desk: Desk, token: str, said: Sequence[str | Decision]
) -> list[PlannerFinish | PlannerPause | BaseException]:
    return await asyncio.gather(
        *(
            desk.planners[number % len(desk.planners)].resume(token, decision)
            for number, decision in enumerate(said)
        ),
        return_exceptions=True,
    )


async def check_nothing_stands_under(desk: Desk, token: str) -> None:
    for planner in desk.planners:
        with pytest.raises(UnknownTokenError):
            await planner.resume(token, Approve())
        with pytest.raises(UnknownTokenError):
            await planner.recover(token)


@settings(max_examples=150, deadline=None)
@given(kind=STORES, seed=st.integers(0, 10_000), people=st.integers(2, 5))
def test_of_many_who_answer_one_pause_exactly_one_wins(kind: tuple[str, int], seed: int, people: int) -> None:
    async def main() -> None:
        desk = Desk([call("save", text="a"), answer("won")], store_of(kind[0], seed), kind[1], seed)
        (pause,) = await desk.begin()
        results = await answered_at_once(desk, pause.resume_token, [Approve()] * people)
        (winner,) = [result for result in results if not isinstance(result, BaseException)]
        assert finished(winner).payload["raw_answer"] == "won"
        assert {type(result) for result in results if result is not winner} == {UnknownTokenError}
        assert desk.done == {"a": 1}
        await check_nothing_stands_under(desk, pause.resume_token)

    run_virtually(main(), seed=seed)


@dataclass(frozen=True, slots=True)
class Branch:
    """One call of a plan, what somebody says to it, and what runs then."""

    text: str
    said: Decision
    runs: str | None


def branch(number: int, word: str) -> Branch:
    text = f"call {number}"
    match word:
        case "approve":
            return Branch(text, Approve(), text)
        case "edit":
            return Branch(text, Edit({"text": f"edited {number}"}), f"edited {number}")
        case _:
            return Branch(text, Reject("no"), None)


async def check_all_heard_once(desk: Desk, branches: Sequence[Branch]) -> None:
    """Answer every branch of the plan at the same time and see what came of it."""
    waiting = await desk.begin(memory_key=KEY)
    results = await asyncio.gather(
        *(
            desk.insist(number, pause.resume_token, branch.said)
            for number, (pause, branch) in enumerate(zip(waiting, branches, strict=True))
        )
    )
    (end,) = [result for result in results if isinstance(result, PlannerFinish)]
    ran = Counter(branch.runs for branch in branches if branch.runs is not None)
    assert desk.done == ran
    (step,) = end.metadata["steps"]
    assert ["observation" in record for record in step["observation"]["branches"]] == [
        branch.runs is not None for branch in branches
    ]
    assert end.metadata["constraints"]["hops_used"] == len(ran)
    for pause in waiting:
        await check_nothing_stands_under(desk, pause.resume_token)


def plan_of(branches: Sequence[Branch]) -> list[Any]:
    return [plan(*(call("save", text=branch.text) for branch in branches)), answer("all decided")]


@settings(max_examples=150, deadline=None)
@given(
    kind=STORES,
    seed=st.integers(0, 10_000),
    words=st.lists(st.sampled_from(["approve", "reject", "edit"]), min_size=2, max_size=4),
    remembers=st.booleans(),
)
@example(kind=("peeking", 3), seed=1, words=["approve", "approve"], remembers=False)
def test_answers_to_one_plan_given_at_once_are_all_heard_once(
    kind: tuple[str, int], seed: int, words: list[str], remembers: bool
) -> None:
    async def main() -> None:
        branches = [branch(number, word) for number, word in enumerate(words)]
        memory = {"short_term_memory": ShortTermMemoryConfig(strategy="truncation")} if remembers else {}
        desk = Desk(plan_of(branches), store_of(kind[0], seed), kind[1], seed, **memory)
        await check_all_heard_once(desk, branches)
        for planner in desk.planners:
            await planner.aclose()

    run_virtually(main(), seed=seed)


@settings(max_examples=60, deadline=None)
@given(kind=STORES, seed=st.integers(0, 10_000), many=st.integers(2, 3))
def test_texts_said_at_once_to_the_questions_of_one_plan_are_all_read_by_the_model(
    kind: tuple[str, int], seed: int, many: int
) -> None:
    async def main() -> None:
        questions = plan(*(call("ask", text=f"{number}?") for number in range(many)))
        desk = Desk([questions, answer("thanks")], store_of(kind[0], seed), kind[1], seed)
        waiting = await desk.begin(memory_key=KEY)
        results = await asyncio.gather(
            *(
                desk.insist(number, pause.resume_token, f"said {number}")
                for number, pause in enumerate(waiting)
            )
        )
        assert sum(isinstance(result, PlannerFinish) for result in results) == 1
        assert sorted(text for text in desk.read if text.startswith("Resume input")) == [
            f'Resume input: said {number} (answers what `ask` asked: {{"question":"{number}?"}})'
            for number in range(many)
        ]

    run_virtually(main(), seed=seed)


@pytest.mark.parametrize("seed", range(3))
async def test_two_planners_on_one_file_exclude_one_another(tmp_path: Path, seed: int) -> None:
    files = [await SqliteStateStore.open(tmp_path / "runs.db") for _ in range(2)]
    branches = [branch(number, word) for number, word in enumerate(["approve", "edit", "approve", "reject"])]
    desk = Desk(plan_of(branches), files[0], 1, seed)
    desk.planners.append(desk.planners[0].fork(state_store=files[1]))
    (first, *_) = waiting = await desk.begin()
    results = await answered_at_once(desk, first.resume_token, [Approve()] * 4)
    assert sum(isinstance(result, PlannerPause) for result in results) == 1
    assert [type(result) for result in results].count(UnknownTokenError) == 3
    rest = list(zip(waiting[1:], branches[1:], strict=True))
    while rest:
        answers = [
            desk.planners[number % 2].resume(pause.resume_token, branch.said)
            for number, (pause, branch) in enumerate(rest)
        ]
        heard = await asyncio.gather(*answers, return_exceptions=True)
        assert all(isinstance(result, PlannerPause | PlannerFinish | PauseBusyError) for result in heard)
        rest = [
            open_ for open_, result in zip(rest, heard, strict=True) if isinstance(result, PauseBusyError)
        ]
    assert desk.done == {"call 0": 1, "edited 1": 1, "call 2": 1}
    for file in files:
        await file.aclose()
