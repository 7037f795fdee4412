"""Asking a person for the required arguments that are missing, one by one."""

from __future__ import annotations

import json
from collections.abc import Sequence

from penguiflow.redaction import remember_passing_secret
from penguiflow.safe_text import safe_line
from penguiflow_cli._tools_arguments import Arguments, Wanted, missing_arguments, set_argument, what_it_takes
from penguiflow_cli._tools_error import usage_error
from penguiflow_cli._tools_person import Person
from penguiflow_cli._tools_schema import JsonSchema
from penguiflow_cli._tools_values import ValueProblem, wanted_text

_DESCRIPTION_CHARS = 300
_CHOICES_SHOWN = 20


async def ask_for_missing(tool: str, arguments: Arguments, schema: JsonSchema, person: Person) -> None:
    """Put into `arguments` what is required and missing.

    Raises:
        CommandError: nobody is there to answer, or whoever is there gave up.
    """
    missing = missing_arguments(arguments, schema)
    if not missing:
        return
    if not person.is_there:
        raise _nobody(tool, missing, schema)
    person.tell(f"{tool} needs {len(missing)} more argument{'s' if len(missing) > 1 else ''}.")
    for wanted in missing:
        await _ask_for(wanted, arguments, person)


def question_lines(wanted: Wanted) -> list[str]:
    """Return what is shown above the place to type: name, type, description, choices, default."""
    part = wanted.part
    lines = [f"{wanted.name}  ({wanted_text(part)})"]
    about = part.part.get("description")
    if isinstance(about, str) and about.strip():
        lines.append(f"  {safe_line(about.strip(), max_chars=_DESCRIPTION_CHARS)}")
    if part.choices is not None:
        shown = [_text(choice) for choice in part.choices[:_CHOICES_SHOWN]]
        more = ", ..." if len(part.choices) > _CHOICES_SHOWN else ""
        lines.append(f"  one of {', '.join(shown)}{more}")
    if "default" in part.part:
        lines.append(f"  Enter takes {_text(part.part['default'])}")
    return [safe_line(line) for line in lines]


async def _ask_for(wanted: Wanted, arguments: Arguments, person: Person) -> None:
    for line in question_lines(wanted):
        person.tell(line)
    while True:
        answer = await person.ask("> ", hidden=wanted.part.is_secret)
        if answer is None:
            raise usage_error(f"no value was given for `{safe_line(wanted.name)}`", "nothing was called.")
        if wanted.part.is_secret:
            remember_passing_secret(answer)
        if not answer and "default" in wanted.part.part:
            answer = _text(wanted.part.part["default"])
        if not answer and "string" not in wanted.part.kinds:
            person.tell("  a value is required; Ctrl+C stops without calling the tool")
            continue
        try:
            set_argument(arguments, wanted, answer)
        except ValueProblem as problem:
            person.tell(f"  {problem}")
        else:
            return


def _nobody(tool: str, missing: Sequence[Wanted], schema: JsonSchema) -> Exception:
    names = ", ".join(f"`{safe_line(wanted.name)}`" for wanted in missing[:_CHOICES_SHOWN])
    plural = "arguments are" if len(missing) > 1 else "argument is"
    first = missing[0]
    return usage_error(
        f"`{safe_line(tool)}`: required {plural} missing: {names}",
        f"give {safe_line(first.name)}=VALUE ({wanted_text(first.part)}); {what_it_takes(schema)}",
        code="missing_arguments",
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
