"""What a tool is told about its caller when a person calls it, outside of a run."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from penguiflow.artifacts import ArtifactStore, InMemoryArtifactStore
from penguiflow.tools.errors import ToolAuthError

LOCAL_USER = "local"
"""Who works on their own machine."""


class PersonContext:
    """Names the user; there is no run that could pause. Large results go into `artifacts`."""

    def __init__(self, *, user_id: str, session_id: str) -> None:
        self.user_id = user_id
        self.llm_context: Mapping[str, JsonValue] = {}
        self.tool_context: dict[str, JsonValue] = {
            "user_id": user_id,
            "session_id": session_id,
            "trace_id": "",
        }
        self.artifacts: ArtifactStore = InMemoryArtifactStore()

    async def pause(self, reason: str, payload: Mapping[str, JsonValue] | None = None) -> None:
        """Refuse to wait.

        Raises:
            ToolAuthError: always; what the tool waits for, a sign-in mostly, comes first.
        """
        provider = (payload or {}).get("provider") or "the server"
        raise ToolAuthError(f"`{provider}` needs a sign-in", hint="sign in, then call the tool again")
