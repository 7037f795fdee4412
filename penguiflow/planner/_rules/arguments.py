"""Whether the arguments of a call may reach the tool. Nothing is ever filled in for the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pydantic import BaseModel, ValidationError

from penguiflow.catalog import NodeSpec
from penguiflow.planner._json import Json, JsonObject, is_object, json_text
from penguiflow.planner._rules.missing_values import takes_simple_value
from penguiflow.planner._rules.placeholders import placeholder_rule
from penguiflow.planner._rules.secret_args import is_secret, not_stored
from penguiflow.planner.action import PlannerAction

_MAX_PROBLEMS = 8
_MESSAGE_CHARS = 200


RefusalSource: TypeAlias = Literal["validation", "placeholder", "validator", "validator_error"]
"""Who refused: the tool's model, its placeholder rule, its own validator, or that validator by failing."""


@dataclass(frozen=True, slots=True)
class ValidArgs:
    """The arguments passed; `shown` is their JSON form, from which the same values can be validated again.

    `placeholders` maps the paths of values that look like placeholders to them.
    """

    parsed: BaseModel
    shown: JsonObject
    placeholders: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class InvalidArgs:
    """The arguments were refused; `messages` are short, `missing` names the required fields not given.

    `fillable` names the missing fields if simple values for them are all that is wrong.
    """

    messages: Sequence[str]
    missing: Sequence[str] = ()
    fillable: Sequence[str] = ()
    source: RefusalSource = "validation"
    placeholders: Mapping[str, str] = field(default_factory=dict[str, str])

    def error(self, node: str) -> str:
        """Return the text the model reads."""
        return f"arguments of `{node}` did not validate: {'; '.join(self.messages)}. The tool did not run."


def check_args(
    spec: NodeSpec, args: Mapping[str, Json], action: PlannerAction | None = None
) -> ValidArgs | InvalidArgs:
    """Validate with the tool's model, then with its own validator and placeholder rule."""
    if left_out := list(not_stored(args)):
        messages = [
            f"{path}: its value was not stored while the run waited; give it again" for path in left_out
        ]
        return InvalidArgs(messages[:_MAX_PROBLEMS])
    try:
        parsed = spec.args_model.model_validate(dict(args))
    except ValidationError as exc:
        return _invalid(exc, spec.args_model)
    except Exception as exc:  # noqa: BLE001 - a user's validator may raise anything; the model must hear of it
        return InvalidArgs([f"{type(exc).__name__}: {exc}"[:_MESSAGE_CHARS]])
    rule = placeholder_rule(spec.extra.get("arg_validation"))
    found = rule.found_in(args)
    if found and rule.rejects:
        messages = [
            f"{path}: `{value}` is a placeholder; give the real value" for path, value in found.items()
        ]
        return InvalidArgs(messages[:_MAX_PROBLEMS], source="placeholder", placeholders=found)
    refused = _refused_by_own_validator(spec, parsed, action)
    if refused is not None:
        return refused
    return ValidArgs(parsed, _shown(spec, parsed, args), found if rule.tells else {})


def needs_approval(spec: NodeSpec, parsed: BaseModel) -> bool:
    """Return whether a person must be asked; a predicate that fails means yes."""
    if not callable(spec.requires_approval):
        return spec.requires_approval
    try:
        return bool(spec.requires_approval(parsed))
    except Exception:  # noqa: BLE001 - a broken predicate must never let a call pass
        return True


def _invalid(exc: ValidationError, model: type[BaseModel]) -> InvalidArgs:
    problems = exc.errors(include_url=False, include_context=False)
    messages = [
        f"{'.'.join(map(str, problem['loc'])) or 'args'}: {problem['msg']}"[:_MESSAGE_CHARS]
        for problem in problems
    ]
    if len(messages) > _MAX_PROBLEMS:
        messages[_MAX_PROBLEMS:] = [f"{len(messages) - _MAX_PROBLEMS} more problems"]
    missing = [
        ".".join(map(str, problem["loc"]))
        for problem in problems
        if problem["type"] == "missing" or (problem["input"] is None and len(problem["loc"]) == 1)
    ]
    can_fill = len(missing) == len(problems) and all(
        takes_simple_value(model, name) and not is_secret(model, name) for name in missing
    )
    return InvalidArgs(messages, missing, missing if can_fill else ())


def _shown(spec: NodeSpec, parsed: BaseModel, args: Mapping[str, Json]) -> JsonObject:
    """Return the full JSON form with defaults when it means the same call, else the arguments as given."""
    try:
        shown = parsed.model_dump(mode="json", by_alias=True)
        if shown == args:
            return shown
        json_text(shown)
        if spec.args_model.model_validate(shown) == parsed:
            return shown
    except Exception:  # noqa: BLE001,S110 - a user's serializer may raise anything; the given form always works
        pass
    return dict(args)


def _refused_by_own_validator(
    spec: NodeSpec, parsed: BaseModel, action: PlannerAction | None
) -> InvalidArgs | None:
    validator = spec.extra.get("arg_validator")
    if validator is None:
        return None
    try:
        answer: Json = validator(parsed, action)
    except Exception as exc:  # noqa: BLE001 - a user's validator may raise anything; the model must hear of it
        return InvalidArgs([f"{type(exc).__name__}: {exc}"[:_MESSAGE_CHARS]], source="validator_error")
    if answer is None or answer is True:
        return None
    reason = answer.get("error") if is_object(answer) else answer
    return InvalidArgs(
        [str(reason if reason else "refused by the tool's validator")[:_MESSAGE_CHARS]], source="validator"
    )
