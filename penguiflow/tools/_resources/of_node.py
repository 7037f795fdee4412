"""The resources of one server as its `ToolNode` offers them: listed, read, kept, watched."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from pydantic import JsonValue

from penguiflow._clock import MonotonicClock, monotonic_clock
from penguiflow.safe_text import safe_line
from penguiflow.tools._connecting.session import ResourceSession
from penguiflow.tools._resources.cache import reader_of
from penguiflow.tools._resources.values import (
    ResourceContents,
    ResourceInfo,
    ResourceTemplateInfo,
    ResourceUpdated,
)
from penguiflow.tools.adapters import adapt_exception
from penguiflow.tools.config import AuthType, ExternalToolConfig
from penguiflow.tools.errors import ToolConnectionError
from penguiflow.tools.resources import ResourceCache, ResourceCacheConfig, ResourceSubscriptionManager

_log = logging.getLogger("penguiflow.tools")

SessionFor: TypeAlias = Callable[[object], Awaitable[object | None]]
"""Returns the session that is open for a caller's context (None: for nobody in particular), or None when
there is none. A `ToolNodeError` it raises becomes the error of whatever was asked."""

_MAX_REASON_CHARS = 2000
_DISCOVERY_S = 10.0
_MAX_OWNERS = 1000

_Owner: TypeAlias = tuple[str | None, str | None]

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """What a server listed; None is not asked yet."""

    resources: Sequence[ResourceInfo] | None = None
    templates: Sequence[ResourceTemplateInfo] | None = None


class NodeResources:
    """What a `ToolNode` can do with the resources of its server.

    After connecting, `discover` is to be awaited with the new session, after losing it `disconnected` to be
    called; what was listed stays known. `aclose` ends the callbacks under way.
    """

    def __init__(
        self, config: ExternalToolConfig, *, session_for: SessionFor, clock: MonotonicClock = monotonic_clock
    ) -> None:
        self._config = config
        self._session_for = session_for
        handling = config.artifact_extraction.resources
        self._cache = ResourceCache(
            None,
            config.name,
            ResourceCacheConfig(
                enabled=handling.cache_reads_to_artifacts,
                inline_text_if_under_chars=handling.inline_text_if_under_chars,
            ),
            clock=clock,
            max_inline_chars=config.max_response_bytes,
        )
        self._subscriptions = ResourceSubscriptionManager(config.name)
        self._supported = False
        self._listed: OrderedDict[_Owner, _Listed] = OrderedDict()
        self._on_updated: Callable[[str], object] | None = None
        self._listeners: list[Callable[[str], object]] = []
        self._updated: dict[str, None] = {}
        self._telling: asyncio.Task[None] | None = None

    @property
    def resources_supported(self) -> bool:
        """Whether the server that is connected now has resources, and they are wanted."""
        return self._supported

    @property
    def offers_any(self) -> bool:
        """Whether there is a resource or a template: whether tools for them are of any use."""
        return bool(self.resources or self.resource_templates)

    @property
    def resources(self) -> list[ResourceInfo]:
        """What was listed last, for whomever, also after closing."""
        return list(self._last_listed().resources or ())

    @property
    def resource_templates(self) -> list[ResourceTemplateInfo]:
        """What was listed last, for whomever, also after closing."""
        return list(self._last_listed().templates or ())

    async def discover(self, session: object, ctx: object = None) -> None:
        """List what a session that was just opened has, and watch again what was watched before.

        `ctx` is that of the user whose session it is, if it is one's own. Takes a few seconds at most. Never
        fails: a server whose resources cannot be listed may still have tools.
        """
        usable = self._usable(session)
        self._supported = usable is not None
        if usable is None:
            return
        usable.on_resource_updated(self.handle_resource_updated)
        self.forget_reads()
        try:
            async with asyncio.timeout(min(self._config.timeout_s, _DISCOVERY_S)):
                self._note(ctx, resources=await usable.list_resources())
                self._note(ctx, templates=await usable.list_resource_templates())
                for uri in self._subscriptions.subscribed_uris:
                    await usable.subscribe_resource(uri)
        except Exception as error:  # noqa: BLE001 any exception of a client library; tools work without
            _log.warning("resources of `%s` were not listed: %s", self._config.name, _reason(error))

    def disconnected(self) -> None:
        """Take note that the session is gone."""
        self._supported = False

    def forget_reads(self) -> None:
        """Read everything anew from now on, for instance because a tool may have changed it."""
        self._cache.invalidate_all()

    async def list_resources(self, refresh: bool = False, *, ctx: object = None) -> list[ResourceInfo]:
        """Return the resources of the server: as listed before unless `refresh`, and when not connected.

        Where each user has a connection of their own, what is listed for one is not given to another.

        Raises:
            ToolNodeError: the server was asked and failed.
        """
        listed = self._listed_for(ctx).resources
        if listed is None or refresh:
            session = self._usable(await self._session_for(ctx))
            if session is not None:
                listed = await self._bounded(session.list_resources())
                self._note(ctx, resources=listed)
        return list(listed or ())

    async def list_resource_templates(
        self, refresh: bool = False, *, ctx: object = None
    ) -> list[ResourceTemplateInfo]:
        """Return the templates; as `list_resources`."""
        listed = self._listed_for(ctx).templates
        if listed is None or refresh:
            session = self._usable(await self._session_for(ctx))
            if session is not None:
                listed = await self._bounded(session.list_resource_templates())
                self._note(ctx, templates=listed)
        return list(listed or ())

    async def read_resource(self, uri: str, ctx: object, *, use_cache: bool = True) -> dict[str, JsonValue]:
        """Return `{"text": ...}`, `{"artifact": ref}` or `{"error": why not}`; never raises.

        What is binary or long is put into the artifact store of `ctx`. What was read before is returned
        again, to the same user and session only, until the server says that it changed.
        """
        try:
            session = await self._session_for(ctx)
        except Exception as error:  # noqa: BLE001 the promise is a result, whatever failed
            return {"error": _reason(error)}
        if session is None:
            return {"error": f"`{self._config.name}` is not connected; call `connect` first"}
        reading = self._usable(session)
        if reading is None:
            return {"error": self._why_unusable()}

        async def read(uri: str) -> Sequence[ResourceContents]:
            return await self._bounded(reading.read_resource(uri))

        return await self._cache.get_or_fetch(uri, read, ctx, refresh=not use_cache)

    async def subscribe_resource(self, uri: str, callback: ResourceUpdated | None = None) -> bool:
        """Have the server tell when the resource changes, and `callback` be called then.

        False when it cannot be done. It is asked again of a new connection by itself.
        """

        async def subscribe(uri: str) -> None:
            session = self._usable(await self._session_for(None))
            if session is None:
                raise ToolConnectionError(f"`{self._config.name}` has no resources now")
            await self._bounded(session.subscribe_resource(uri))

        return await self._subscriptions.subscribe(uri, subscribe, callback)

    async def unsubscribe_resource(self, uri: str) -> bool:
        """End what `subscribe_resource` began; False when there was nothing, or it could not be done."""

        async def unsubscribe(uri: str) -> None:
            session = self._usable(await self._session_for(None))
            if session is not None:
                await self._bounded(session.unsubscribe_resource(uri))

        return await self._subscriptions.unsubscribe(uri, unsubscribe)

    def set_resource_updated_callback(self, callback: Callable[[str], object] | None) -> None:
        """Have `callback` called with the URI of each resource that changes, whoever subscribed."""
        self._on_updated = callback

    def on_resource_updated(self, listener: Callable[[str], object]) -> Callable[[], None]:
        """Have `listener` called like that callback, beside it; the function returned ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def handle_resource_updated(self, uri: str) -> None:
        """Take note that a resource changed: forget what was read of it, and tell who wants to know.

        Subscribers are called in a task, when a loop is running; updates of one resource that come faster
        than its subscribers take them count as one.
        """
        self._cache.invalidate(uri)
        for listener in (*self._listeners, *([self._on_updated] if self._on_updated is not None else ())):
            try:
                listener(uri)
            except Exception:  # noqa: BLE001 user code; the connection goes on
                _log.warning("the callback for changed resources of `%s` failed", self._config.name)
        if self._subscriptions.is_subscribed(uri):
            self._updated[uri] = None
            self._begin_telling()

    async def aclose(self) -> None:
        """End the callbacks under way and wait for them. What was listed stays known."""
        self.disconnected()
        telling, self._telling = self._telling, None
        self._updated.clear()
        if telling is None or telling is asyncio.current_task():
            return  # a callback is closing us: the task ends after it
        if telling.get_loop() is asyncio.get_running_loop():
            telling.cancel()
            await asyncio.wait({telling})

    def _begin_telling(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._updated.clear()
            return
        if self._telling is None or self._telling.done() or self._telling.get_loop() is not loop:
            self._telling = loop.create_task(self._tell(), name=f"changed resources {self._config.name}")

    async def _tell(self) -> None:
        while self._updated:
            uri = next(iter(self._updated))
            del self._updated[uri]
            await self._subscriptions.handle_update(uri)

    def _usable(self, session: object) -> ResourceSession | None:
        if not self._config.artifact_extraction.resources.enabled:
            return None
        return session if isinstance(session, ResourceSession) and session.resources_supported else None

    def _why_unusable(self) -> str:
        if not self._config.artifact_extraction.resources.enabled:
            return f"resources of `{self._config.name}` are disabled in `artifact_extraction.resources`"
        return f"the server of `{self._config.name}` does not support resources"

    def _listed_for(self, ctx: object) -> _Listed:
        return self._listed.get(self._owner(ctx), _Listed())

    def _last_listed(self) -> _Listed:
        return next(reversed(self._listed.values()), _Listed())

    def _note(
        self,
        ctx: object,
        *,
        resources: Sequence[ResourceInfo] | None = None,
        templates: Sequence[ResourceTemplateInfo] | None = None,
    ) -> None:
        before = self._listed_for(ctx)
        owner = self._owner(ctx)
        self._listed[owner] = _Listed(
            resources=before.resources if resources is None else resources,
            templates=before.templates if templates is None else templates,
        )
        self._listed.move_to_end(owner)
        while len(self._listed) > _MAX_OWNERS:
            self._listed.popitem(last=False)

    def _owner(self, ctx: object) -> _Owner:
        """Return whose connection serves a context: one's own, or that of all."""
        return reader_of(ctx)[:2] if self._config.auth_type is AuthType.OAUTH2_USER else (None, None)

    async def _bounded(self, request: Awaitable[_Answer]) -> _Answer:
        """Wait for an answer of the server, at most `config.timeout_s`.

        Raises:
            ToolNodeError: it did not come.
        """
        try:
            async with asyncio.timeout(self._config.timeout_s):
                return await request
        except Exception as error:
            raise adapt_exception(error, "mcp") from error


def _reason(error: Exception) -> str:
    return safe_line(str(adapt_exception(error, "mcp")), max_chars=_MAX_REASON_CHARS)
