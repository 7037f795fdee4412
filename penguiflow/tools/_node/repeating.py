"""When a failed call may be repeated. Pure; `retry` does the waiting."""

from __future__ import annotations

from collections.abc import Sequence

from penguiflow.tools._connecting.session import RemoteTool
from penguiflow.tools.adapters import causes
from penguiflow.tools.errors import ToolConnectionError, ToolNodeError, ToolTimeoutError


class LostDuringCallError(ToolConnectionError):
    """The connection broke after the request was sent: nobody knows whether the tool ran."""


_NEVER_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol", "gaierror"})


def was_never_sent(error: BaseException) -> bool:
    """Whether the HTTP client failed before it could send the request."""
    return any(type(link).__name__ in _NEVER_SENT for link in causes(error))


def may_repeat(
    error: BaseException, *, retry_on_status: Sequence[int], tool: RemoteTool | None, approved_once: bool
) -> bool:
    """Whether a failed call may be made again.

    An answer with a status of `retry_on_status`, and a server that was never reached, may. After a timeout or
    a connection lost on the way the tool may have run: then only what cannot do harm twice is repeated, which
    excludes a call that a person approved once.
    """
    if not isinstance(error, ToolNodeError):
        return False
    if error.status_code is not None:
        return error.status_code in retry_on_status
    if not error.is_retryable:
        return False
    if isinstance(error, (ToolTimeoutError, LostDuringCallError)):
        return not approved_once and (tool is None or _harmless_twice(tool))
    return True


def _harmless_twice(tool: RemoteTool) -> bool:
    """Believe the server about its tool; one that says nothing at all is repeated, as the policy asks."""
    if tool.read_only or tool.idempotent:
        return True
    return tool.read_only is None and tool.destructive is None and tool.idempotent is None
