"""What a person is asked about a server that is connected: changed tools, and calls that may do harm."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from penguiflow_cli._errors import CommandError
from penguiflow_cli._tools_call import approve
from penguiflow_cli._tools_open import OpenServer, opened_server
from penguiflow_cli._tools_person import Nobody
from penguiflow_cli._tools_places import PersonalFolder
from penguiflow_cli._tools_review import review_changes
from penguiflow_cli._tools_servers import ServerOptions, choose_server
from tests.fakes.mcp_processes import tiny_command
from tests.fakes.tools_commands import server_of, write_servers
from tests.fakes.tools_person import TypingPerson

pytestmark = pytest.mark.process


@asynccontextmanager
async def connected(folder: Path, *habits: str) -> AsyncGenerator[OpenServer]:
    write_servers(folder, mine=server_of(tiny_command(*habits), approval_filter=["echo"]))
    options = ServerOptions(target="mine", user="local", project_root=folder, trust=True)
    personal = PersonalFolder(path=folder / "personal")
    async with opened_server(choose_server(options), options, Nobody(), personal, to_call=True) as server:
        yield server


async def test_changed_tools_are_shown_and_used_once_they_are_approved(tmp_path: Path) -> None:
    async with connected(tmp_path) as server:
        await review_changes(server, Nobody())
    for answer, held_back in (("n", ("echo",)), ("y", ())):
        person = TypingPerson(answer)
        async with connected(tmp_path, "changed-echo") as server:
            assert tuple(server.node.changes) == ("echo",)
            with pytest.raises(CommandError, match="changed since they were approved: `echo`"):
                await review_changes(server, Nobody())
            await review_changes(server, person)
            assert server.node.status.held_back == held_back
        shown = "\n".join(person.told)
        assert "Returns its arguments." in shown
        assert "Changed." in shown
    async with connected(tmp_path, "changed-echo") as server:
        assert server.node.changes == {}


async def test_a_call_that_may_do_harm_is_made_after_a_yes_only(tmp_path: Path) -> None:
    async with connected(tmp_path) as server:
        specs = {spec.name: spec for spec in server.node.get_tool_specs()}
        for tool, reason in (("mine.echo", "needs the approval"), ("mine.die", "may destroy something")):
            person = TypingPerson("", "y")
            with pytest.raises(CommandError, match="not approved"):
                await approve(server, specs[tool], {"text": "a"}, person, yes=False)
            await approve(server, specs[tool], {"text": "a"}, person, yes=False)
            assert reason in person.told[0]
            assert '{"text": "a"}' in person.told[1]
        await approve(server, specs["mine.where"], {}, Nobody(), yes=False)
