"""`ToolNode`: the tools of one external server, as tools of the planner."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence

from pydantic import JsonValue

from penguiflow._clock import MonotonicClock, monotonic_clock
from penguiflow.catalog import NodeSpec
from penguiflow.registry import ModelRegistry
from penguiflow.tools._connecting.environment import process_environment
from penguiflow.tools._connecting.plan import ConnectionPlan, plan_connection
from penguiflow.tools._connecting.secrets import remember_secrets_of
from penguiflow.tools._connecting.server_connection import ServerConnection
from penguiflow.tools._connecting.session import RemoteResult, RemoteTool, ToolSession
from penguiflow.tools._node.access import Access
from penguiflow.tools._node.attempts import ToolAttempts
from penguiflow.tools._node.catalog import ServerCatalog
from penguiflow.tools._node.shown_status import ShownStatus
from penguiflow.tools._node.sign_in import SignIn
from penguiflow.tools._node.user_connections import UserConnection, UserConnections, UserToken
from penguiflow.tools._output import transform_output
from penguiflow.tools._resources.of_node import NodeResources
from penguiflow.tools._resources.values import ResourceInfo, ResourceTemplateInfo, ResourceUpdated
from penguiflow.tools.config import ExternalToolConfig
from penguiflow.tools.connection import ConnectionListener, ConnectionStatus
from penguiflow.tools.errors import ErrorCategory, ToolAuthError, ToolConnectionError
from penguiflow.tools.offers import Offers, offered, offers_in_use
from penguiflow.tools.review import ToolChange, ToolReview
from penguiflow.tools.user_auth import AuthManager


class ToolNode:
    """One external tool server: connect, discover, call, close.

    Its tools are named `{config.name}.{tool}` and their models are declared in `registry`. `auth_manager`
    signs people in when the config's `auth_type` is `oauth2_user`: then each user has a connection of their
    own. `environment` is where `${VAR}` in the config is looked up and what a server process inherits the
    harmless part of (default: that of this process). `review` holds tools back that changed since they were
    approved (default: none are). A connection that was lost is opened again by the next call; so is one that
    belongs to an event loop which is over.
    """

    def __init__(
        self,
        config: ExternalToolConfig,
        registry: ModelRegistry,
        auth_manager: AuthManager | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        review: ToolReview | None = None,
        clock: MonotonicClock = monotonic_clock,
    ) -> None:
        self.config = config
        self.registry = registry
        self.auth_manager = auth_manager
        self._environment = process_environment() if environment is None else environment
        self._clock = clock
        remember_secrets_of(config, self._environment)
        self._shown = ShownStatus(config)
        self._attempts = ToolAttempts(config)
        self._resources = NodeResources(config, session_for=self._session_for, clock=clock)
        self._catalog = ServerCatalog(
            config, registry, tool_node=self, call=self.call, review=review, resources=self._resources
        )
        self._connections = UserConnections(self._new_connection, fixed_token=not config.is_url)
        self._access = Access(SignIn(config, auth_manager, self._environment), self._connections)
        # Users may be offered different tools: the planner knows those of the connection that a program asked
        # for, or of the first that a call opened.
        self._discovered_over: ServerConnection | None = None
        self._slots_of_loop: tuple[asyncio.AbstractEventLoop, asyncio.Semaphore] | None = None

    @property
    def name(self) -> str:
        """The namespace of the tools."""
        return self.config.name

    @property
    def status(self) -> ConnectionStatus:
        """The state of the connection now; with several users that of the one who was last heard of."""
        return self._shown.status

    def on_status_change(self, listener: ConnectionListener) -> Callable[[], None]:
        """Call `listener` with each new status, in the event loop; the function returned ends that."""
        return self._shown.on_change(listener)

    async def connect(self, ctx: object = None) -> None:
        """Connect and discover the tools; nothing happens if that is done.

        Takes at most `config.timeout_s`, plus a moment to end a server that did not come up. If it fails or
        is cancelled, nothing of the server is left. `ctx`, the context of a calling tool, says for whom when
        the server is reached in the name of a user.

        Raises:
            ToolAuthError: a credential is missing or was refused, or `ctx` names no user.
            ToolConnectionError: the server cannot be started or reached; `hint` says what to do.
            ToolNodeError: a tool has a name that is taken.
        """
        self._refuse_if_disabled()
        recorded = offers_in_use(self.name)
        if recorded is not None:
            self._connections.of(None).connection.stand_ready(recorded)
            return
        async with self._access.to_connect(ctx) as mine:
            self._discovered_over = mine.connection
            try:
                await mine.connection.open(insist=True)
                return
            except ToolAuthError as error:
                if not self._access.learns_to_sign_in(error):
                    if not self._access.can_renew(error):
                        raise
                    await self._access.renew(ctx, mine, mine.token)
                    await mine.connection.open(insist=True)
                    return
        await self.connect(ctx)  # now in the name of a user

    async def close(self) -> None:
        """Leave the server and wait until its processes are gone. Calls under way fail."""
        await self._connections.close()
        await self._resources.aclose()
        self._discovered_over = None
        self._catalog.clear()

    async def set_enabled(self, enabled: bool) -> None:
        """Let the server be used, or leave it and refuse calls; `connect` follows by itself on neither."""
        if enabled:
            self._shown.enable()
        else:
            await self.close()
            self._shown.disable()

    async def begin_sign_in(self, user_id: str, trace_id: str = "") -> dict[str, JsonValue]:
        """Return `display_name`, `auth_url`, `scopes` and `state` of a sign-in; the status shows the URL.

        Raises:
            ToolAuthError: nobody knows how one signs in to this server.
        """
        return await self._access.begin_sign_in(user_id, trace_id)

    @property
    def acts_for_users(self) -> bool:
        """Whether calls are made in the name of the user that their context names."""
        return self._access.is_per_user

    @property
    def offers(self) -> Offers:
        """What the server offers, also what the config leaves out; see `penguiflow.tools.offers`."""
        return offered(self._catalog.tools)

    @property
    def changes(self) -> Mapping[str, ToolChange]:
        """The tools that changed since they were approved, by their own name; most are held back."""
        return self._catalog.changes

    def approve_changes(self, names: Collection[str] | None = None) -> None:
        """Take changed tools as they are now: those named, or all; they are in the catalog at once."""
        self._catalog.approve(names)
        self._shown.refresh(tool_count=len(self._catalog.specs), held_back=self._catalog.held_back)

    def get_tools(self) -> list[NodeSpec]:
        """Return the tools of the last connection; empty before connecting and after closing."""
        return list(self._catalog.specs)

    def get_tool_specs(self) -> list[NodeSpec]:
        """Return the same as `get_tools`."""
        return self.get_tools()

    async def call(
        self, tool_name: str, args: Mapping[str, object], ctx: object = None
    ) -> dict[str, JsonValue]:
        """Call a tool by its namespaced or its own name and return `{"result": value}`.

        Connects first if needed, waits while `max_concurrency` calls are under way, and repeats a failed call
        where the retry policy and the nature of the failure allow it. `ctx` is that of the calling tool: its
        `tool_context["user_id"]` says in whose name, its `artifacts` take what is too large for a prompt, and
        it pauses where a person has to sign in.

        Raises:
            ToolClientError: the tool reported an error (its text is the server's) or does not exist.
            ToolTimeoutError: no answer within `config.timeout_s`. Other `ToolNodeError`s as their names say.
        """
        self._refuse_if_disabled()
        result = await self._call_in_name_of(ctx, tool_name, args)
        if not self._attempts.is_read_only(tool_name):
            self._resources.forget_reads()  # the call may have changed them
        value = await transform_output(
            self._attempts.full_name(tool_name),
            result.value,
            config=self.config,
            ctx=ctx,
            read_linked=lambda uri: self.read_resource(uri, ctx),
        )
        return {"result": value}

    @property
    def resources_supported(self) -> bool:
        """Whether the server that is connected now has resources; `False` before connecting."""
        return self.status.state == "ready" and self._resources.resources_supported

    @property
    def resources(self) -> list[ResourceInfo]:
        """The resources as they were listed last."""
        return self._resources.resources

    @property
    def resource_templates(self) -> list[ResourceTemplateInfo]:
        """The patterns of further resources as they were listed last."""
        return self._resources.resource_templates

    async def list_resources(self, refresh: bool = False) -> list[ResourceInfo]:
        """Return the resources of the server; `refresh` asks it again.

        Raises:
            ToolNodeError: the server was asked and failed.
        """
        return await self._resources.list_resources(refresh)

    async def list_resource_templates(self, refresh: bool = False) -> list[ResourceTemplateInfo]:
        """Return the templates; as `list_resources`."""
        return await self._resources.list_resource_templates(refresh)

    async def read_resource(self, uri: str, ctx: object, *, use_cache: bool = True) -> dict[str, JsonValue]:
        """Return `{"text": ...}`, `{"artifact": ref}` or `{"error": why not}`; never raises.

        A server that is reached in the name of users is read for the one `ctx` names.
        """
        if ctx is None and self._access.is_per_user:
            return {"error": f"user_id required: `{self.name}` acts in the name of a user"}
        return await self._resources.read_resource(uri, ctx, use_cache=use_cache)

    async def subscribe_resource(self, uri: str, callback: ResourceUpdated | None = None) -> bool:
        """Have the server tell when a resource changes, and call `callback` then; `False` if it cannot."""
        return await self._resources.subscribe_resource(uri, callback)

    async def unsubscribe_resource(self, uri: str) -> bool:
        """End what `subscribe_resource` began; `False` when there was nothing, or it could not be done."""
        return await self._resources.unsubscribe_resource(uri)

    def handle_resource_updated(self, uri: str) -> None:
        """Take note that a resource changed: what was read of it is forgotten, and callbacks are called."""
        self._resources.handle_resource_updated(uri)

    def set_resource_updated_callback(self, callback: Callable[[str], object] | None) -> None:
        """Have `callback` called with the URI of each resource that changes, whoever subscribed."""
        self._resources.set_resource_updated_callback(callback)

    def on_resource_updated(self, listener: Callable[[str], object]) -> Callable[[], None]:
        """Call `listener` like that callback, beside it; the function returned ends that."""
        return self._resources.on_resource_updated(listener)

    async def _call_in_name_of(self, ctx: object, tool_name: str, args: Mapping[str, object]) -> RemoteResult:
        async with self._access.to_call(ctx) as mine:
            token = mine.token
            try:
                return await self._call_once_free(mine, tool_name, args)
            except ToolAuthError as error:
                if not self._access.learns_to_sign_in(error):
                    if not self._access.can_renew(error):
                        raise
                    # Not while holding a slot: a person may take their time to sign in.
                    await self._access.renew(ctx, mine, token)
                    return await self._call_once_free(mine, tool_name, args)
        return await self._call_in_name_of(ctx, tool_name, args)  # now in the name of a user

    async def _call_once_free(
        self, mine: UserConnection, tool_name: str, args: Mapping[str, object]
    ) -> RemoteResult:
        async with self._slots():
            return await self._attempts.call(mine.connection, tool_name, args)

    def _new_connection(self, token: UserToken) -> ServerConnection:
        async def explore(session: ToolSession) -> None:
            if self._discovered_over in (None, connection):
                await self._resources.discover(session)

        connection = ServerConnection(
            self.config,
            plan=lambda: self._plan(token),
            clock=self._clock,
            explore=explore,
            take_tools=lambda tools: self._take_tools(connection, tools),
        )
        self._shown.follow(connection.board)
        return connection

    def _plan(self, token: UserToken) -> ConnectionPlan:
        remember_secrets_of(self.config, self._environment)  # variables may have changed
        return plan_connection(self.config, self._environment, live_headers=token.headers, token=token.value)

    async def _session_for(self, ctx: object) -> ToolSession | None:
        """Return the session in the name of the caller, or what was connected first; `None` for none."""
        discovered_over = self._discovered_over
        if discovered_over is None:
            return None
        if ctx is None:
            if discovered_over.board.status.state == "closed":
                return None  # its user was disconnected to make room
            return (await discovered_over.open())[1].session
        async with self._access.to_call(ctx) as mine:
            return (await mine.connection.open())[1].session

    def _take_tools(self, connection: ServerConnection, tools: Sequence[RemoteTool]) -> int:
        self._discovered_over = self._discovered_over or connection
        if self._discovered_over is not connection:
            return len(self._catalog.specs)
        self._catalog.take(tools)
        self._attempts.use_tools(self._catalog.tools)
        self._shown.refresh(held_back=self._catalog.held_back)
        return len(self._catalog.specs)

    def _refuse_if_disabled(self) -> None:
        if self._shown.is_disabled:
            raise ToolConnectionError(
                f"the tool server `{self.name}` is disabled",
                category=ErrorCategory.CANCELLED,
                hint="enable it in its configuration or with `set_enabled(True)`",
            )

    def _slots(self) -> asyncio.Semaphore:
        """Return the semaphore of the running loop; one cannot be used on two."""
        loop = asyncio.get_running_loop()
        if self._slots_of_loop is None or self._slots_of_loop[0] is not loop:
            self._slots_of_loop = loop, asyncio.Semaphore(self.config.max_concurrency)
        return self._slots_of_loop[1]
