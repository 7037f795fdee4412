"""What a person may call a run: its id, the beginning of it, `last`, `last~1`, or the trace of a flow."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from penguiflow.safe_text import safe_line
from penguiflow.state.events import RunEvent
from penguiflow.state.flow_runs import flow_run
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow.state.summaries import RunSummary
from penguiflow_cli._errors import CommandError
from penguiflow_cli.exit_codes import ExitCode

SHORT_ID_CHARS = 8
_MIN_PREFIX_CHARS = 4
_CANDIDATES = 5
_QUESTION_CHARS = 50
_PAGE = 500
_LAST = re.compile(r"last(?:~(\d{1,9}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedRun:
    """A run that is in the history, or with `is_flow` the trace of a flow."""

    run_id: str
    is_flow: bool = False


async def find_run(store: SqliteStateStore, name: str) -> NamedRun:
    """Find the run that is meant.

    Raises:
        CommandError: there is none, or the name is the beginning of several ids.
    """
    if counted := _LAST.fullmatch(name):
        return await _nth_last(store, name, int(counted[1] or 0))
    if await store.find_run(name) is not None:
        return NamedRun(run_id=name)
    if await store.load_history(name):
        return NamedRun(run_id=name, is_flow=True)
    return await _with_prefix(store, name)


async def load_run(store: SqliteStateStore, run: NamedRun) -> Sequence[RunEvent]:
    """Return the events of a run that was found, at least one."""
    if run.is_flow:
        return flow_run(run.run_id, await store.load_history(run.run_id))
    return await store.load_run(run.run_id)


def short_ids(run_ids: Sequence[str]) -> Sequence[str]:
    """Shorten ids so far that they still tell one from another."""
    length = SHORT_ID_CHARS
    while len({run_id[:length] for run_id in run_ids}) < len(set(run_ids)):
        length += 1
    return [run_id[:length] for run_id in run_ids]


async def _nth_last(store: SqliteStateStore, name: str, back: int) -> NamedRun:
    newest = await store.list_runs(limit=back + 1)
    if len(newest) > back:
        return NamedRun(run_id=newest[back].run_id)
    raise _not_found(f"there is no run `{name}`: the history has {len(newest)}", newest)


async def _with_prefix(store: SqliteStateStore, name: str) -> NamedRun:
    newest = await store.list_runs(limit=_CANDIDATES)
    if len(name) < _MIN_PREFIX_CHARS:
        raise _not_found(
            f"no run is called `{name}`; the beginning of an id has {_MIN_PREFIX_CHARS} characters or more",
            newest,
        )
    meant = [run async for run in _all_runs(store) if run.run_id.startswith(name)]
    match meant:
        case [run]:
            return NamedRun(run_id=run.run_id)
        case []:
            raise _not_found(f"no run of this project is called `{name}`", newest)
        case _:
            raise CommandError(
                f"`{name}` is the beginning of {len(meant)} runs",
                exit_code=ExitCode.USAGE,
                code="ambiguous_run",
                hint="say more of the id:\n" + _candidates(meant),
            )


async def _all_runs(store: SqliteStateStore) -> AsyncIterator[RunSummary]:
    after: str | None = None
    while page := await store.list_runs(limit=_PAGE, after=after):
        for run in page:
            yield run
        after = page[-1].run_id


def _not_found(message: str, newest: Sequence[RunSummary]) -> CommandError:
    hint = "`penguiflow run QUESTION` begins one."
    if newest:
        hint = "the newest runs are\n" + _candidates(newest)
    return CommandError(message, exit_code=ExitCode.USAGE, code="unknown_run", hint=hint)


def _candidates(runs: Sequence[RunSummary]) -> str:
    shown = runs[:_CANDIDATES]
    names = short_ids([run.run_id for run in runs])[: len(shown)]
    lines = [
        f"    {name}  {safe_line(run.question, max_chars=_QUESTION_CHARS)}"
        for name, run in zip(names, shown, strict=True)
    ]
    if len(runs) > len(shown):
        lines.append(f"    ... and {len(runs) - len(shown)} more")
    return "\n".join(lines)
