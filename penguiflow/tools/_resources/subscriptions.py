"""Who wants to know when a resource changes."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from penguiflow.tools._resources.values import ResourceUpdated

_log = logging.getLogger("penguiflow.tools")

AskServer: TypeAlias = Callable[[str], Awaitable[object]]
"""Asks a server to tell, or to stop telling, of changes of a URI; an exception means that it does not."""


@dataclass(frozen=True, slots=True)
class ResourceSubscription:
    """One wish to be told of changes of a resource; without a callback, what was read is only forgotten."""

    uri: str
    callback: ResourceUpdated | None = None


class ResourceSubscriptionManager:
    """The subscriptions at one server, whose tools are in `namespace`."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self._subscriptions: dict[str, list[ResourceSubscription]] = {}

    @property
    def subscribed_uris(self) -> list[str]:
        """The URIs the server tells of, in the order they were subscribed."""
        return list(self._subscriptions)

    def is_subscribed(self, uri: str) -> bool:
        """Whether the server tells of this URI."""
        return uri in self._subscriptions

    async def subscribe(
        self, uri: str, subscribe_fn: AskServer, callback: ResourceUpdated | None = None
    ) -> bool:
        """Subscribe, asking the server only if it does not tell yet; False if it will not.

        Several callbacks of one URI are all called; the same one counts once.
        """
        if uri not in self._subscriptions:
            try:
                await subscribe_fn(uri)
            except Exception as error:  # noqa: BLE001 the answer says whether it worked
                _log.warning("`%s` did not subscribe: %s", self.namespace, type(error).__name__)
                return False
        subscription = ResourceSubscription(uri, callback)
        subscriptions = self._subscriptions.setdefault(uri, [])
        if subscription not in subscriptions:
            subscriptions.append(subscription)
        return True

    async def unsubscribe(self, uri: str, unsubscribe_fn: AskServer) -> bool:
        """End every subscription of a URI; False if there is none, or the server goes on telling."""
        if uri not in self._subscriptions:
            return False
        try:
            await unsubscribe_fn(uri)
        except Exception as error:  # noqa: BLE001 the answer says whether it worked
            _log.warning("`%s` did not unsubscribe: %s", self.namespace, type(error).__name__)
            return False
        return self._subscriptions.pop(uri, None) is not None

    async def handle_update(self, uri: str) -> None:
        """Call the callbacks of a URI, one after the other; one that fails is logged."""
        for subscription in tuple(self._subscriptions.get(uri, ())):
            if subscription.callback is None:
                continue
            try:
                answer = subscription.callback(uri)
                if inspect.isawaitable(answer):
                    await answer
            except Exception:  # noqa: BLE001 user code; the others are to be told as well
                _log.warning(
                    "a callback for a changed resource of `%s` failed", self.namespace, exc_info=True
                )
