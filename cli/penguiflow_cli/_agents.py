"""Which agent a command works with: the one named, the project's own, or the bundled demo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from penguiflow.catalog import ToolSource
from penguiflow.sessions.agent_port import Agent
from penguiflow.sessions.discovery import AgentError, NoAgentFoundError, discover_agent, load_agent
from penguiflow.sessions.planner_agent import PlannerAgent
from penguiflow.state.protocol import SupportsPlannerState
from penguiflow_cli._errors import CommandError
from penguiflow_cli.exit_codes import ExitCode
from penguiflow_cli.project import Project

if TYPE_CHECKING:
    from penguiflow_cli._agent_servers import AgentServers, Tell

DEMO = "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChoice:
    """What the person asked for: `target` is `module:attribute`, `demo` or `None` for the project's own.

    `servers` are given to the agent beside its own.
    """

    target: str | None = None
    model: str | None = None
    servers: AgentServers | None = None

    def tool_sources(self) -> Sequence[ToolSource]:
        """Return new connections to the servers: an agent closes its own."""
        return () if self.servers is None else self.servers.nodes()


def choose_agent(choice: AgentChoice, project: Project, store: SupportsPlannerState, tell: Tell) -> Agent:
    """Import the agent.

    Raises:
        CommandError: the agent cannot be loaded. A broken agent is never replaced by the demo.
    """
    try:
        if choice.target == DEMO:
            return _demo_agent(choice, project, store)
        if choice.target is not None:
            return load_agent(
                choice.target,
                project.root,
                state_store=store,
                model=choice.model,
                tool_sources=choice.tool_sources(),
            )
        try:
            return discover_agent(
                project.root, state_store=store, model=choice.model, tool_sources=choice.tool_sources()
            )
        except NoAgentFoundError:
            tell(f"No agent in `{project.root}`: the bundled demo agent answers. Yours: --agent MODULE:NAME")
            return _demo_agent(choice, project, store)
    except AgentError as exc:
        raise CommandError(str(exc), exit_code=ExitCode.NO_AGENT, hint=exc.hint, code=exc.code) from exc


def _demo_agent(choice: AgentChoice, project: Project, store: SupportsPlannerState) -> Agent:
    from penguiflow_tui.demo.agent import build_planner  # noqa: PLC0415 - most projects have their own

    planner = build_planner(
        model=choice.model,
        state_store=store,
        project_root=project.root,
        tool_sources=choice.tool_sources(),
    )
    return PlannerAgent(planner, name=DEMO)
