"""What a person needs to sign in, at once or after a moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import Any

from pydantic import JsonValue

Complete = Callable[[], Awaitable[Mapping[str, JsonValue]]]


class AuthRequest(dict[str, JsonValue]):
    """`display_name`, `auth_url`, `scopes` and `state` of one sign-in.

    A request to a provider of the operator can be read at once. Awaiting it does what takes time: this
    program is registered with a provider that was discovered, whose request is empty until then, and the
    manager's loopback redirect begins to listen.
    """

    def __init__(self, fields: Mapping[str, JsonValue], complete: Complete | None = None) -> None:
        super().__init__(fields)
        self._complete = complete

    # Any: what an awaitable yields is a matter between it and the event loop.
    def __await__(self) -> Generator[Any, Any, AuthRequest]:
        return self._completed().__await__()

    async def _completed(self) -> AuthRequest:
        complete, self._complete = self._complete, None
        if complete is not None:
            self.update(await complete())
        return self
