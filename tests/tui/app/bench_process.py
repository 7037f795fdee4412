"""A workbench in its own process, for tests of the real terminal: `python bench_process.py FOLDER WHAT`."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

from penguiflow_tui.ports import AskTrust
from penguiflow_tui.workbench import run_workbench
from tests.fakes import recorded
from tests.fakes.session import FakeSession, FakeWorkspace


class Session(FakeSession):
    """Does to the process what its last argument says, once a question is asked."""

    async def ask(self, question: str) -> None:
        what = sys.argv[2]
        if what == "prints":
            sys.stdout.write("PRINTED \x1b[31m\n")
            logging.getLogger("tool").warning("LOGGED")
            os.write(2, b"\x1b]0;FROM C\x07\n")
        await super().ask(question)

    def events_since(self, cursor: int) -> tuple[object, int]:  # type: ignore[override] - may fail on purpose
        if self.asked and sys.argv[2] == "crashes":
            password = "local-secret"
            raise RuntimeError(f"the screen fails over {len(password)} letters")
        return super().events_since(cursor)


async def main() -> int:
    workspace = FakeWorkspace(Session(on_start=[recorded.CONNECTED]))

    async def open_workspace(tell: Callable[[str], None], ask: AskTrust) -> FakeWorkspace:
        return await workspace.open(tell, ask)

    factory = asyncio.get_running_loop().get_task_factory()
    code = await run_workbench(open_workspace, project="notebook", crash_folder=Path(sys.argv[1]))
    assert asyncio.get_running_loop().get_task_factory() is factory
    sys.stdout.write(f"CLOSED={workspace.closed}\n")
    return code


sys.exit(asyncio.run(main()))
