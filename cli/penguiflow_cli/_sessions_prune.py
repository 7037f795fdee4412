"""What `penguiflow sessions prune` does: say which sessions would go, ask, remove them, free the disk."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from penguiflow._clock import wall_clock
from penguiflow.sessions.shelf.pruning import PrunePlan, PruneRules, plan_to_prune
from penguiflow.sessions.shelf.removal import remove_session
from penguiflow.state.errors import StoreError
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow.state.summaries import SessionSummary
from penguiflow_cli._errors import CommandError, Messages
from penguiflow_cli._output import Output
from penguiflow_cli._sessions_history import with_sessions
from penguiflow_cli._sessions_list import print_sessions
from penguiflow_cli._sessions_text import called, session_line
from penguiflow_cli.exit_codes import ExitCode

_TIME = re.compile(r"([0-9]{1,6})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneOptions:
    """The options of `penguiflow sessions prune`, as they were given."""

    project_root: Path
    older_than: str | None = None
    archived_only: bool = False
    keep: int | None = None
    force: bool = False
    dry_run: bool = False
    yes: bool = False
    json_lines: bool = False


def prune(options: PruneOptions) -> ExitCode:
    """Remove what the rules say and a person, or `--yes`, agrees to.

    Raises:
        CommandError: no rule was given, or one that is none.
    """
    rules = rules_of(options)
    agreed: set[str] = set()

    async def planning(store: SqliteStateStore, output: Output) -> ExitCode:
        plan = await plan_to_prune(store, rules, now=wall_clock())
        agreed.update(each.session_id for each in plan.doomed)
        _show(plan, options, output)
        if agreed and not (options.dry_run or options.yes or _somebody_can_be_asked(options)):
            raise CommandError(
                f"{_sessions(len(agreed))} would be removed, and nobody is there to be asked",
                exit_code=ExitCode.USAGE,
                code="not_confirmed",
                hint="say --yes, or --dry-run to look only.",
            )
        return ExitCode.OK

    async def removing(store: SqliteStateStore, output: Output) -> ExitCode:
        # Others may have gone on with a session, or forked it, while the person thought about it.
        plan = await plan_to_prune(store, rules, now=wall_clock())
        removed = [each for each in plan.doomed if each.session_id in agreed]
        before = _size(store)
        for session in removed:
            await remove_session(store, session.session_id)
            if options.json_lines:
                output.json_line(_line(session, "removed"))
        trouble = await _compacted(store)
        _tell(len(removed), before - _size(store), trouble, options, output)
        return ExitCode.OK

    # In two parts: a person is asked outside of the event loop, where Ctrl+C ends a prompt.
    ended = with_sessions(options.project_root, planning, json_lines=options.json_lines)
    if ended is not ExitCode.OK or not agreed or options.dry_run:
        return ended
    if not options.yes and not typer.confirm(f"Remove {_sessions(len(agreed))} for good?", err=True):
        return ExitCode.OK
    return with_sessions(options.project_root, removing, json_lines=options.json_lines)


def rules_of(options: PruneOptions) -> PruneRules:
    """Read the rules.

    Raises:
        CommandError: nothing says what is old, or the time is none.
    """
    if options.older_than is None and options.keep is None and not options.archived_only:
        raise CommandError(
            "nothing says which sessions are meant",
            exit_code=ExitCode.USAGE,
            hint="for example --older-than 30d, --keep 100 or --archived-only; see --help.",
        )
    return PruneRules(
        older_than_s=0.0 if options.older_than is None else seconds(options.older_than),
        archived_only=options.archived_only,
        keep=options.keep or 0,
        force=options.force,
    )


def seconds(text: str) -> float:
    """Read a time such as `30d`.

    Raises:
        CommandError: it is none.
    """
    read = _TIME.fullmatch(text.strip().lower())
    if read is None:
        raise CommandError(
            f"`{text}` is no time",
            exit_code=ExitCode.USAGE,
            hint="a number with s, m, h, d or w: 90m, 12h, 30d, 2w.",
        )
    return float(int(read[1]) * _SECONDS[read[2]])


def _show(plan: PrunePlan, options: PruneOptions, output: Output) -> None:
    if options.json_lines:
        for session, reason in plan.spared:
            output.json_line(_line(session, "spared", reason))
        for session in plan.doomed if options.dry_run else ():
            output.json_line(_line(session, "would_remove"))
        return
    messages = Messages()
    print_sessions(output, plan.doomed)
    for session, reason in plan.spared:
        messages.note(f"Kept: {called(session)} {reason} (--force removes it).")
    if not plan.doomed:
        messages.note("No session would be removed." if options.dry_run else "No session is to be removed.")
    elif options.dry_run:
        messages.note(f"{_sessions(len(plan.doomed))} would be removed.")


def _tell(count: int, freed: int, trouble: str | None, options: PruneOptions, output: Output) -> None:
    if options.json_lines:
        output.json_line({"v": 1, "type": "pruned", "removed": count, "freed_bytes": freed})
        return
    messages = Messages()
    messages.note(f"Removed {_sessions(count)}; {max(freed, 0):,} bytes are free again.")
    if trouble is not None:
        messages.note(f"The rest of the room is not given back yet: {trouble}")


async def _compacted(store: SqliteStateStore) -> str | None:
    """Give the room back; return why that did not go, which changes nothing about what was removed."""
    try:
        await store.compact()
    except StoreError as exc:
        return str(exc)
    return None


def _size(store: SqliteStateStore) -> int:
    files = (store.path, store.path.with_name(f"{store.path.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def _somebody_can_be_asked(options: PruneOptions) -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty() and not options.json_lines


def _line(session: SessionSummary, action: str, reason: str | None = None) -> dict[str, Any]:
    return {**session_line(session), "type": "prune", "action": action, "reason": reason}


def _sessions(count: int) -> str:
    return "1 session" if count == 1 else f"{count} sessions"
