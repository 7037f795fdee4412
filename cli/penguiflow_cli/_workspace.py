"""An agent and the history of its project, opened together; `run` and the workbench both start here."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from penguiflow.sessions.agent_port import Agent
from penguiflow.sessions.person_context import LOCAL_USER
from penguiflow.sessions.projections.otel_environment import telemetry_from_environment
from penguiflow.sessions.projections.otel_follower import TelemetryFollower
from penguiflow.sessions.session import AgentSession
from penguiflow.sessions.shelf.finding import session_to_go_on_with
from penguiflow.state.protocol import SessionSummary
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow_cli._agents import AgentChoice, choose_agent
from penguiflow_cli._errors import CommandError
from penguiflow_cli._new_history import open_or_create_history
from penguiflow_cli._session_shelf import SessionShelf
from penguiflow_cli._sessions_history import refusals_told
from penguiflow_cli._sign_in_follower import SignInFollower
from penguiflow_cli.exit_codes import ExitCode
from penguiflow_cli.project import Project

if TYPE_CHECKING:
    from penguiflow_cli._agent_servers import AgentServers, Tell


class ProjectWorkspace:
    """A loaded agent and the sessions it had in this project.

    A session closes its agent, so each gets its own from `load`.
    """

    def __init__(
        self,
        load: Callable[[], Agent],
        store: SqliteStateStore,
        shelf: SessionShelf,
        servers: AgentServers | None = None,
    ) -> None:
        self.shelf = shelf
        self._servers = servers
        self._notes: list[str] = []
        self._sign_ins: SignInFollower | None = None
        self._load = load
        self._store = store
        self._telemetry: TelemetryFollower | None = None
        self._unused: Agent | None = load()
        self._name, self._model = self._unused.name, self._unused.model

    @classmethod
    async def open(cls, project: Project, choice: AgentChoice, tell: Tell) -> ProjectWorkspace:
        """Open the history, then load the agent. The servers of the choice are closed with the workspace.

        Raises:
            CommandError: the folder cannot be written, the history cannot be read, or no agent loads.
        """
        store = await open_or_create_history(project)
        try:
            shelf = SessionShelf(store, project.exports_dir)
            return cls(partial(choose_agent, choice, project, store, tell), store, shelf, choice.servers)
        except BaseException:
            await store.aclose()
            raise

    @property
    def agent_name(self) -> str:
        return self._name

    @property
    def model(self) -> str | None:
        return self._model

    def note(self, text: str) -> None:
        """Tell something in the log of the next session that is opened."""
        self._notes.append(text)

    async def list_sessions(self) -> Sequence[SessionSummary]:
        """Return the sessions of this project, the last changed one first."""
        return await self._store.list_sessions()

    async def open_session(self, session_id: str | None) -> AgentSession:
        """Open the session of this id or name, the newest for `last`, a new one for `None`.

        An id nobody used yet, and `last` in a project without sessions, begin a new session. The caller
        closes it.

        Raises:
            CommandError: several sessions may be meant.
        """
        if session_id is not None:
            with refusals_told():
                session_id = await session_to_go_on_with(self._store, session_id) or None
        agent, self._unused = self._unused or self._load(), None
        session = await AgentSession.open(agent, self._store, session_id=session_id, user_id=LOCAL_USER)
        await self._end_telemetry()
        await self._follow_sign_ins(session)
        while self._notes:
            session.record_output("log", self._notes.pop(0))
        self._telemetry = telemetry_from_environment(session)
        return session

    async def session_of_request(self, token: str) -> str:
        """Return the session in which the request waits or waited.

        Raises:
            CommandError: no run of this project asked under this token.
        """
        asked = await self._store.find_request(token)
        if asked is None:
            raise CommandError(
                f"no run of this project waits under token `{token}`",
                exit_code=ExitCode.USAGE,
                code="unknown_token",
                hint="copy the whole token, and run in the same folder or with the same --project-root.",
            )
        return asked.session_id

    async def aclose(self) -> None:
        """Close the agent that no session took, then the history."""
        async with AsyncExitStack() as closing:  # the last one first, and each of them for sure
            closing.push_async_callback(self._store.aclose)
            closing.push_async_callback(self._end_telemetry)
            if self._servers is not None:
                closing.push_async_callback(self._servers.aclose)
            closing.push_async_callback(self._follow_sign_ins, None)
            if self._unused is not None:
                await self._unused.aclose()

    async def _follow_sign_ins(self, session: AgentSession | None) -> None:
        """Let this session hear of people who signed in, and the one before no more."""
        before, self._sign_ins = self._sign_ins, None
        if before is not None:
            await before.aclose()
        manager = None if self._servers is None else self._servers.manager
        if session is not None and manager is not None:
            self._sign_ins = SignInFollower(session, manager)

    async def _end_telemetry(self) -> None:
        """Send the rest of what the last session told; it was closed before."""
        telemetry, self._telemetry = self._telemetry, None
        if telemetry is not None:
            await telemetry.aclose()


@asynccontextmanager
async def open_workspace(
    project: Project, choice: AgentChoice, tell: Tell
) -> AsyncGenerator[ProjectWorkspace]:
    """Open the workspace for the time of the block."""
    workspace = await ProjectWorkspace.open(project, choice, tell)
    try:
        yield workspace
    finally:
        await workspace.aclose()
