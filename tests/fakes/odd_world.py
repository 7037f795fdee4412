"""Tools that do whatever a test makes up for them, and a record of what really ran."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, Field, TypeAdapter

from penguiflow.catalog import CatalogItem, tool
from penguiflow.planner.approvals import call_hash
from tests.fakes.planner_tools import Merged, Note, Saved, Shards


class Order(BaseModel):
    amount: int
    kind: Literal["keep", "drop"]
    sure: bool
    remark: str = ""


class Report(BaseModel):
    model_config = {"json_schema_extra": {"produces_sources": True}}
    title: str
    body: str = Field(json_schema_extra={"artifact": True})
    rows: list[Any] = []


Behaviour = Callable[[Any], Any]


@dataclass
class World:
    """What tools do, what was said and decided, and what is wrong with what reached a tool."""

    behaviours: Iterator[str]
    said: list[str] = field(default_factory=list)
    approved: set[tuple[str, str]] = field(default_factory=set)
    wrongs: list[str] = field(default_factory=list)
    ran: int = 0

    def look_at(self, args: BaseModel, ctx: Any, *, asks: bool = False) -> None:
        """Note what a tool should never have got."""
        self.ran += 1
        if TypeAdapter(type(args)).validate_python(args.model_dump()) != args:
            self.wrongs.append(f"{args!r} is not valid")
        everything = "".join(self.said)
        for name, field_info in type(args).model_fields.items():
            spelled = {True: ("true", "1"), False: ("false", "0")}
            value = getattr(args, name)
            forms = spelled[value] if isinstance(value, bool) else (str(value),)
            forms = (*forms, *(spelled[bool(value)] if value in (0, 1) else ()))
            if field_info.is_required() and not any(form in everything for form in forms):
                self.wrongs.append(f"nobody gave {name}={value!r}")
        call_id = ctx.idempotency_key.partition(":")[2]
        if asks and (call_id, call_hash("save", args.model_dump())) not in self.approved:
            self.wrongs.append(f"{call_id} ran without a decision")


async def behave(kind: str, ctx: Any, result: Any) -> Any:  # noqa: C901 - one arm per behaviour
    """Do what the behaviour says, else return the result."""
    match kind:
        case "raise":
            raise ValueError("it went wrong")
        case "exit":
            raise SystemExit(3)
        case "cancel":
            raise asyncio.CancelledError
        case "cancel itself" if (task := asyncio.current_task()) is not None and "branch" in task.get_name():
            task.cancel()
            await asyncio.sleep(0)
        case "group":
            raise BaseExceptionGroup("several", [ValueError("one"), asyncio.CancelledError()])
        case "wrong":
            return object()
        case "nothing":
            return None
        case "ask":
            await ctx.pause("await_input", {"question": "?", "tuple": (1, 2)})
        case "ask oddly":
            await ctx.pause("external_event", {1: "one"})
        case "hang":
            await asyncio.sleep(1_000)
        case "stream":
            await ctx.emit_chunk("s", 1, "later", meta={"odd": object()})
            await ctx.emit_chunk("s", 0, "sooner")
            await ctx.emit_artifact("s", {"rows": {1, 2}}, meta={"odd": object()})
        case _:
            await asyncio.sleep(0.5)
    return result


def tools_of(world: World, huge: str) -> list[CatalogItem]:
    @tool(desc="look", side_effects="read")
    async def look(args: Note, ctx: Any) -> Saved:
        world.look_at(args, ctx)
        return await behave(next(world.behaviours), ctx, {"stored": args.text})

    @tool(desc="save", side_effects="write", requires_approval=True)
    async def save(args: Note, ctx: Any) -> Saved:
        world.look_at(args, ctx, asks=True)
        return await behave(next(world.behaviours), ctx, {"stored": huge})

    @tool(
        desc="order",
        arg_validator=lambda args, _: args.amount != 3 or "not three",
        arg_validation={"reject_placeholders": True},
    )
    async def order(args: Order, ctx: Any) -> Saved:
        world.look_at(args, ctx)
        return await behave(next(world.behaviours), ctx, Saved(stored=args.kind))

    @tool(desc="report", side_effects="read")
    async def report(args: Note, ctx: Any) -> Report:
        world.look_at(args, ctx)
        rows = [huge, float("nan"), {"deep": [huge]}]
        return await behave(next(world.behaviours), ctx, Report(title=args.text, body=huge, rows=rows))

    @tool(desc="merge")
    async def merge(args: Shards, ctx: Any) -> Merged:
        world.look_at(args, ctx)
        return await behave(next(world.behaviours), ctx, Merged(count=len(args.results)))

    return [look, save, order, report, merge]
