"""What a person does with a tool connection, from wherever its row is shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual import work
from textual.screen import Screen

from penguiflow.safe_text import safe_text
from penguiflow.sessions.results import SessionError
from penguiflow_tui.messages import ConnectionRetried, ConnectionToggled, ReviewWanted, SignInWanted
from penguiflow_tui.model.consent import consent_in
from penguiflow_tui.ports import ToolDesk

_ERROR_CHARS = 600


class ConnectionActions(Screen[None]):
    """A screen that turns the messages of connection rows into calls of the `desk`, if there is one."""

    @property
    def desk(self) -> ToolDesk | None:
        """Who acts on the connections; nobody does in a recording."""
        raise NotImplementedError

    def on_connection_retried(self, message: ConnectionRetried) -> None:
        if (desk := self.desk) is not None:
            self._act(lambda: desk.reconnect(message.name))

    def on_connection_toggled(self, message: ConnectionToggled) -> None:
        if (desk := self.desk) is not None:
            self._act(lambda: desk.set_enabled(message.name, message.enabled))

    def on_sign_in_wanted(self, message: SignInWanted) -> None:
        if (desk := self.desk) is not None:
            self._act(lambda: self._sign_in(desk, message.name))

    def on_review_wanted(self, message: ReviewWanted) -> None:
        if (desk := self.desk) is not None:
            self._act(lambda: self._review(desk, message.name))

    @work(group="connections", exit_on_error=False)
    async def _act(self, act: Callable[[], Awaitable[object]]) -> None:
        from penguiflow.tools.errors import ToolNodeError  # noqa: PLC0415 - not for the first paint

        try:
            await act()
        except (SessionError, ToolNodeError) as exc:
            hint = getattr(exc, "hint", None)
            text = safe_text(f"{exc}\n{hint}" if hint else str(exc), max_chars=_ERROR_CHARS)
            self.notify(text, severity="warning", markup=False, timeout=10)

    async def _sign_in(self, desk: ToolDesk, name: str) -> None:
        from penguiflow_tui.screens.sign_in import SignInScreen  # noqa: PLC0415 - rarely needed

        request = await desk.begin_sign_in(name)
        consent = consent_in({"provider": name, **request})
        screen = SignInScreen(consent, is_signed_in=lambda: desk.is_ready(name))
        if await self.app.push_screen_wait(screen):  # pyright: ignore[reportUnknownMemberType] - bare `App` in Textual
            await desk.reconnect(name)
        elif desk.is_ready(name):
            self.notify(f"Signed in to {safe_text(name, max_chars=80)}", markup=False, timeout=4)

    async def _review(self, desk: ToolDesk, name: str) -> None:
        from penguiflow_tui.screens.review import ReviewScreen  # noqa: PLC0415 - rarely needed

        changes = {tool: change for tool, change in desk.changes(name).items() if change.held_back}
        if not changes:
            self.notify("None of its tools is held back.", markup=False, timeout=4)
            return
        await self.app.push_screen_wait(  # pyright: ignore[reportUnknownMemberType] - bare `App` in Textual
            ReviewScreen(name, changes, approve=lambda tool: desk.approve_changes(name, [tool]))
        )
