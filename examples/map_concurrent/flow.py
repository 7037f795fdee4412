"""Bounded fan-out inside a node: enrich many documents, at most three at a time, in their order."""

from __future__ import annotations

import asyncio

from pydantic import BaseModel

from penguiflow import Context, Headers, Message, ModelRegistry, Node, create
from penguiflow.patterns import map_concurrent


class Batch(BaseModel):
    documents: list[str]


class Meter:
    """Counts how many documents are being enriched."""

    def __init__(self) -> None:
        self.running = 0
        self.highest = 0

    async def enrich(self, document: str) -> str:
        self.running += 1
        self.highest = max(self.highest, self.running)
        await asyncio.sleep(0.01 / len(document))  # short names take longer
        self.running -= 1
        return document.upper()


async def main() -> None:
    meter = Meter()

    async def enrich_all(batch: Batch, ctx: Context) -> Batch:
        return Batch(documents=await map_concurrent(batch.documents, meter.enrich, max_concurrency=3))

    registry = ModelRegistry()
    registry.register("enrich", Batch, Batch)
    flow = create(Node(enrich_all, name="enrich").to())
    flow.run(registry=registry)
    names = ["ox", "gnu", "lynx", "tiger", "walrus", "penguin"]
    await flow.emit(Message(payload=Batch(documents=names), headers=Headers(tenant="acme")))
    enriched = await flow.fetch()
    print(", ".join(enriched.documents))
    print(f"at most {meter.highest} at a time")
    await flow.stop()


if __name__ == "__main__":
    asyncio.run(main())
