"""The tool servers of one `penguiflow run`; without a terminal those not yet allowed end it."""

from __future__ import annotations

from penguiflow.tools.project import ServerEntry
from penguiflow.tools.trust import TrustQuestion, TrustStore
from penguiflow_cli._agent_servers import AgentServers, ServerChoice, Tell, servers_of_choice
from penguiflow_cli._errand import RunOptions
from penguiflow_cli._tools_person import Terminal
from penguiflow_cli._tools_places import PersonalFolder
from penguiflow_cli._tools_trust import make_trusted


async def servers_of_run(options: RunOptions, tell: Tell) -> AgentServers:
    """Return the servers of the files that were named.

    Raises:
        CommandError: a file cannot be read, or a server may not be started.
    """

    async def ask(question: TrustQuestion, entry: ServerEntry, store: TrustStore) -> bool:
        await make_trusted(entry, store, Terminal.of_this_process(), trust=options.trust)
        return True

    chosen = ServerChoice(mcp_config=options.mcp_config, project_servers=options.project_servers)
    return await servers_of_choice(
        chosen, options.project_root, PersonalFolder.of_this_user(), ask=ask, tell=tell
    )
