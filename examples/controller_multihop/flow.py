"""An agent that decides hop by hop: it loops to itself until it can answer, or until its budget is used."""

from __future__ import annotations

import asyncio

from penguiflow import (
    WM,
    Context,
    FinalAnswer,
    Headers,
    Message,
    Node,
    NodePolicy,
    PlanStep,
    Thought,
    create,
)

SOURCES = {
    "capital of Chile": "Santiago lies on the Mapocho",
    "Mapocho": "the Mapocho flows into the Maipo",
    "Maipo": "the Maipo reaches the Pacific",
}


def think(memory: WM) -> Thought:
    """Stands for the model: look up what the newest fact mentions."""
    known = memory.facts[-1] if memory.facts else memory.query
    for topic in SOURCES:
        if topic in known and SOURCES[topic] not in memory.facts:
            return Thought(
                steps=[PlanStep(kind="retrieve", args={"topic": topic})], rationale=f"look up {topic}"
            )
    return Thought(steps=[], rationale="nothing left to look up", done=True)


async def decide(msg: Message, ctx: Context) -> Message:
    memory: WM = msg.payload
    thought = think(memory)
    print(f"hop {memory.hops}: {thought.rationale}")
    if thought.done:
        return msg.model_copy(update={"payload": FinalAnswer(text=memory.facts[-1], citations=memory.facts)})
    found = [SOURCES[step.args["topic"]] for step in thought.steps]
    return msg.model_copy(update={"payload": memory.model_copy(update={"facts": memory.facts + found})})


async def main() -> None:
    controller = Node(decide, name="controller", allow_cycle=True, policy=NodePolicy(validate="none"))
    flow = create(controller.to(controller))
    flow.run()
    for budget in (8, 2):
        memory = WM(query="Where does the river at the capital of Chile end?", budget_hops=budget)
        await flow.emit(Message(payload=memory, headers=Headers(tenant="acme")))
        answer = (await flow.fetch()).payload
        print(f"budget {budget}: {answer.text} ({len(answer.citations)} citations)")
    await flow.stop()


if __name__ == "__main__":
    asyncio.run(main())
