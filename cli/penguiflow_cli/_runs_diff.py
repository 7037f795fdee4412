"""What `penguiflow runs diff` does: what changed from one run to another."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from penguiflow.sessions.projections.comparisons import SameContent
from penguiflow.sessions.projections.diff import diff_runs
from penguiflow.sessions.projections.recorded_flow import recorded
from penguiflow.state.events import ContentRef, RunEvent, ToolFinished
from penguiflow.state.protocol import HistoryStore
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow_cli._diff_record import diff_record
from penguiflow_cli._diff_text import diff_lines
from penguiflow_cli._history import read_history
from penguiflow_cli._output import Output
from penguiflow_cli._run_names import find_run, load_run
from penguiflow_cli.exit_codes import ExitCode


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffOptions:
    """The options of `penguiflow runs diff`."""

    project_root: Path
    before: str
    after: str
    json_lines: bool = False


def diff(options: DiffOptions) -> ExitCode:
    """Print what changed; the exit code is `FAILED` when something did, as that of `diff` is 1."""

    async def comparing(store: SqliteStateStore, output: Output) -> ExitCode:
        before = await load_run(store, await find_run(store, options.before))
        after = await load_run(store, await find_run(store, options.after))
        same_content = await _by_digest(store, [*before, *after])
        found = diff_runs(recorded(before), recorded(after), same_content=same_content)
        if options.json_lines:
            output.json_line(diff_record(found))
        else:
            for line in diff_lines(found, output.width):
                output.styled_line(line)
        return ExitCode.FAILED if found.changed else ExitCode.OK

    return read_history(options.project_root, comparing, json_lines=options.json_lines)


async def _by_digest(store: HistoryStore, events: Sequence[RunEvent]) -> SameContent:
    """Read the long results one by one, and tell by their digests which are the same."""
    digests: dict[str, bytes] = {}
    for event in events:
        if isinstance(event.body, ToolFinished) and event.body.content is not None:
            content_id = event.body.content.content_id
            text = await store.load_content(event.session_id, content_id)
            if text is not None:
                digests[content_id] = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()

    def same(one: ContentRef, other: ContentRef) -> bool:
        if one.content_id in digests and other.content_id in digests:
            return digests[one.content_id] == digests[other.content_id]
        return one.chars == other.chars

    return same
