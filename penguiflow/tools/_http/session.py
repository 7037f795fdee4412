"""A service over HTTP as a `ToolSession`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from penguiflow._clock import WallClock
from penguiflow.safe_text import safe_line
from penguiflow.tools._connecting.session import HttpService, RemoteResult, RemoteTool
from penguiflow.tools._http.credentials import merged_credentials, with_cookies
from penguiflow.tools._http.operations import Description, Operation
from penguiflow.tools._http.replies import error_of, value_of
from penguiflow.tools._http.requests import build_request
from penguiflow.tools._net import NetPolicy, origin_of
from penguiflow.tools._net.client import GuardedClient
from penguiflow.tools.errors import ToolClientError


class ServiceSession:
    """Each call is a request of its own, so there is no connection that could end."""

    def __init__(
        self,
        service: HttpService,
        client: GuardedClient,
        policy: NetPolicy,
        description: Description,
        *,
        clock: WallClock,
    ) -> None:
        self._service = service
        self._client = client
        self._policy = policy
        self._description = description
        self._clock = clock

    @property
    def server(self) -> str | None:
        """Title and version of the service."""
        return self._description.server

    @property
    def protocol_version(self) -> str | None:
        """Which kind of document describes the service."""
        return self._description.protocol

    async def list_tools(self) -> Sequence[RemoteTool]:
        """Return the tools of the document that was read when connecting."""
        return [operation.tool for operation in self._description.operations.values()]

    async def call_tool(self, name: str, arguments: Mapping[str, object]) -> RemoteResult:
        """Send the request of a tool and return what its answer holds.

        Raises:
            ToolClientError: there is no such tool, an argument cannot be sent, or the request was refused.
            ToolNodeError: the status, a time-out or a broken connection, by the class that stands for it.
        """
        operation = self._description.operations.get(name)
        if operation is None:
            raise ToolClientError(
                f"`{self._service.name}` has no tool `{safe_line(name, max_chars=100)}`",
                hint="connect again if the service has changed",
            )
        outgoing = build_request(operation, arguments)
        credentials = with_cookies(merged_credentials(self._service), outgoing.cookies)
        reply = await self._client.send(
            outgoing.method,
            outgoing.url,
            headers={**outgoing.headers, **with_cookies({}, outgoing.cookies)},
            content=outgoing.content,
            credentials=credentials,
        )
        shown = safe_line(name, max_chars=100)
        error = error_of(reply, tool_name=shown, now_s=self._clock(), auth_hint=self._auth_hint(operation))
        if error is not None:
            raise error
        return RemoteResult(
            value=value_of(reply, method=operation.method, expects_json=operation.expects_json)
        )

    def on_ended(self, listener: Callable[[], None]) -> None:
        """Do nothing: a service that is gone shows at the next call."""

    def _auth_hint(self, operation: Operation) -> str | None:
        origin = origin_of(operation.base_url)
        if not self._policy.is_declared(origin):
            return (
                f"credentials go only to the origin of `connection`, and not to `{origin}` of the document; "
                "set `connection` to a document there"
            )
        declared = self._description.auth_hint
        return f"the document asks for {declared}" if declared else None
