"""What the person who runs a benchmark may choose: how much work, and on which event loop."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import dataclass
from importlib import import_module
from typing import Literal

LoopName = Literal["asyncio", "uvloop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The choices of one run; picklable, because some measures need a process of their own."""

    quick: bool = False
    loop: LoopName = "asyncio"

    @property
    def repeat(self) -> int:
        """How often each work is measured."""
        return 1 if self.quick else 7

    def count(self, full: int) -> int:
        """Return the amount of work that stands for `full`."""
        return max(1, full // 20) if self.quick else full

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """Return a loop of the chosen kind."""
        if self.loop == "asyncio":
            return asyncio.new_event_loop()
        return _new_uvloop()


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of the common options; a script may add its own."""
    options = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true", help="a twentieth of the work, to see that it runs")
    options.add_argument("--loop", choices=["asyncio", "uvloop"], default="asyncio", help="the event loop")
    return options


def from_arguments(arguments: argparse.Namespace) -> Options:
    """Return the choices; a missing uvloop is found here and not in the middle of the work."""
    options = Options(quick=arguments.quick, loop=arguments.loop)
    options.new_event_loop().close()
    return options


def _new_uvloop() -> asyncio.AbstractEventLoop:
    try:
        uvloop = import_module("uvloop")
    except ImportError:
        raise SystemExit("`--loop uvloop` needs uvloop in this environment: pip install uvloop") from None
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop
