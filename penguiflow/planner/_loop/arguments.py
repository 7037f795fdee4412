"""Whether the arguments of a call may reach the tool. Nothing is ever filled in for the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from penguiflow.catalog import NodeSpec
from penguiflow.planner._json import Json, JsonObject, is_object, json_text
from penguiflow.planner._parse.answer import AUTO_PLACEHOLDER
from penguiflow.planner.action import PlannerAction

_MAX_PROBLEMS = 8
_MESSAGE_CHARS = 200


@dataclass(frozen=True, slots=True)
class ValidArgs:
    """The arguments passed; `shown` is their JSON form, from which the same values can be validated again."""

    parsed: BaseModel
    shown: JsonObject


@dataclass(frozen=True, slots=True)
class InvalidArgs:
    """The arguments were refused; `messages` are short, `missing` names the required fields not given."""

    messages: Sequence[str]
    missing: Sequence[str] = ()

    def error(self, node: str) -> str:
        """Return the text the model reads."""
        return f"arguments of `{node}` did not validate: {'; '.join(self.messages)}. The tool did not run."


def check_args(
    spec: NodeSpec, args: Mapping[str, Json], action: PlannerAction | None = None
) -> ValidArgs | InvalidArgs:
    """Validate with the tool's model, then with its own validator and placeholder rule."""
    try:
        parsed = spec.args_model.model_validate(dict(args))
    except ValidationError as exc:
        return _invalid(exc)
    except Exception as exc:  # noqa: BLE001 - a user's validator may raise anything; the model must hear of it
        return InvalidArgs([f"{type(exc).__name__}: {exc}"[:_MESSAGE_CHARS]])
    problem = _placeholder_problem(spec, args) or _own_validator_problem(spec, parsed, action)
    if problem is not None:
        return InvalidArgs([problem])
    return ValidArgs(parsed, _shown(spec, parsed, args))


def needs_approval(spec: NodeSpec, parsed: BaseModel) -> bool:
    """Return whether a person must be asked; a predicate that fails means yes."""
    if not callable(spec.requires_approval):
        return spec.requires_approval
    try:
        return bool(spec.requires_approval(parsed))
    except Exception:  # noqa: BLE001 - a broken predicate must never let a call pass
        return True


def _invalid(exc: ValidationError) -> InvalidArgs:
    problems = exc.errors(include_url=False, include_context=False, include_input=False)
    messages = [
        f"{'.'.join(map(str, problem['loc'])) or 'args'}: {problem['msg']}"[:_MESSAGE_CHARS]
        for problem in problems
    ]
    if len(messages) > _MAX_PROBLEMS:
        messages[_MAX_PROBLEMS:] = [f"{len(messages) - _MAX_PROBLEMS} more problems"]
    missing = [".".join(map(str, problem["loc"])) for problem in problems if problem["type"] == "missing"]
    return InvalidArgs(messages, missing)


def _shown(spec: NodeSpec, parsed: BaseModel, args: Mapping[str, Json]) -> JsonObject:
    """Return the full JSON form with defaults when it means the same call, else the arguments as given."""
    try:
        shown = parsed.model_dump(mode="json", by_alias=True)
        json_text(shown)
        if spec.args_model.model_validate(shown) == parsed:
            return shown
    except Exception:  # noqa: BLE001,S110 - a user's serializer may raise anything; the given form always works
        pass
    return dict(args)


def _placeholder_problem(spec: NodeSpec, args: Mapping[str, Json]) -> str | None:
    policy = spec.extra.get("arg_validation")
    if not is_object(policy) or not policy.get("reject_placeholders"):
        return None
    placeholders = {AUTO_PLACEHOLDER, *policy.get("placeholders", ())}
    for name, value in args.items():
        if isinstance(value, str) and value.strip() in placeholders:
            return f"{name}: `{value.strip()}` is a placeholder; give the real value"
    return None


def _own_validator_problem(spec: NodeSpec, parsed: BaseModel, action: PlannerAction | None) -> str | None:
    validator = spec.extra.get("arg_validator")
    if validator is None:
        return None
    try:
        answer: Json = validator(parsed, action)
    except Exception as exc:  # noqa: BLE001 - a user's validator may raise anything; the model must hear of it
        return f"{type(exc).__name__}: {exc}"[:_MESSAGE_CHARS]
    if answer is None or answer is True:
        return None
    reason = answer.get("error") if is_object(answer) else answer
    return str(reason if reason else "refused by the tool's validator")[:_MESSAGE_CHARS]
