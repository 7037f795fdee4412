"""A timeout and an error, both overcome by retries, told by a middleware while they happen."""

from __future__ import annotations

import asyncio

from penguiflow import FlowEvent, Headers, Message, Node, NodePolicy, configure_logging, create

attempts: dict[str, int] = {"search": 0, "rank": 0}


async def search(msg: Message, ctx) -> Message:
    attempts["search"] += 1
    if attempts["search"] == 1:
        await asyncio.Event().wait()  # an index that does not answer
    return msg.model_copy(update={"payload": ["herring", "krill", "squid"]})


async def rank(msg: Message, ctx) -> Message:
    attempts["rank"] += 1
    if attempts["rank"] < 3:
        raise ConnectionError("the ranking service is restarting")
    return msg.model_copy(update={"payload": sorted(msg.payload, reverse=True)})


async def tell(event: FlowEvent) -> None:
    note = ""
    if event.event_type == "node_error":
        note = f", {event.extra['exception']}"
    elif event.event_type == "node_retry":
        note = f" in {event.extra['sleep_s']:.2f} s"
    if event.trace_id is not None:  # stopping the flow is told too
        print(f"{event.node_name} attempt {event.attempt}: {event.event_type}{note}")


async def main() -> None:
    configure_logging("CRITICAL")  # the middleware tells enough
    impatient = NodePolicy(validate="none", timeout_s=0.05, max_retries=1, backoff_base=0.01)
    stubborn = NodePolicy(validate="none", max_retries=3, backoff_base=0.01, backoff_mult=2.0)
    searching, ranking = Node(search, policy=impatient), Node(rank, policy=stubborn)

    flow = create(searching.to(ranking), ranking.to(), middlewares=[tell])
    flow.run()
    await flow.emit(Message(payload="food", headers=Headers(tenant="acme")))
    result = await flow.fetch()
    await flow.stop()
    print("result:", result.payload)


if __name__ == "__main__":
    asyncio.run(main())
