"""What `penguiflow tools call` does: one call of one tool, with arguments that its schema understands."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from penguiflow.catalog import NodeSpec
from penguiflow.redaction import remember_passing_secret
from penguiflow.safe_text import safe_line
from penguiflow.tools.errors import ToolClientError
from penguiflow_cli._errors import CommandError
from penguiflow_cli._lifetime import run_command
from penguiflow_cli._streams import OwnStreams
from penguiflow_cli._tools_arguments import Arguments, ArgumentsError, check_arguments, read_words
from penguiflow_cli._tools_ask import ask_for_missing
from penguiflow_cli._tools_errand import run_on_server
from penguiflow_cli._tools_error import tools_error, usage_error
from penguiflow_cli._tools_exit import ToolsExit
from penguiflow_cli._tools_open import OpenServer
from penguiflow_cli._tools_person import Person, agrees
from penguiflow_cli._tools_result import ResultOptions, show_result
from penguiflow_cli._tools_schema import SchemaPart
from penguiflow_cli._tools_servers import ChosenServer, ServerOptions, choose_server
from penguiflow_cli._tools_values import closest
from penguiflow_cli.exit_codes import ExitCode
from penguiflow_cli.project import Project

_NAMES_SHOWN = 12
_MAX_BYTES = 10_000_000
_ARGUMENTS_CHARS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOptions:
    """The options of `penguiflow tools call`, as they were given."""

    server: ServerOptions
    tool: str
    words: Sequence[str] = ()
    args: str | None = None
    yes: bool = False
    result: ResultOptions


def call(options: CallOptions) -> ExitCode:
    """Run the command to its end.

    Raises:
        CommandError: the target or the arguments cannot be understood.
    """
    given = read_json_arguments(options.args)
    options.result.check_file()
    chosen = choose_server(options.server)
    return run_command(lambda: _call(chosen, given, options), Project(root=options.server.project_root))


def read_json_arguments(text: str | None) -> Mapping[str, JsonValue]:
    """Read `--args`: a JSON object, `@FILE` with one, or `-` for one on stdin.

    Raises:
        CommandError: it is none, or the file cannot be read.
    """
    if text is None:
        return {}
    try:
        value: object = json.loads(_json_text(text))
    except (OSError, ValueError, RecursionError) as exc:
        raise usage_error(
            f"--args cannot be read: {exc}", "give a JSON object, @FILE with one, or - for stdin."
        ) from exc
    if not isinstance(value, dict):
        raise usage_error("--args is no JSON object", """for example --args '{"city": "Rome"}'""")
    return cast("Mapping[str, JsonValue]", value)  # what came out of JSON


def _json_text(text: str) -> str:
    if text == "-":
        return str(sys.stdin.read(_MAX_BYTES))
    return Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text


async def _call(chosen: ChosenServer, given: Mapping[str, JsonValue], options: CallOptions) -> ExitCode:
    async def errand(server: OpenServer, person: Person, streams: OwnStreams) -> None:
        spec = _spec(server, options.tool)
        arguments = await _arguments(spec, given, options, person)
        await approve(server, spec, arguments, person, yes=options.yes)
        value = await _value(server, spec, arguments)
        await show_result(spec.name, value, server.context, options.result, streams)

    return await run_on_server(
        _for_a_person(chosen), options.server, errand, to_call=True, as_json=options.result.as_json
    )


async def _value(server: OpenServer, spec: NodeSpec, arguments: Arguments) -> JsonValue:
    """Return what the tool returns; those for the resources of a server are tools of the node itself."""
    if not spec.extra.get("resource_tool"):
        return (await server.node.call(spec.name, arguments, server.context))["result"]
    outcome: dict[str, JsonValue] = await spec.node.func(
        spec.args_model.model_validate(arguments), server.context
    )
    read = outcome.get("result")
    if isinstance(read, dict) and "error" in read:
        raise ToolClientError(str(read["error"]))
    return outcome


def _for_a_person(chosen: ChosenServer) -> ChosenServer:
    """Keep long texts whole: what is too long for the prompt of a model is not so for a terminal or file."""
    given = chosen.config.artifact_extraction
    resources = given.resources.model_copy(update={"inline_text_if_under_chars": _MAX_BYTES})
    extraction = given.model_copy(update={"auto_artifact_large_content": False, "resources": resources})
    config = chosen.config.model_copy(update={"artifact_extraction": extraction})
    return ChosenServer(config=config, entry=chosen.entry, is_preset=chosen.is_preset)


def _spec(server: OpenServer, name: str) -> NodeSpec:
    """Return the tool by its own or its namespaced name.

    Raises:
        CommandError: the server has no such tool.
    """
    prefix = f"{server.node.name}."
    specs = {spec.name: spec for spec in server.node.get_tool_specs()}
    spec = specs.get(name if name.startswith(prefix) else prefix + name) or specs.get(prefix + name)
    if spec is not None:
        return spec
    if name.removeprefix(prefix) in server.node.changes:
        raise tools_error(
            f"`{safe_line(name)}` changed since it was approved and is held back",
            ToolsExit.TOOL_ERROR,
            hint="`penguiflow tools connect NAME --discover --approve-changes` shows how, and asks.",
            code="changed_tools",
        )
    names = [known.removeprefix(prefix) for known in specs]
    raise _no_such_tool(server.node.name, name.removeprefix(prefix), names)


def _no_such_tool(server: str, name: str, names: Sequence[str]) -> CommandError:
    meant = closest(name, names)
    more = f", +{len(names) - _NAMES_SHOWN}" if len(names) > _NAMES_SHOWN else ""
    known = f"it has {', '.join(names[:_NAMES_SHOWN])}{more}" if names else "it has no tools"
    hint = f"did you mean `{meant}`? {known}" if meant else known
    return tools_error(
        f"`{server}` has no tool `{safe_line(name, max_chars=80)}`",
        ToolsExit.TOOL_ERROR,
        hint=hint,
        code="unknown_tool",
    )


async def _arguments(
    spec: NodeSpec, given: Mapping[str, JsonValue], options: CallOptions, person: Person
) -> Arguments:
    schema = spec.args_model.model_json_schema()
    try:
        arguments = read_words(options.words, given, schema)
        await ask_for_missing(spec.name, arguments, schema, person)
        _remember_secrets(arguments, SchemaPart.whole(schema))
        return check_arguments(arguments, spec.args_model)
    except ArgumentsError as error:
        raise usage_error(f"{spec.name}: {error}", error.hint, code="bad_arguments") from error


def _remember_secrets(arguments: Arguments, whole: SchemaPart) -> None:
    """Hide what the schema calls a secret wherever it may turn up from now on."""
    for name, value in arguments.items():
        if isinstance(value, str) and whole.member(name).is_secret:
            remember_passing_secret(value)


async def approve(
    server: OpenServer, spec: NodeSpec, arguments: Arguments, person: Person, *, yes: bool
) -> None:
    """Return when the call may be made.

    Raises:
        CommandError: the person said no, or nobody is there to say yes.
    """
    reason = _reason_to_ask(server, spec)
    if reason is None or yes:
        return
    if not person.is_there:
        raise usage_error(
            f"`{spec.name}` {reason}", "add --yes to call it without a question.", code="needs_approval"
        )
    person.tell(f"{spec.name} {reason}.")
    person.tell(f"  {safe_line(json.dumps(arguments, ensure_ascii=False), max_chars=_ARGUMENTS_CHARS)}")
    if not await agrees(person, "Call it?"):
        raise usage_error("the call was not approved", "nothing was called.", code="not_approved")


def _reason_to_ask(server: OpenServer, spec: NodeSpec) -> str | None:
    if spec.requires_approval:
        return "needs the approval of a person"
    own_name = spec.name.removeprefix(f"{server.node.name}.")
    for offer in server.node.offers:
        if safe_line(str(offer["name"])) == own_name and offer["destructive"] and not offer["read_only"]:
            return "says that it may destroy something"
    return None
