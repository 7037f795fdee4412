"""An agent and the history of its project, opened together; `run` and the workbench both start here."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

from penguiflow.sessions.agent_port import Agent
from penguiflow.sessions.session import AgentSession
from penguiflow.state.errors import StoreError
from penguiflow.state.protocol import SessionSummary
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow_cli._agents import AgentChoice, Tell, choose_agent
from penguiflow_cli._errors import CommandError
from penguiflow_cli.exit_codes import ExitCode
from penguiflow_cli.project import Project

LAST = "last"


class ProjectWorkspace:
    """A loaded agent and the sessions it had in this project.

    A session closes its agent, so each gets its own from `load`.
    """

    def __init__(self, load: Callable[[], Agent], store: SqliteStateStore) -> None:
        self._load = load
        self._store = store
        self._unused: Agent | None = load()
        self._name, self._model = self._unused.name, self._unused.model

    @classmethod
    async def open(cls, project: Project, choice: AgentChoice, tell: Tell) -> ProjectWorkspace:
        """Open the history, then load the agent.

        Raises:
            CommandError: the folder cannot be written, the history cannot be read, or no agent loads.
        """
        store = await _open_history(project)
        try:
            return cls(partial(choose_agent, choice, project, store, tell), store)
        except BaseException:
            await store.aclose()
            raise

    @property
    def agent_name(self) -> str:
        return self._name

    @property
    def model(self) -> str | None:
        return self._model

    async def list_sessions(self) -> Sequence[SessionSummary]:
        """Return the sessions of this project, the last changed one first."""
        return await self._store.list_sessions()

    async def open_session(self, session_id: str | None) -> AgentSession:
        """Open the session of this name, the newest for `last`, a new one for `None`; the caller closes it.

        A name nobody used yet, and `last` in a project without sessions, begin a new session.
        """
        if session_id == LAST:
            newest = await self._store.list_sessions(limit=1)
            session_id = newest[0].session_id if newest else None
        agent, self._unused = self._unused or self._load(), None
        return await AgentSession.open(agent, self._store, session_id=session_id)

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
        try:
            if self._unused is not None:
                await self._unused.aclose()
        finally:
            await self._store.aclose()


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


async def _open_history(project: Project) -> SqliteStateStore:
    try:
        project.prepare()
        return await SqliteStateStore.open(project.history_path)
    except OSError as exc:
        raise CommandError(
            f"`{project.state_dir}` cannot be written: {exc.strerror or exc}",
            exit_code=ExitCode.FAILED,
            hint="choose a folder of yours with --project-root.",
        ) from exc
    except StoreError as exc:
        raise CommandError(str(exc), exit_code=ExitCode.FAILED, code=exc.code, hint=exc.hint) from exc
