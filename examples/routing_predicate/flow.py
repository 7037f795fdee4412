"""A predicate router: urgent tickets go to a person, all others to the queue, empty ones nowhere."""

from __future__ import annotations

import asyncio

from pydantic import BaseModel

from penguiflow import Context, Headers, Message, ModelRegistry, Node, create
from penguiflow.patterns import predicate_router


class Ticket(BaseModel):
    text: str


async def page_someone(ticket: Ticket, ctx: Context) -> Ticket:
    return Ticket(text=f"paged: {ticket.text}")


async def queue_up(ticket: Ticket, ctx: Context) -> Ticket:
    return Ticket(text=f"queued: {ticket.text}")


def desk_for(message: Message) -> str | None:
    if not message.payload.text:
        return None
    return "pager" if message.headers.priority > 5 else "queue"


async def main() -> None:
    pager, queue = Node(page_someone, name="pager"), Node(queue_up, name="queue")
    registry = ModelRegistry()
    registry.register("pager", Ticket, Ticket)
    registry.register("queue", Ticket, Ticket)

    flow = create(predicate_router("triage", desk_for).to(pager, queue))
    flow.run(registry=registry)
    tickets = [("printer is slow", 1), ("", 9), ("building is on fire", 9)]
    for text, priority in tickets:
        headers = Headers(tenant="acme", priority=priority)
        await flow.emit(Message(payload=Ticket(text=text), headers=headers))
    answers = [await flow.fetch() for _ in range(2)]
    for answer in sorted(answers, key=lambda answer: answer.headers.priority):
        print(answer.text)
    await flow.stop()


if __name__ == "__main__":
    asyncio.run(main())
