"""The workspace of the workbench: its servers are asked about on the screen, its sign-ins followed."""

from __future__ import annotations

from penguiflow.tools.project import ServerEntry, read_servers
from penguiflow.tools.trust import TrustQuestion, TrustStore
from penguiflow_cli._agent_servers import AgentServers, ServerChoice, Tell, servers_of_choice
from penguiflow_cli._agents import AgentChoice
from penguiflow_cli._tools_places import PersonalFolder
from penguiflow_cli._workbench_options import WorkbenchOptions
from penguiflow_cli._workspace import ProjectWorkspace
from penguiflow_cli.project import Project
from penguiflow_tui.ports import AskTrust


async def open_workbench_workspace(
    options: WorkbenchOptions, project: Project, tell: Tell, ask: AskTrust
) -> ProjectWorkspace:
    """Load the agent with the servers that were chosen and may be started.

    Raises:
        CommandError: a file cannot be read, or no agent loads.
    """
    notes: list[str] = []
    servers = await _servers(options, notes.append, ask)
    choice = AgentChoice(target=options.agent, model=options.model, servers=servers)
    try:
        workspace = await ProjectWorkspace.open(project, choice, tell)
    except BaseException:
        if servers is not None:
            await servers.aclose()
        raise
    for note in notes:
        workspace.note(note)
    return workspace


async def _servers(options: WorkbenchOptions, tell: Tell, ask: AskTrust) -> AgentServers | None:
    chosen = ServerChoice(mcp_config=options.mcp_config, project_servers=options.project_servers)
    if not chosen.mcp_config and not chosen.project_servers:
        _offer(options, tell)
        return None

    async def ask_and_keep(question: TrustQuestion, entry: ServerEntry, store: TrustStore) -> bool:
        match await ask(question):
            case "trusted":
                store.trust(question)
            case "once":
                store.trust_once(question)
            case "refused":
                store.refuse(question)
                return False
            case _:
                return False
        return True

    return await servers_of_choice(
        chosen, options.project_root, PersonalFolder.of_this_user(), ask=ask_and_keep, tell=tell
    )


def _offer(options: WorkbenchOptions, tell: Tell) -> None:
    """Say that the project names servers which nobody asked for."""
    count = len(read_servers(options.project_root).entries)
    if count:
        servers = "1 tool server" if count == 1 else f"{count} tool servers"
        tell(f"the project names {servers}; start with --project-servers to use them")
