"""`penguiflow run --recover`: a process that died with the answer to a waiting run loses nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.fakes.command import penguiflow

pytestmark = pytest.mark.process


AGENT = """
import os
from pathlib import Path

from penguiflow import ReactPlanner
from penguiflow.catalog import build_catalog, tool
from penguiflow.llm import FunctionLLM
from pydantic import BaseModel


class Order(BaseModel):
    item: str


class Receipt(BaseModel):
    key: str


@tool(desc="Order something", side_effects="external", requires_approval=True)
async def order(args: Order, ctx) -> Receipt:
    with open("orders.txt", "a") as file:
        file.write(ctx.idempotency_key + "\\n")
    if Path("die").exists():
        Path("die").unlink()
        os._exit(9)
    return Receipt(key=ctx.idempotency_key)


def reply(messages):
    if not any(each["role"] == "assistant" for each in messages):
        return {"next_node": "order", "args": {"item": "tea"}}
    return {"next_node": "final_response", "args": {"answer": "Ordered."}}


def build_planner(state_store=None):
    client, catalog = FunctionLLM(reply), build_catalog([order])
    return ReactPlanner(llm_client=client, catalog=catalog, state_store=state_store)
"""


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A project in which a run waits, to be copied, and the token of the run."""
    folder = tmp_path_factory.mktemp("waiting")
    (folder / "shop").mkdir()
    (folder / "shop" / "__init__.py").touch()
    (folder / "shop" / "planner.py").write_text(AGENT)
    asked = penguiflow(folder, "run", "Order tea", "--json")
    assert asked.returncode == 4, asked.stderr
    return folder, json.loads(asked.stdout.splitlines()[-1])["resume_token"]


@pytest.fixture
def project(waiting: tuple[Path, str], tmp_path: Path) -> Path:
    return shutil.copytree(waiting[0], tmp_path / "project")


@pytest.fixture
def token(waiting: tuple[Path, str]) -> str:
    return waiting[1]


def test_a_run_whose_process_died_with_the_answer_goes_on(project: Path, token: str) -> None:
    (project / "die").touch()
    assert penguiflow(project, "run", "--resume", token, "--input", "approve").returncode == 9
    refused = penguiflow(project, "run", "--resume", token, "--input", "reject: too late")
    assert refused.returncode == 2

    recovered = penguiflow(project, "run", "--recover", token, "--json")

    lines = [json.loads(line) for line in recovered.stdout.splitlines()]
    assert (recovered.returncode, lines[-1]["answer"]) == (0, "Ordered.")
    first, second = (project / "orders.txt").read_text().split()
    assert first == second  # the shop can tell that it is the same order
    shown = penguiflow(project, "runs", "show", "last", "--json").stdout.splitlines()
    kinds = [json.loads(line)["type"] for line in shown]
    assert kinds.count("decision") == 1
    assert kinds[-1] == "result"


@pytest.mark.parametrize("answered", [False, True])
def test_there_is_nothing_to_recover_while_a_run_waits_or_when_it_is_over(
    project: Path, token: str, answered: bool
) -> None:
    if answered:
        assert penguiflow(project, "run", "--resume", token, "--input", "approve").returncode == 0

    refused = penguiflow(project, "run", "--recover", token)

    assert refused.returncode == 2
    assert "nothing broke off" in refused.stderr


def test_recovering_takes_no_question_and_no_answer(project: Path) -> None:
    refused = penguiflow(project, "run", "and this?", "--recover", "token")

    assert refused.returncode == 2
    assert "`--recover` goes alone" in refused.stderr
