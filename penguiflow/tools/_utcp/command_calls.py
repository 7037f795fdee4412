"""Commands of one service: run for its manual, and for its tools."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Set
from pathlib import Path

from pydantic import JsonValue

from penguiflow.safe_text import safe_line
from penguiflow.tools._connecting.failures import exit_text
from penguiflow.tools._connecting.process import LastLines
from penguiflow.tools._connecting.session import UtcpService
from penguiflow.tools._utcp.calls import CommandCall
from penguiflow.tools._utcp.commands import Filling, filled_words
from penguiflow.tools._utcp.running import CommandEnd, CommandLine, run_command
from penguiflow.tools._utcp.values import value_of_text
from penguiflow.tools._utcp.variables import Variables
from penguiflow.tools.errors import ToolClientError, ToolTimeoutError

_LINES_SHOWN = 3


class CommandCalls:
    """Runs the commands of one service, in its folder and its environment."""

    def __init__(self, service: UtcpService) -> None:
        self._service = service
        self._variables = Variables(owner=service.name, values={**service.environment, **service.variables})

    async def run(self, words: list[str]) -> CommandEnd:
        """Run one command as it is.

        Raises:
            OSError: it cannot be started.
        """
        service = self._service
        line = CommandLine(arguments=words, environment=service.environment, cwd=service.cwd)
        return await run_command(line, max_bytes=service.max_response_bytes)

    async def call(
        self,
        name: str,
        call: CommandCall,
        arguments: Mapping[str, object],
        *,
        inputs: Mapping[str, JsonValue],
        outputs: Mapping[str, JsonValue],
    ) -> JsonValue:
        """Run the steps until one fails, and return what those that are shown printed.

        Raises:
            ToolClientError: a step failed; the text has the end of its stderr.
            ToolTimeoutError: the steps together took too long; nothing of them runs any more.
        """
        try:
            async with asyncio.timeout(self._service.timeout_s):
                printed = await self._run_steps(name, call, arguments, _enumerated(inputs))
        except TimeoutError as error:
            raise ToolTimeoutError(
                f"the command of `{name}` did not end within {self._service.timeout_s:g} s and was killed",
                cause=error,
                hint="raise `timeout_s` of the connection if the command is slow",
            ) from error
        shown = [text for text, step in zip(printed, call.steps, strict=True) if step.shown]
        return value_of_text("\n".join(shown), outputs)

    async def _run_steps(
        self,
        name: str,
        call: CommandCall,
        arguments: Mapping[str, object],
        enumerated: Mapping[str, Set[str]],
    ) -> list[str]:
        folder = self._folder(call)
        environment = self._environment(call)
        printed: list[str] = []
        for step in call.steps:
            filling = Filling(
                arguments=arguments, outputs=printed, variables=self._variables, enumerated=enumerated
            )
            words = filled_words(step.command, filling)
            if words[0] == "cd" and len(words) == 2:
                folder = _changed_folder(folder, words[1])
                printed.append("")
                continue
            line = CommandLine(arguments=words, environment=environment, cwd=str(folder) if folder else None)
            printed.append(_printed(name, await self._started(line)))
        return printed

    async def _started(self, line: CommandLine) -> CommandEnd:
        try:
            return await run_command(line, max_bytes=self._service.max_response_bytes)
        except (OSError, ValueError) as error:
            program = safe_line(line.arguments[0], max_chars=200)
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise ToolClientError(
                f"the command `{program}` cannot be run: {safe_line(reason, max_chars=200)}",
                cause=error,
                hint=f"install `{program}`, or correct the manual",
            ) from error

    def _folder(self, call: CommandCall) -> Path | None:
        given = self._variables.replaced_in(call.cwd) if call.cwd else None
        if given is None:
            return Path(self._service.cwd) if self._service.cwd else None
        return Path(self._service.cwd or ".") / given

    def _environment(self, call: CommandCall) -> dict[str, str]:
        """Return what the commands see; a template may only leave out of the environment, not add to it."""
        service = self._service
        kept = (
            service.environment
            if call.inherited is None
            else {name: value for name, value in service.environment.items() if name in call.inherited}
        )
        given = {name: self._variables.replaced_in(value) for name, value in call.env.items()}
        return {**kept, **service.variables, **given}


def _changed_folder(folder: Path | None, target: str) -> Path:
    changed = (folder or Path()) / target
    if not changed.is_dir():
        raise ToolClientError(f"there is no folder `{safe_line(target, max_chars=300)}`")
    return changed


def _printed(name: str, end: CommandEnd) -> str:
    if end.exit_code == 0:
        return end.stdout.decode("utf-8", "replace").rstrip("\r\n")
    said = said_at_end(end)
    how = exit_text(end.exit_code)
    raise ToolClientError(f"the command of `{name}` {how}" + (f": {said}" if said else ""))


def said_at_end(end: CommandEnd) -> str:
    """Return the end of what a command wrote to stderr, else to stdout, on one line."""
    lines = end.last_lines
    if not lines:
        printed = LastLines()
        printed.feed(end.stdout)
        lines = printed.lines()
    return " ⏎ ".join(lines[-_LINES_SHOWN:])


def _enumerated(inputs: Mapping[str, JsonValue]) -> Mapping[str, Set[str]]:
    """Return the texts that the schema lists for its arguments."""
    properties = inputs.get("properties")
    found: dict[str, Set[str]] = {}
    for name, schema in properties.items() if isinstance(properties, dict) else ():
        values = schema.get("enum") if isinstance(schema, dict) else None
        if isinstance(values, list):
            found[name] = {value for value in values if isinstance(value, str)}
    return found
