"""What a tool is told about its caller when a command calls it: the user, and where large results go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from pydantic import JsonValue

from penguiflow.artifacts import ArtifactStore, InMemoryArtifactStore
from penguiflow.tools.errors import ToolAuthError

LOCAL_USER = "local"
"""The user id of a person who runs commands on their own machine."""

OnPause: TypeAlias = Callable[[Mapping[str, JsonValue]], Awaitable[None]]


class CommandContext:
    """The context of one call from the command line.

    A tool that has to wait for a person (a sign-in) pauses; `on_pause` then returns when the person is done.
    Without it there is nothing to wait for, and the call fails as one that needs a sign-in.
    """

    def __init__(self, user_id: str = LOCAL_USER, *, on_pause: OnPause | None = None) -> None:
        self.llm_context: Mapping[str, JsonValue] = {}
        self.tool_context: dict[str, JsonValue] = {
            "user_id": user_id,
            "session_id": "command",
            "trace_id": "",
        }
        self.artifacts: ArtifactStore = InMemoryArtifactStore()
        self._on_pause = on_pause

    @property
    def user_id(self) -> str:
        return str(self.tool_context["user_id"])

    async def pause(self, reason: str, payload: Mapping[str, JsonValue] | None = None) -> None:
        """Wait for the person.

        Raises:
            ToolAuthError: nobody would come back.
        """
        given = payload or {}
        if self._on_pause is None:
            provider = given.get("provider", "the server")
            raise ToolAuthError(
                f"`{provider}` needs a sign-in"
                if given.get("pause_type") == "oauth"
                else f"waiting: {reason}",
                hint=f"penguiflow tools login {provider}",
            )
        await self._on_pause(given)
