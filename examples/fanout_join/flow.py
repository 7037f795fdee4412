"""Fan-out and join: three experts look at the same question, and one node sums their opinions up."""

from __future__ import annotations

import asyncio

from penguiflow import Context, Headers, Message, Node, NodePolicy, create
from penguiflow.patterns import join_k

AS_IT_COMES = NodePolicy(validate="none")


def expert(name: str, opinion: str) -> Node:
    async def judge(message: Message, ctx: Context) -> Message:
        return message.model_copy(update={"payload": f"{name} says {opinion}"})

    return Node(judge, name=name, policy=AS_IT_COMES)


async def ask(message: Message, ctx: Context) -> Message:
    return message


async def sum_up(message: Message, ctx: Context) -> Message:
    opinions = sorted(message.payload)  # they come in the order in which the experts finished
    return message.model_copy(update={"payload": "; ".join(opinions)})


async def main() -> None:
    asking = Node(ask, policy=AS_IT_COMES)
    experts = [expert("legal", "no"), expert("sales", "yes"), expert("security", "maybe")]
    join = join_k("join", len(experts))
    flow = create(
        asking.to(*experts),
        *(one.to(join) for one in experts),
        join.to(Node(sum_up, policy=AS_IT_COMES)),
    )
    flow.run()
    await flow.emit(Message(payload="Do we ship today?", headers=Headers(tenant="acme")))
    answer = await flow.fetch()
    print(answer.payload)
    await flow.stop()


if __name__ == "__main__":
    asyncio.run(main())
