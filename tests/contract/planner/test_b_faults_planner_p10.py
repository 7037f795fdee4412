"""Fault P10: a process that dies after a tool ran and before that was recorded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from penguiflow.catalog import tool
from penguiflow.planner import ReactPlanner, UnknownTokenError
from penguiflow.planner.approvals import Approve
from tests.contract.planner.fakes_b import Model, Said, Store, Words, planner_with
from tests.fakes.planner_tools import answer, call, finished, paused, plan

PROCESS = """
import asyncio, json, os, signal, sys
from pathlib import Path
from pydantic import BaseModel
from penguiflow.catalog import tool
from penguiflow.llm import FunctionLLM
from penguiflow.planner import ReactPlanner
from penguiflow.planner.approvals import Approve
from penguiflow.state import SqliteStateStore

step, folder, token, kill_at = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]

class Words(BaseModel):
    text: str

@tool(desc="charge", side_effects="external", requires_approval=True)
async def charge(args: Words, ctx) -> Words:
    with (folder / "ledger").open("a") as ledger:
        ledger.write(json.dumps([args.text, ctx.idempotency_key]) + "\\n")
    if kill_at == "tool":
        os.kill(os.getpid(), signal.SIGKILL)
    return Words(text="charged")

def decide(messages):
    seen = sum("charged" in message["content"] for message in messages[2:])
    if seen and kill_at == "model":
        os.kill(os.getpid(), signal.SIGKILL)
    if seen:
        return {"next_node": "final_response", "args": {"answer": "paid"}}
    return {"next_node": "charge", "args": {"text": "ten"}}

async def main():
    store = await SqliteStateStore.open(folder / "state.db")
    planner = ReactPlanner(llm_client=FunctionLLM(decide), catalog=[charge], state_store=store)
    if step == "run":
        result = await planner.run("charge ten")
        print(result.resume_token)
    elif step == "resume":
        result = await planner.resume(token, Approve())
        print(result.payload["raw_answer"])
    else:
        result = await planner.recover(token, tool_context=None)
        print(result.payload["raw_answer"])
    await store.aclose()

asyncio.run(main())
"""


def run_process(
    folder: Path, step: str, token: str = "-", kill_at: str = "-"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROCESS, step, str(folder), token, kill_at],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def ledger(folder: Path) -> list[list[str]]:
    return [json.loads(line) for line in (folder / "ledger").read_text().splitlines()]


@pytest.mark.process
@pytest.mark.parametrize("kill_at", ["tool", "model"])
def test_p10_a_call_that_is_redone_after_a_kill_has_the_same_key(tmp_path: Path, kill_at: str) -> None:
    started = run_process(tmp_path, "run")
    token = started.stdout.strip()
    assert token, started.stderr
    killed = run_process(tmp_path, "resume", token, kill_at)
    assert killed.returncode == -9, killed.stderr
    recovered = run_process(tmp_path, "recover", token)
    assert recovered.stdout.strip() == "paid", recovered.stderr
    entries = ledger(tmp_path)
    assert 1 <= len(entries) <= 2, "at most one repeat per kill"
    assert len({key for _, key in entries}) == 1
    again = run_process(tmp_path, "recover", token)
    assert again.returncode != 0
    assert "UnknownTokenError" in again.stderr
    assert ledger(tmp_path) == entries


@pytest.mark.process
def test_p10_a_resume_that_ended_leaves_nothing_to_recover(tmp_path: Path) -> None:
    token = run_process(tmp_path, "run").stdout.strip()
    assert run_process(tmp_path, "resume", token).stdout.strip() == "paid"
    again = run_process(tmp_path, "recover", token)
    assert "UnknownTokenError" in again.stderr
    assert len(ledger(tmp_path)) == 1


class Keys:
    """Collects the keys that its tools see."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def catalog(self) -> list[Any]:
        @tool(desc="note the key")
        async def note(args: Words, ctx: Any) -> Said:
            self.seen.append(ctx.idempotency_key)
            return Said(said="ok")

        @tool(desc="note the key with approval", side_effects="external", requires_approval=True)
        async def charge(args: Words, ctx: Any) -> Said:
            self.seen.append(ctx.idempotency_key)
            return Said(said="ok")

        return [note, charge]


async def test_p10_every_call_has_a_key_of_its_own() -> None:
    keys = Keys()
    script = [call("note"), call("note"), plan(call("note"), call("note")), answer()]
    planner, _ = planner_with(*script, *script, catalog=keys.catalog())
    for _ in range(2):
        finished(await planner.run("q"))
    assert len(keys.seen) == 8
    assert len(set(keys.seen)) == 8
    assert all(isinstance(key, str) and key for key in keys.seen)


async def test_p10_a_key_does_not_change_when_the_run_is_resumed_elsewhere() -> None:
    keys: list[Keys] = [Keys(), Keys()]
    seen: list[list[str]] = []
    for kept in keys:
        store = Store()
        first, _ = planner_with(call("charge"), catalog=kept.catalog(), state_store=store)
        token = paused(await first.run("q")).resume_token
        before = dict(store.states)
        second, _ = planner_with(answer(), catalog=kept.catalog(), state_store=store)
        finished(await second.resume(token, Approve()))
        store.states = before  # as if the first resume had died without a trace
        third, _ = planner_with(answer(), catalog=kept.catalog(), state_store=store)
        finished(await third.resume(token, Approve()))
        seen.append(kept.seen)
    for one in seen:
        assert len(one) == 2
        assert one[0] == one[1]
    assert seen[0][0] != seen[1][0]


async def test_p10_nobody_recovers_what_never_paused() -> None:
    planner: ReactPlanner = planner_with(model=Model(answer()), state_store=Store())[0]
    with pytest.raises(UnknownTokenError):
        await planner.recover("0" * 32)
