"""A flow under test: a node that fails once, the order of the nodes, and an envelope that stays."""

from __future__ import annotations

import asyncio

from penguiflow import Headers, Message, Node, NodePolicy, PenguiFlow, configure_logging, create, testkit

fetch_prices = testkit.simulate_error("fetch_prices", "E_UPSTREAM", fail_times=1)


async def render(msg: Message, ctx) -> Message:
    return msg.model_copy(update={"payload": f"prices of {msg.payload}"})


def build_flow() -> PenguiFlow:
    patient = NodePolicy(validate="none", max_retries=2, backoff_base=0.0)
    fetching = Node(fetch_prices, name="fetch_prices", policy=patient)
    rendering = Node(render, name="render", policy=NodePolicy(validate="none"))
    return create(fetching.to(rendering), rendering.to())


async def main() -> None:
    configure_logging("CRITICAL")  # the failure is meant
    message = Message(payload="fish", headers=Headers(tenant="acme"), trace_id="demo")

    result = await testkit.run_one(build_flow(), message)
    print("result:", result.payload)

    testkit.assert_node_sequence("demo", ["fetch_prices", "render"])
    for event in testkit.get_recorded_events("demo"):
        print(f"  {event.node_name} attempt {event.attempt}: {event.event_type}")
    print("failures:", fetch_prices.simulation.failures, "of", fetch_prices.simulation.attempts, "calls")

    kept = await testkit.assert_preserves_message_envelope(render, message=message)
    print("envelope kept:", kept.trace_id, kept.headers.tenant)

    try:
        testkit.assert_node_sequence("demo", ["render", "fetch_prices"])
    except AssertionError as difference:
        print(difference)


if __name__ == "__main__":
    asyncio.run(main())
