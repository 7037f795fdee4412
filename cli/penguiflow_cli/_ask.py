"""What `penguiflow run` does: ask, or go on with a waiting run, and show it until it ends or waits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from penguiflow.planner.approvals import DecisionError
from penguiflow.sessions.results import RunResult, SessionError
from penguiflow.sessions.session import AgentSession
from penguiflow_cli._agents import AgentChoice
from penguiflow_cli._errand import (
    Errand,
    Question,
    Recovery,
    Reply,
    RunOptions,
    bad_decision,
    options_to_repeat,
    read_decision,
    read_errand,
)
from penguiflow_cli._errors import CommandError
from penguiflow_cli._follow import RunView, follow
from penguiflow_cli._json_lines import JsonLinesView, error_line
from penguiflow_cli._lifetime import run_command
from penguiflow_cli._run_ending import exit_code_of_run
from penguiflow_cli._streams import OwnStreams, SessionWithPrints, own_streams
from penguiflow_cli._text_view import TextView
from penguiflow_cli._workspace import ProjectWorkspace, open_workspace
from penguiflow_cli.exit_codes import ExitCode
from penguiflow_cli.project import Project

if TYPE_CHECKING:
    from penguiflow_cli._agent_servers import AgentServers


def ask(options: RunOptions) -> ExitCode:
    """Run the command to its end.

    Raises:
        CommandError: the options do not say what to do.
    """
    errand = read_errand(options)
    project = Project(root=options.project_root)
    return run_command(lambda: _run(errand, options, project), project)


async def _run(errand: Errand, options: RunOptions, project: Project) -> ExitCode:
    with own_streams() as streams:
        try:
            result = await _run_in_workspace(errand, options, project, streams)
        except CommandError as error:
            if options.json_lines:
                streams.output.json_line(error_line(error))
            raise
        finally:
            streams.tell_prints()
    return exit_code_of_run(result)


async def _run_in_workspace(
    errand: Errand, options: RunOptions, project: Project, streams: OwnStreams
) -> RunResult:
    servers = await _servers(options, streams)
    choice = AgentChoice(target=options.agent, model=options.model, servers=servers)
    async with open_workspace(project, choice, streams.messages.note) as workspace:
        session = await _open_session(errand, workspace)
        try:
            _, already_there = session.events_since(0)
            streams.record_prints(session)
            source = SessionWithPrints(session, streams)
            view = _view(options, streams)
            return await follow(source, _do(errand, session), view, cursor=already_there)
        finally:
            await session.aclose()


async def _servers(options: RunOptions, streams: OwnStreams) -> AgentServers | None:
    if not options.mcp_config and not options.project_servers:
        return None
    from penguiflow_cli._run_servers import servers_of_run  # noqa: PLC0415 - most runs need none of it

    return await servers_of_run(options, streams.messages.note)


def _view(options: RunOptions, streams: OwnStreams) -> RunView:
    if options.json_lines:
        return JsonLinesView(streams.output)
    return TextView(streams.output, streams.messages, options_to_repeat(options, Path.cwd()))


async def _open_session(errand: Errand, workspace: ProjectWorkspace) -> AgentSession:
    if isinstance(errand, Question):
        return await workspace.open_session(errand.session_id)
    return await workspace.open_session(await workspace.session_of_request(errand.token))


async def _do(errand: Errand, session: AgentSession) -> RunResult:
    try:
        if isinstance(errand, Question):
            await session.start()
            return await session.ask(errand.text)
        if isinstance(errand, Recovery):
            await session.start()
            return await session.recover(errand.token)
        return await _reply(errand, session)
    except SessionError as exc:
        raise CommandError(str(exc), exit_code=ExitCode.USAGE, code="session_refused") from exc
    except DecisionError as exc:
        raise bad_decision(exc) from exc


async def _reply(reply: Reply, session: AgentSession) -> RunResult:
    request = next((waiting for waiting in session.pending if waiting.request_id == reply.token), None)
    if request is None:
        raise CommandError(
            f"nothing waits under token `{reply.token}` any more",
            exit_code=ExitCode.USAGE,
            code="already_decided",
            hint=f"a token works once; `penguiflow tui --session {session.session_id}` shows the run. "
            f"If its process died: `penguiflow run --recover {reply.token}`.",
        )
    decision = read_decision(reply.text, request)
    await session.start()
    return await session.decide(reply.token, decision)
