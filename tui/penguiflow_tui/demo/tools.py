"""The local tools of the demo agent.

Three are useful, `rehearse` is for people who build or test a surface: it is slow, big, failing or blocking
on request, so that one can see how the workbench takes it.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, Field

from penguiflow.catalog import tool
from penguiflow.planner.context import ToolContext
from penguiflow_tui.demo.arithmetic import evaluate


class Expression(BaseModel):
    expression: str = Field(
        min_length=1, max_length=200, description="Numbers, + - * / // % **, parentheses."
    )


class Number(BaseModel):
    expression: str
    value: float | int


@tool(desc="Calculate an arithmetic expression exactly.", tags=["math"])
async def calculate(args: Expression, ctx: ToolContext) -> Number:
    return Number(expression=args.expression, value=evaluate(args.expression))


class Zone(BaseModel):
    timezone: str = Field(default="UTC", description="A zone like `Europe/Paris`, or a city.")


class Moment(BaseModel):
    timezone: str
    iso: str
    weekday: str


@tool(desc="Tell the current date and time in a time zone.", side_effects="read", tags=["time"])
async def current_time(args: Zone, ctx: ToolContext) -> Moment:
    now = datetime.now(_zone(args.timezone))
    return Moment(timezone=str(now.tzinfo), iso=now.isoformat(timespec="seconds"), weekday=f"{now:%A}")


class Text(BaseModel):
    text: str = Field(max_length=100_000)


class Counts(BaseModel):
    words: int
    characters: int
    lines: int


@tool(desc="Count the words, characters and lines of a text.", tags=["text"])
async def count_words(args: Text, ctx: ToolContext) -> Counts:
    return Counts(words=len(args.text.split()), characters=len(args.text), lines=len(args.text.splitlines()))


class Rehearsal(BaseModel):
    kind: Literal["slow", "big", "error", "blocking"] = Field(
        description="slow: streams progress; big: returns megabytes; error: raises; blocking: stops the loop."
    )
    seconds: float = Field(default=3.0, ge=0, le=60, description="How long, for slow and blocking.")
    megabytes: float = Field(default=5.0, ge=0, le=20, description="How much, for big.")


class Rehearsed(BaseModel):
    summary: str
    text: str = ""


@tool(desc="Rehearse how a surface takes a difficult tool.", tags=["developers"])
async def rehearse(args: Rehearsal, ctx: ToolContext) -> Rehearsed:
    match args.kind:
        case "slow":
            return await _slow(args.seconds, ctx)
        case "big":
            return _big(args.megabytes)
        case "error":
            raise RuntimeError("this failure was rehearsed [/not markup] \x1b[31mnot red\x1b[0m")
        case "blocking":
            time.sleep(args.seconds)  # noqa: ASYNC251 - blocking the event loop is what was asked for
            return Rehearsed(summary=f"The event loop stood still for {args.seconds:g} s.")


LOCAL_TOOLS = (calculate, current_time, count_words, rehearse)

_SLOW_STEPS = 20
_HARD_LINE = (
    "[brackets] [/usr/bin] [@click=app.quit]x[/] \x1b[31mescape\x1b[0m \u202eright to left 🐧 日本語\n"
)


async def _slow(seconds: float, ctx: ToolContext) -> Rehearsed:
    for step in range(_SLOW_STEPS):
        await ctx.emit_chunk("progress", step, f"step {step + 1} of {_SLOW_STEPS}\n")
        await asyncio.sleep(seconds / _SLOW_STEPS)
    await ctx.emit_chunk("progress", _SLOW_STEPS, "", done=True)
    return Rehearsed(summary=f"The slow tool took {seconds:g} s in {_SLOW_STEPS} steps.")


def _big(megabytes: float) -> Rehearsed:
    size = int(megabytes * 1_000_000)
    text = (_HARD_LINE * (size // len(_HARD_LINE) + 1))[:size]
    return Rehearsed(summary=f"The tool returned {megabytes:g} million characters.", text=text)


def _zone(name: str) -> tzinfo:
    """Return the zone of this name, or of the city.

    Raises:
        ValueError: there is none.
    """
    wanted = name.strip().replace(" ", "_").casefold()
    if wanted in ("utc", "gmt", "z", ""):
        return UTC
    for known in sorted(available_timezones()):
        if known.casefold() == wanted or known.casefold().endswith(f"/{wanted}"):
            return ZoneInfo(known)
    raise ValueError(f"`{name}` is no time zone known here; try `UTC` or a city like `Paris`")
