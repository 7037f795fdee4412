"""Asking what a store can do."""

from __future__ import annotations

import pytest

from penguiflow.state import (
    SupportsArtifacts,
    SupportsMemoryState,
    SupportsPlannerEvents,
    SupportsTrajectories,
    missing_capabilities,
    require_capabilities,
)
from penguiflow.state.in_memory import InMemoryStateStore


class OnlyEvents:
    save_task = None

    async def save_event(self, event: object) -> None: ...


def test_what_a_store_lacks_is_listed_in_the_order_asked() -> None:
    asked = ["save_task", "save_event", "load_history"]

    assert missing_capabilities(OnlyEvents(), asked) == ["save_task", "load_history"]
    assert missing_capabilities(InMemoryStateStore(), ["save_event", "load_history"]) == []
    assert missing_capabilities(None, ["save_event"]) == ["save_event"]


def test_a_feature_refuses_a_store_that_cannot_serve_it() -> None:
    with pytest.raises(TypeError, match=r"replay needs a store with `save_task`, `load_history`.*OnlyEvents"):
        require_capabilities(
            OnlyEvents(), feature="replay", methods=["save_task", "save_event", "load_history"]
        )


def test_a_store_that_can_do_it_is_accepted() -> None:
    require_capabilities(OnlyEvents(), feature="recording", methods=("save_event",))


@pytest.mark.parametrize(
    "port", [SupportsArtifacts, SupportsMemoryState, SupportsPlannerEvents, SupportsTrajectories]
)
def test_the_in_memory_store_has_every_optional_port_and_a_bare_one_none(port: type) -> None:
    assert isinstance(InMemoryStateStore(), port)
    assert not isinstance(OnlyEvents(), port)
