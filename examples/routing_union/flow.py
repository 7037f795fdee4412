"""A union router: each variant of a discriminated union goes to the node that is named like its `kind`."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from penguiflow import Context, ModelRegistry, Node, create
from penguiflow.patterns import union_router


class WebSearch(BaseModel):
    kind: Literal["web"] = "web"
    query: str


class TableQuery(BaseModel):
    kind: Literal["sql"] = "sql"
    statement: str


class Found(BaseModel):
    text: str


Lookup = Annotated[WebSearch | TableQuery, Field(discriminator="kind")]


async def search(lookup: WebSearch, ctx: Context) -> Found:
    return Found(text=f"pages about {lookup.query}")


async def query(lookup: TableQuery, ctx: Context) -> Found:
    return Found(text=f"rows of {lookup.statement}")


async def main() -> None:
    web, sql = Node(search, name="web"), Node(query, name="sql")
    registry = ModelRegistry()
    registry.register("web", WebSearch, Found)
    registry.register("sql", TableQuery, Found)

    flow = create(union_router("lookup", Lookup).to(web, sql))
    flow.run(registry=registry)
    for lookup in (WebSearch(query="penguins"), {"kind": "sql", "statement": "SELECT 1"}):
        await flow.emit(lookup)
        found = await flow.fetch()
        print(found.text)
    await flow.stop()


if __name__ == "__main__":
    asyncio.run(main())
