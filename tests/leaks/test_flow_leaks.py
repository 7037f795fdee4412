"""What a node says when it fails is stored without the secrets in it."""

from __future__ import annotations

import json
from typing import Any

from penguiflow import Message
from penguiflow.state.in_memory import InMemoryStateStore
from tests.fakes.flows import chain, message, running, untyped

KEY = "sk-" + "f1e2d3c4" * 5


async def stumbles(_message: Message, _ctx: Any) -> None:
    raise ValueError(f"the server refused {KEY} and password=hunter2hunter2")


async def test_no_store_gets_a_secret_of_a_failing_node() -> None:
    store = InMemoryStateStore()
    sent = message("go")
    flow = chain(untyped(stumbles, "stumbles", max_retries=0), state_store=store, emit_errors_to_rookery=True)
    async with running(flow):
        await flow.emit(sent)
        await flow.fetch()

    told = json.dumps([dict(event.payload) for event in await store.load_history(sent.trace_id)], default=str)
    assert "[redacted]" in told
    assert "f1e2d3c4" not in told
    assert "hunter2" not in told
