"""A node that fails for good: its `FlowError` comes out of `fetch` with trace, node and cause."""

from __future__ import annotations

import asyncio

from penguiflow import FlowError, Headers, Message, Node, NodePolicy, configure_logging, create


async def load_account(msg: Message, ctx) -> Message:
    raise LookupError(f"no account {msg.payload}")


async def ask_bank(msg: Message, ctx) -> Message:
    await asyncio.Event().wait()
    return msg


async def run_once(node: Node, trace_id: str) -> None:
    flow = create(node.to(), emit_errors_to_rookery=True)
    flow.run()
    await flow.emit(Message(payload=42, headers=Headers(tenant="acme"), trace_id=trace_id))
    error = await flow.fetch()
    await flow.stop()

    if isinstance(error, FlowError):
        print(error)
        print(f"  code={error.code} node={error.node_name} trace={error.trace_id}")
        print(f"  attempts={error.metadata['attempt'] + 1} cause={type(error.unwrap()).__name__}")


async def main() -> None:
    configure_logging("CRITICAL")  # the error itself is shown, so its traceback need not be
    await run_once(
        Node(load_account, policy=NodePolicy(validate="none", max_retries=1, backoff_base=0)), "t-1"
    )
    await run_once(Node(ask_bank, policy=NodePolicy(validate="none", timeout_s=0.02)), "t-2")


if __name__ == "__main__":
    asyncio.run(main())
