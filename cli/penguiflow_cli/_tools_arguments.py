"""The arguments of a tool, read from words such as `city=Rome`, `place.zip=4`, `tag=a tag=b`. Pure.

What a word means is decided by the tool's schema. Names that the schema does not know are refused unless it
welcomes them: a misspelled optional argument would be lost without a word otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from pydantic import BaseModel, JsonValue, ValidationError

from penguiflow.safe_text import safe_line
from penguiflow_cli._tools_schema import JsonSchema, SchemaPart
from penguiflow_cli._tools_values import ValueProblem, closest, value_of, wanted_text

Arguments: TypeAlias = dict[str, JsonValue]

_MAX_DEPTH: Final = 8


class ArgumentsError(ValueError):
    """The arguments do not fit the tool; `hint` says what it takes."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A required argument that is missing; `path` leads to it through objects."""

    path: Sequence[str]
    part: SchemaPart

    @property
    def name(self) -> str:
        return ".".join(self.path)


def read_words(words: Sequence[str], given: Mapping[str, JsonValue], schema: JsonSchema) -> Arguments:
    """Return `given` (from JSON) with what the words add or replace; a repeated word makes a list longer.

    Raises:
        ArgumentsError: a word is no `name=value`, its name is unknown, or its value is of another type.
    """
    arguments: Arguments = json.loads(json.dumps(given))
    whole = SchemaPart.whole(schema)
    seen: set[str] = set()
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise ArgumentsError(
                f"`{safe_line(word, max_chars=60)}` is no argument", "write NAME=VALUE, or --args JSON"
            )
        path, part = _find(name, whole)
        _put(arguments, path, _value(name, text, part), again=name in seen)
        seen.add(name)
    return arguments


def set_argument(arguments: Arguments, wanted: Wanted, text: str) -> None:
    """Put what a person answered in its place.

    Raises:
        ValueProblem: it is not what the schema asks for.
    """
    _put(arguments, list(wanted.path), value_of(text, wanted.part), again=False)


def missing_arguments(arguments: Mapping[str, JsonValue], schema: JsonSchema) -> list[Wanted]:
    """Return what is required and not there, in the order of the schema; members of objects one by one."""
    return _missing(arguments, SchemaPart.whole(schema), (), depth=0)


def check_arguments(arguments: Mapping[str, JsonValue], model: type[BaseModel]) -> Arguments:
    """Return the arguments as the tool is sent them: bounds, patterns and nested objects fit.

    Raises:
        ArgumentsError: they do not.
    """
    try:
        checked: Arguments = model.model_validate(dict(arguments)).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "the arguments"
        wrong = safe_line(first["msg"], max_chars=300)
        said = wrong.removeprefix("Input ") if wrong.startswith("Input ") else f"is wrong: {wrong}"
        raise ArgumentsError(
            f"argument `{safe_line(place, max_chars=120)}` {said}",
            what_it_takes(model.model_json_schema()),
        ) from error
    return checked


def what_it_takes(schema: JsonSchema) -> str:
    """Return a line with the arguments of a tool, `*` behind the required ones."""
    whole = SchemaPart.whole(schema)
    marked = [f"{name}{'*' if name in whole.required else ''}" for name in whole.properties]
    return f"it takes {safe_line(', '.join(marked), max_chars=200)}" if marked else "it takes no arguments"


def _find(name: str, whole: SchemaPart) -> tuple[list[str], SchemaPart]:
    """Return the path that a name means: `a.b` is the member `b` of `a`, unless `a.b` is a name itself."""
    part, path, rest = whole, list[str](), name
    while rest:
        known = [each for each in part.properties if rest == each or rest.startswith(each + ".")]
        step = max(known, key=len) if known else None
        if step is None:
            if not _takes_others(part):
                raise _unknown(name, rest, path, part, whole)
            step = rest if not path and not part.properties else rest.partition(".")[0]
        part, path, rest = part.member(step), [*path, step], rest[len(step) + 1 :]
        if len(path) > _MAX_DEPTH:
            raise ArgumentsError(
                f"`{safe_line(name, max_chars=60)}` goes too deep", "give the object as JSON"
            )
    return path, part


def _takes_others(part: SchemaPart) -> bool:
    return any(option.takes_other_members and option.kind in ("object", None) for option in part.options)


def _unknown(
    name: str, rest: str, path: Sequence[str], part: SchemaPart, whole: SchemaPart
) -> ArgumentsError:
    shown = safe_line(name, max_chars=60)
    if path and not part.properties:
        return ArgumentsError(
            f"`{shown}`: `{safe_line('.'.join(path))}` is {wanted_text(part)} and has no members",
            f"write {safe_line(path[0])}=VALUE",
        )
    meant = closest(rest.partition(".")[0], list(part.properties))
    hint = f"did you mean `{safe_line('.'.join([*path, meant]))}`? " if meant else ""
    return ArgumentsError(
        f"the tool has no argument `{shown}`", hint + what_it_takes(part.part if path else whole.root)
    )


def _value(name: str, text: str, part: SchemaPart) -> JsonValue:
    try:
        return value_of(text, part)
    except ValueProblem as problem:
        raise ArgumentsError(
            f"argument `{safe_line(name, max_chars=60)}` {problem}", _hint_of(part)
        ) from problem


def _hint_of(part: SchemaPart) -> str:
    about = part.part.get("description")
    wanted = f"expected: {wanted_text(part)}"
    return f"{wanted} ({safe_line(about, max_chars=160)})" if isinstance(about, str) and about else wanted


def _put(arguments: Arguments, path: Sequence[str], value: JsonValue, *, again: bool) -> None:
    place = arguments
    for step in path[:-1]:
        inner = place.get(step)
        if not isinstance(inner, dict):
            inner = {}
            place[step] = inner
        place = inner
    before = place.get(path[-1])
    if again and isinstance(before, list) and isinstance(value, list):
        value = [*before, *value]
    place[path[-1]] = value


def _missing(
    arguments: Mapping[str, JsonValue], part: SchemaPart, path: Sequence[str], *, depth: int
) -> list[Wanted]:
    found: list[Wanted] = []
    required = part.required
    for name in [*part.properties, *(name for name in required if name not in part.properties)]:
        inner, here = part.member(name), [*path, name]
        value = arguments.get(name)
        is_object = bool(inner.required) and depth < _MAX_DEPTH
        if isinstance(value, dict) and is_object:
            found += _missing(value, inner, here, depth=depth + 1)
        elif name in required and name not in arguments:
            found += (
                _missing({}, inner, here, depth=depth + 1) if is_object else [Wanted(path=here, part=inner)]
            )
    return found
