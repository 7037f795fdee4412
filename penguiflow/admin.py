"""`penguiflow-admin`: what a state store knows about a trace, one JSON line per event.

stdout is data. A failure is one line on stderr, `error: ...`, and exit code 1.
"""

from __future__ import annotations

import argparse
import asyncio
import inspect
import json
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from operator import attrgetter
from typing import Any, Final, cast

from penguiflow.safe_text import safe_line
from penguiflow.state.models import StoredEvent
from penguiflow.state.protocol import StateStore

__all__ = ["load_state_store", "main", "render_events"]

_STORE_METHODS: Final = ("save_event", "load_history", "save_remote_binding")
_INTERRUPTED: Final = 130
_MAX_ERROR_CHARS: Final = 1_000


class _ReaderGone(Exception):
    """Whoever reads stdout has read enough; for example `head`."""


async def load_state_store(spec: str) -> StateStore:
    """Call the factory that `spec` names, `package.module:callable`, and return its store.

    The factory takes no arguments and may be a coroutine function.

    Raises:
        ValueError: the spec has another form.
        ImportError: there is no such module.
        AttributeError: the module has no such attribute.
        TypeError: the attribute is no callable, or what it returns is no state store.
    """
    module_name, colon, attribute = spec.partition(":")
    if not (module_name and colon and attribute) or ":" in attribute:
        raise ValueError(f"state store `{spec}` must be in the form `package.module:callable`")
    factory: object = attrgetter(attribute)(import_module(module_name))
    if not callable(factory):
        raise TypeError(f"`{spec}` is not a callable; name a function that returns a state store")
    store: object = factory()
    if inspect.isawaitable(store):
        store = await store
    missing = [name for name in _STORE_METHODS if not callable(getattr(store, name, None))]
    if missing:
        raise TypeError(
            f"`{spec}` returned a `{type(store).__name__}`, which is no state store:"
            f" it lacks {', '.join(f'`{name}`' for name in missing)}"
        )
    return cast("StateStore", store)  # its methods were just looked at


def render_events(events: Sequence[StoredEvent], *, tail: int | None = None) -> list[str]:
    """Return one JSON line per event, with sorted keys, or only those of the last `tail` events.

    A line is the event's payload, completed by what the event knows beside it. It is plain ASCII, so
    nothing in it can act on a terminal.
    """
    if tail is not None:
        events = events[-tail:] if tail > 0 else ()
    return [_json_line(_record(event)) for event in events]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code of the process."""
    options = _parser().parse_args(argv)
    try:
        _search_working_folder()
        asyncio.run(_run(options))
    except _ReaderGone:
        # Python must not complain either, when it flushes stdout at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Exception as exc:  # noqa: BLE001 - a store is foreign code; a person reads the line
        sys.stderr.write(f"error: {_one_line(exc)}\n")
        return 1
    return 0


def _search_working_folder() -> None:
    """Find the project the command is called in, which an installed command does not do by itself."""
    folder = os.getcwd()
    if folder not in sys.path:
        sys.path.append(folder)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="penguiflow-admin", description="Show the stored events of a trace."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    history = commands.add_parser("history", help="print the events as JSON lines")
    replay = commands.add_parser("replay", help="print them under a headline, one after the other")
    for command in (history, replay):
        command.add_argument("trace_id", metavar="TRACE")
        command.add_argument(
            "--state-store", required=True, metavar="MODULE:CALLABLE", help="makes the store"
        )
        command.add_argument("--tail", type=int, metavar="N", help="only the last N events")
    replay.add_argument("--delay", type=float, default=0.0, metavar="S", help="seconds between two events")
    return parser


async def _run(options: argparse.Namespace) -> None:
    trace_id, tail = cast(
        "tuple[str, int | None]", (options.trace_id, options.tail)
    )  # as the parser reads them
    store = await load_state_store(options.state_store)
    try:
        lines = render_events(await store.load_history(trace_id), tail=tail)
    finally:
        close = getattr(store, "aclose", None)  # a store that holds a file or a connection has it
        if close is not None:
            await close()
    if options.command == "history":
        _write(*lines)
    else:
        await _replay(safe_line(trace_id), lines, delay_s=options.delay)


async def _replay(trace_id: str, lines: Sequence[str], *, delay_s: float) -> None:
    if not lines:
        _write(f"# trace {trace_id} has no stored events")
        return
    _write(f"# replay trace={trace_id} events={len(lines)}")
    for position, line in enumerate(lines):
        if position and delay_s > 0:
            await asyncio.sleep(delay_s)
        _write(line)


def _write(*lines: str) -> None:
    try:
        sys.stdout.writelines(f"{line}\n" for line in lines)
        sys.stdout.flush()
    except BrokenPipeError as exc:
        raise _ReaderGone from exc


def _record(event: StoredEvent) -> dict[str, object]:
    return {
        "event": event.kind,
        "trace_id": event.trace_id,
        "node_name": event.node_name,
        "node_id": event.node_id,
        "ts": event.ts,
        **event.payload,
    }


def _json_line(record: Mapping[str, Any]) -> str:  # whatever the events carry
    try:
        return json.dumps(record, sort_keys=True, default=str)
    except Exception:  # noqa: BLE001 - one odd value, of a foreign class, must not hide the rest of the history
        shown = {str(key): _showable(value) for key, value in record.items()}
        return json.dumps(shown, sort_keys=True, default=str)


def _showable(value: object) -> object:
    try:
        json.dumps(value, sort_keys=True, default=str)
    except Exception as exc:  # noqa: BLE001 - as above
        return f"<{type(value).__name__} without a JSON form: {type(exc).__name__}>"
    return value


def _one_line(failure: Exception) -> str:
    hint = getattr(failure, "hint", None)  # a StoreError says what to do next
    text = str(failure) or type(failure).__name__
    return safe_line(
        " ".join(f"{text}; {hint}".split() if hint else text.split()), max_chars=_MAX_ERROR_CHARS
    )


if __name__ == "__main__":
    sys.exit(main())
