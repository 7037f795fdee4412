"""Which workspace and session are open. The application asks; closing works after the screen is gone, too."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from penguiflow_tui.ports import AskTrust, OpenWorkspace, Session, SessionShelf, StoredSession, Workspace


class SessionHost:
    """Owns the workspace and at most one session; `aclose` gives both back."""

    def __init__(self, open_workspace: OpenWorkspace) -> None:
        self._open_workspace = open_workspace
        self._workspace: Workspace | None = None
        self._session: Session | None = None

    @property
    def workspace(self) -> Workspace | None:
        """The loaded agent; `None` until it is loaded."""
        return self._workspace

    @property
    def shelf(self) -> SessionShelf | None:
        """The stored sessions of the project; `None` until the agent is loaded."""
        return None if self._workspace is None else self._workspace.shelf

    @property
    def session(self) -> Session | None:
        """The session that is open."""
        return self._session

    async def load(self, tell: Callable[[str], None], ask: AskTrust) -> Workspace:
        """Load the agent, unless it is loaded; `tell` hears what is done now, `ask` asks about servers."""
        if self._workspace is None:
            self._workspace = await self._open_workspace(tell, ask)
        return self._workspace

    async def list_sessions(self) -> Sequence[StoredSession]:
        """Return the stored sessions; none before the agent is loaded."""
        return () if self.shelf is None else await self.shelf.list_sessions()

    async def open(self, session_id: str | None) -> Session:
        """Close the open session and open another one; `None` begins a new one."""
        if self._workspace is None:
            raise RuntimeError("no session can be opened before `load` has returned")
        await self._close_session()
        self._session = await self._workspace.open_session(session_id)
        return self._session

    async def aclose(self) -> None:
        """Close the session, then the workspace."""
        workspace, self._workspace = self._workspace, None
        try:
            await self._close_session()
        finally:
            if workspace is not None:
                await workspace.aclose()

    async def _close_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.aclose()
