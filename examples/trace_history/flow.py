"""A flow that keeps what happens in a store, and the lines that `penguiflow-admin` prints of it."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

from penguiflow import Headers, Message, Node, NodePolicy, create
from penguiflow.admin import render_events
from penguiflow.state import InMemoryStateStore

# The command reads any store that outlives the process, such as `SqliteStateStore`:
#   penguiflow-admin history TRACE --state-store my_project:open_store
attempts = 0


async def clean(message: Message, ctx: Any) -> Message:
    return message.model_copy(update={"payload": message.payload.strip()})


async def save(message: Message, ctx: Any) -> Message:
    global attempts
    attempts += 1
    if attempts == 1:
        raise ConnectionError("the archive is asleep")
    return message


async def main() -> None:
    logging.getLogger("penguiflow").addHandler(logging.NullHandler())  # the store is enough here
    clean_node = Node(clean, name="clean", policy=NodePolicy(validate="none"))
    save_node = Node(save, name="save", policy=NodePolicy(validate="none", max_retries=1, backoff_base=0.01))
    store = InMemoryStateStore()
    flow = create(clean_node.to(save_node), state_store=store)
    flow.run()

    message = Message(payload="  two herrings  ", headers=Headers(tenant="acme"))
    await flow.emit(message)
    await flow.fetch()
    await flow.stop()

    for line in render_events(await store.load_history(message.trace_id)):
        event = json.loads(line)
        print(event["node_name"], event["event"], event["attempt"])


if __name__ == "__main__":
    asyncio.run(main())
