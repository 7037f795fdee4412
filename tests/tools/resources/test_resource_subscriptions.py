"""Who is told that a resource changed."""

from __future__ import annotations

import pytest

from penguiflow.tools.resources import ResourceSubscription, ResourceSubscriptionManager


class Server:
    """Takes subscriptions, or does not."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        self.asked: list[str] = []

    async def ask(self, uri: str) -> None:
        self.asked.append(uri)
        if self.refuses:
            raise RuntimeError("no subscriptions here")


async def test_subscribing_twice_asks_the_server_once() -> None:
    manager, server = ResourceSubscriptionManager("desk"), Server()

    assert await manager.subscribe("a", server.ask) is True
    assert await manager.subscribe("a", server.ask) is True
    assert await manager.subscribe("b", server.ask) is True

    assert server.asked == ["a", "b"]
    assert manager.subscribed_uris == ["a", "b"]
    assert manager.is_subscribed("a")
    assert not manager.is_subscribed("c")


async def test_a_server_that_refuses_leaves_no_subscription() -> None:
    manager, server = ResourceSubscriptionManager("desk"), Server(refuses=True)

    assert await manager.subscribe("a", server.ask) is False

    assert manager.subscribed_uris == []


async def test_unsubscribing_ends_it_unless_the_server_goes_on() -> None:
    manager, server = ResourceSubscriptionManager("desk"), Server()
    assert await manager.unsubscribe("a", server.ask) is False
    await manager.subscribe("a", server.ask)

    assert await manager.unsubscribe("a", Server(refuses=True).ask) is False
    assert manager.is_subscribed("a")
    assert await manager.unsubscribe("a", server.ask) is True
    assert not manager.is_subscribed("a")


async def test_every_callback_of_a_resource_is_called_whether_it_waits_or_fails() -> None:
    manager, server = ResourceSubscriptionManager("desk"), Server()
    told: list[str] = []

    async def later(uri: str) -> None:
        told.append(f"later {uri}")

    def fails(uri: str) -> None:
        raise ValueError(uri)

    def at_once(uri: str) -> None:
        told.append(f"at once {uri}")

    for callback in (later, fails, None, at_once, at_once):
        await manager.subscribe("a", server.ask, callback)

    await manager.handle_update("a")
    await manager.handle_update("unknown")

    assert told == ["later a", "at once a"]


def test_a_subscription_is_a_value() -> None:
    assert ResourceSubscription("a") == ResourceSubscription(uri="a", callback=None)
    with pytest.raises(AttributeError):
        ResourceSubscription("a").uri = "b"  # type: ignore[misc]
