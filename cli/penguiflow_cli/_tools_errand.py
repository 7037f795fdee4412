"""One command with one server: connect, do something, leave; what fails ends as an error of the command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from penguiflow.tools.errors import ToolNodeError
from penguiflow_cli._errors import CommandError
from penguiflow_cli._json_lines import error_line
from penguiflow_cli._streams import OwnStreams, own_streams
from penguiflow_cli._tools_error import error_of
from penguiflow_cli._tools_open import OpenServer, opened_server, sign_in_hint
from penguiflow_cli._tools_person import Person, Terminal
from penguiflow_cli._tools_places import PersonalFolder
from penguiflow_cli._tools_servers import ChosenServer, ServerOptions, name_meant, servers_of_files
from penguiflow_cli.exit_codes import ExitCode

ServerErrand: TypeAlias = Callable[[OpenServer, Person, OwnStreams], Awaitable[None]]
"""What is done with the server while it is connected."""


async def run_on_server(
    chosen: ChosenServer,
    options: ServerOptions,
    errand: ServerErrand,
    *,
    to_call: bool = False,
    as_json: bool,
) -> ExitCode:
    """Do it; `to_call` says that a tool will be called.

    Raises:
        CommandError: it failed; with `as_json` a line on stdout says the same.
    """
    with own_streams() as streams:
        try:
            await _run(chosen, options, errand, streams, to_call=to_call)
        except CommandError as error:
            if as_json:
                streams.output.json_line(error_line(error))
            raise
    return ExitCode.OK


async def _run(
    chosen: ChosenServer,
    options: ServerOptions,
    errand: ServerErrand,
    streams: OwnStreams,
    *,
    to_call: bool,
) -> None:
    person = Terminal.of_this_process()
    try:
        folder = PersonalFolder.of_this_user()
        async with opened_server(chosen, options, person, folder, to_call=to_call) as server:
            try:
                await errand(server, person, streams)
            except ToolNodeError as error:
                raise error_of(
                    error, connecting=False, sign_in=sign_in_hint(chosen.config, options.target)
                ) from error
    except CommandError as error:
        raise _with_name_meant(error, chosen, options) from error.__cause__


def _with_name_meant(error: CommandError, chosen: ChosenServer, options: ServerOptions) -> CommandError:
    """Say which server a word that is no program was probably meant to be."""
    if error.code != "unreachable" or chosen.entry is not None or chosen.is_preset:
        return error
    files = servers_of_files(options.project_root, options.mcp_config)
    meant = name_meant(options.target, [entry.name for entry in files.entries])
    if meant is not None:
        error.hint = f"did you mean `{meant}`? `penguiflow tools list` shows the servers."
    return error
