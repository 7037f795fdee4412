"""What `penguiflow tools doctor` does: look at all servers at once, tell what is wrong and what to do."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TypeAlias

from penguiflow.safe_text import safe_line
from penguiflow_cli._errors import CommandError
from penguiflow_cli._lifetime import run_command
from penguiflow_cli._streams import own_streams
from penguiflow_cli._tools_checks import Finding, Problem, finding_of_error, problems_before, unusable_schemas
from penguiflow_cli._tools_doctor_text import FindingsJson, FindingsTable, FindingsView
from penguiflow_cli._tools_exit import ToolsExit, process_code, worst
from penguiflow_cli._tools_node_text import protocol_text
from penguiflow_cli._tools_open import OpenServer, opened_server
from penguiflow_cli._tools_person import Nobody
from penguiflow_cli._tools_places import PersonalFolder
from penguiflow_cli._tools_servers import (
    ChosenServer,
    ServerOptions,
    broken_entry,
    broken_file,
    choose_server,
    servers_of_files,
)
from penguiflow_cli.exit_codes import ExitCode
from penguiflow_cli.project import Project

# Beyond the time to connect: loading packages, and ending a server that does not leave.
_GRACE_S = 20.0
_NAMES_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorOptions:
    """The options of `penguiflow tools doctor`; an empty `server.target` means every server of the files."""

    server: ServerOptions
    as_json: bool = False


_Check: TypeAlias = tuple[ChosenServer, ServerOptions]


def doctor(options: DoctorOptions) -> ExitCode:
    """Run the command to its end.

    Raises:
        CommandError: the target cannot be understood.
    """
    broken, checks = _what_to_look_at(options.server)
    project = Project(root=options.server.project_root)
    return run_command(lambda: _examine_all(broken, checks, options), project)


def _what_to_look_at(options: ServerOptions) -> tuple[list[Finding], list[_Check]]:
    """Return what can be told already, and what has to be connected to."""
    if options.target:
        return [], [(choose_server(options), options)]
    files = servers_of_files(options.project_root, options.mcp_config)
    named = [replace(options, target=entry.name) for entry in files.entries if entry.problem is None]
    broken = [
        *(finding_of_error(problem.path.name, broken_file(problem)) for problem in files.problems),
        *(finding_of_error(e.name, broken_entry(e)) for e in files.entries if e.problem is not None),
    ]
    return broken, [(choose_server(each), each) for each in named]


async def _examine_all(
    broken: Sequence[Finding], checks: Sequence[_Check], options: DoctorOptions
) -> ExitCode:
    findings = list(broken)
    with own_streams() as streams:
        names = [*(finding.name for finding in broken), *(chosen.config.name for chosen, _ in checks)]
        view: FindingsView = (
            FindingsJson(streams.output) if options.as_json else FindingsTable(streams.output, names)
        )
        view.begin()
        for finding in broken:
            view.show(finding)

        async with aclosing(_as_they_come(checks)) as coming:
            async for finding in coming:
                findings.append(finding)
                view.show(finding)
        view.end(findings)
    return process_code(worst(problem.exit_code for finding in findings for problem in finding.problems))


async def _as_they_come(checks: Sequence[_Check]) -> AsyncGenerator[Finding]:
    tasks = [asyncio.create_task(_examine(chosen, options)) for chosen, options in checks]
    try:
        for examined in asyncio.as_completed(tasks):
            yield await examined
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _examine(chosen: ChosenServer, options: ServerOptions) -> Finding:
    name = chosen.config.name
    before = problems_before(chosen.config, os.environ) if chosen.config.enabled else []
    if before:
        return Finding(name=name, state=_state_of(before), problems=before)
    try:
        async with asyncio.timeout(chosen.config.timeout_s + _GRACE_S):
            folder = PersonalFolder.of_this_user()
            async with opened_server(chosen, options, Nobody(), folder, to_call=True) as server:
                return _finding(server)
    except CommandError as error:
        return finding_of_error(name, error)
    except TimeoutError:
        late = Problem(
            message="it did not answer, and did not leave when it was told to",
            fix="look at what the server does while it starts",
            exit_code=ToolsExit.UNREACHABLE,
        )
        return Finding(name=name, state="failed", problems=(late,))


def _finding(server: OpenServer) -> Finding:
    status = server.node.status
    return Finding(
        name=server.node.name,
        state="ready",
        tool_count=status.tool_count,
        latency_ms=status.latency_ms,
        protocol=protocol_text(status),
        server=status.server,
        problems=[*_changed(server), *_suspicious(server), *_schema_problems(server)],
    )


def _changed(server: OpenServer) -> list[Problem]:
    changes = list(server.node.changes.values())
    if not changes:
        return []
    names = ", ".join(f"`{change.shown_name}`" for change in changes[:_NAMES_SHOWN])
    more = f" and {len(changes) - _NAMES_SHOWN} more" if len(changes) > _NAMES_SHOWN else ""
    return [
        Problem(
            message=f"changed since approved, held back: {names}{more}",
            fix=f"penguiflow tools connect {server.node.name} --discover --approve-changes",
            exit_code=ToolsExit.TOOL_ERROR,
        )
    ]


def _suspicious(server: OpenServer) -> list[Problem]:
    return [
        Problem(
            message=f"`{safe_line(tool, max_chars=80)}`: {warning}",
            fix="read what the tool says about itself before you use it",
        )
        for tool, warnings in server.suspicions().items()
        for warning in warnings
    ]


def _schema_problems(server: OpenServer) -> list[Problem]:
    prefix = f"{server.node.name}."
    used = {
        spec.name.removeprefix(prefix): spec.args_model.model_json_schema()
        for spec in server.node.get_tool_specs()
    }
    offered: dict[str, object] = {
        safe_line(str(offer["name"])): offer["input_schema"] for offer in server.node.offers
    }
    return unusable_schemas(offered, used)


def _state_of(problems: Sequence[Problem]) -> str:
    return "needs auth" if problems[0].exit_code is ToolsExit.NEEDS_AUTH else "failed"
