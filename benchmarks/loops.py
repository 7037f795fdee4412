"""What one round of a controller loop costs, against one hop between bare queues.

    python benchmarks/loops.py [--quick] [--loop uvloop]

A controller sends its working memory to itself until it has an answer; the runtime counts the rounds and
looks at the budgets in each.
"""

from __future__ import annotations

from cpu import Stopwatch, Work, medians
from options import Options
from pipelines import HEADERS, NODES, UNTYPED, new_messages, one_by_one, plain_stage, raw_pipeline
from rows import Limit, Row, main

from penguiflow import WM, Context, FinalAnswer, Message, Node, create


def raw_work(messages: int) -> Work:
    async def work() -> float:
        async with raw_pipeline(plain_stage) as (first, last):
            return await one_by_one(first.put, last.get, new_messages(messages))

    return work


def our_work(rounds: int) -> Work:
    async def think(message: Message, ctx: Context) -> Message:
        if message.payload.hops >= rounds:
            return message.model_copy(update={"payload": FinalAnswer(text="done")})
        return message

    async def work() -> float:
        node = Node(think, name="controller", policy=UNTYPED, allow_cycle=True)
        flow = create(node.to(node))
        flow.run()
        task = Message(payload=WM(query="q", budget_hops=10 * rounds), headers=HEADERS)
        with Stopwatch() as watch:
            await flow.emit(task)
            answer = await flow.fetch()
        assert answer.payload.text == "done"
        await flow.stop()
        return watch.seconds

    return work


def measure(options: Options) -> list[Row]:
    rounds = options.count(2000)
    messages = rounds // NODES
    seconds = medians({"raw": raw_work(messages), "ours": our_work(rounds)}, options)
    return [
        Row(
            name="controller self-loop, per round",
            unit="us",
            measured=seconds["ours"] / rounds * 1e6,
            baseline=seconds["raw"] / (messages * NODES) * 1e6,
            limit=Limit(of="ratio", required=1.8, aim=1.3),
        )
    ]


if __name__ == "__main__":
    main(measure, __doc__)
