"""A routing policy: configuration overrides the router while the flow runs, and can switch it off."""

from __future__ import annotations

import asyncio

from penguiflow import Context, Headers, Message, Node, NodePolicy, create
from penguiflow.patterns import predicate_router
from penguiflow.policies import DictRoutingPolicy, RoutingRequest

CONFIGURATION = '{"acme": "careful", "umbrella": null, "globex": "fast"}'


def tenant_of(request: RoutingRequest) -> str:
    return request.message.headers.tenant


async def fast(message: Message, ctx: Context) -> Message:
    return message.model_copy(update={"payload": f"{message.payload}: fast"})


async def careful(message: Message, ctx: Context) -> Message:
    return message.model_copy(update={"payload": f"{message.payload}: careful"})


async def main() -> None:
    policy = DictRoutingPolicy.from_json(CONFIGURATION, default="fast", key_getter=tenant_of)
    router = predicate_router("router", lambda message: "fast", policy=policy)
    as_it_comes = NodePolicy(validate="none")
    flow = create(router.to(Node(fast, policy=as_it_comes), Node(careful, policy=as_it_comes)))
    flow.run()

    for tenant in ("acme", "initech", "umbrella", "globex"):  # umbrella is switched off: no answer
        await flow.emit(Message(payload=tenant, headers=Headers(tenant=tenant)))
    answers = [await flow.fetch() for _ in range(3)]
    for text in sorted(answer.payload for answer in answers):
        print(text)

    policy.update_mapping({"umbrella": "careful"})
    await flow.emit(Message(payload="umbrella", headers=Headers(tenant="umbrella")))
    answer = await flow.fetch()
    print(answer.payload)
    await flow.stop()


if __name__ == "__main__":
    asyncio.run(main())
