"""What `penguiflow runs show` does: one run from the question to its end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from penguiflow.sessions.projections.outline import outline
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow_cli._contents import load_texts, with_texts
from penguiflow_cli._history import read_history
from penguiflow_cli._json_lines import event_line
from penguiflow_cli._output import Output
from penguiflow_cli._run_names import find_run, load_run
from penguiflow_cli._show_entries import EntryWriter
from penguiflow_cli._show_text import show_lines
from penguiflow_cli._text_blocks import Page
from penguiflow_cli.exit_codes import ExitCode


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowOptions:
    """The options of `penguiflow runs show`."""

    project_root: Path
    run: str
    content: bool = False
    json_lines: bool = False


def show_run(options: ShowOptions) -> ExitCode:
    """Print the run; prompts and long results by their sizes, or whole with `content`."""

    async def showing(store: SqliteStateStore, output: Output) -> ExitCode:
        run = await find_run(store, options.run)
        events = await load_run(store, run)
        texts = await load_texts(store, events) if options.content else None
        if options.json_lines:
            for event in events:
                line = event_line(event)
                output.json_line(line if texts is None else with_texts(line, event.body, texts))
            return ExitCode.OK
        writer = EntryWriter(page=Page(width=output.width), texts=texts)
        for shown in show_lines(outline(events), writer, is_flow=run.is_flow):
            output.styled_line(shown)
        return ExitCode.OK

    return read_history(options.project_root, showing, json_lines=options.json_lines)
