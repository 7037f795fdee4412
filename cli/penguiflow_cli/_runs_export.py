"""What `penguiflow runs export` does: one run with its prompts and large results."""

from __future__ import annotations

from penguiflow.sessions.shelf.exporting import export_run as records_of_run
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow_cli._errors import CommandError
from penguiflow_cli._output import Output
from penguiflow_cli._run_names import find_run
from penguiflow_cli._sessions_export import ExportOptions, write_records
from penguiflow_cli._sessions_history import with_sessions
from penguiflow_cli.exit_codes import ExitCode


def export_run(name: str, options: ExportOptions) -> ExitCode:
    """Write the run."""

    async def exporting(store: SqliteStateStore, output: Output) -> ExitCode:
        run = await find_run(store, name)
        if run.is_flow:
            raise CommandError(
                f"`{name}` is the trace of a flow outside of any session, which is not exported",
                exit_code=ExitCode.USAGE,
                code="not_a_run",
                hint="`penguiflow runs show` shows it.",
            )
        await write_records(records_of_run(store, run.run_id), options, output)
        return ExitCode.OK

    return with_sessions(options.project_root, exporting, json_lines=options.json_lines)
