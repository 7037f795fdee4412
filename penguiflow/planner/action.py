"""One decision of the model, and what it means."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from pydantic import BaseModel, Field, ValidationError, model_validator
from pydantic.json_schema import SkipJsonSchema

from penguiflow.planner._json import JsonObject, is_list, is_object
from penguiflow.planner._reserved import FINAL_RESPONSE, PARALLEL, SPECIAL_NODE_TYPES

DEFAULT_THOUGHT = "planning next step"


class PlanStep(TypedDict):
    """A branch as it stands in the arguments of `parallel`."""

    node: str
    args: JsonObject


class PlanJoin(TypedDict):
    """A join as it stands there; see `ParallelJoin`."""

    node: str
    args: NotRequired[JsonObject]
    inject: NotRequired[Any]  # names to sources, or `{"mapping": {...}}`
    on_failure: NotRequired[Literal["skip", "partial"]]


class PlanArgs(TypedDict):
    """The arguments of `parallel`."""

    steps: list[PlanStep]
    join: NotRequired[PlanJoin | None]


class FinalResponseArgs(TypedDict, total=False):
    """The arguments of `final_response`; other keys end in `payload["extra"]`."""

    answer: str
    confidence: float
    route: str
    requires_followup: bool
    warnings: list[str]
    language: str
    suggested_actions: list[JsonObject]
    artifacts: JsonObject
    sources: list[JsonObject]


class ParallelCall(BaseModel):
    """One branch of a parallel plan."""

    node: str
    args: JsonObject = Field(default_factory=dict[str, Any])


class JoinInjection(BaseModel):
    """Which argument of the join receives which result, e.g. `{"shards": "$results"}`."""

    mapping: dict[str, str] = Field(default_factory=dict[str, Any])

    @model_validator(mode="before")
    @classmethod
    def _accept_shorthand(cls, value: Any) -> Any:  # raw input of any type, as pydantic hands it over
        return value if is_object(value) and "mapping" in value else {"mapping": value}


class ParallelJoin(BaseModel):
    """The tool that receives the results of all branches; `inject=None` asks for injection by field name.

    When a branch failed the join is skipped, or runs with what there is: `on_failure="partial"`.
    """

    node: str
    args: JsonObject = Field(default_factory=dict[str, Any])
    inject: JoinInjection | None = None
    on_failure: Literal["skip", "partial"] = "skip"


class PlannerAction(BaseModel):
    """What the model wants next: a tool call, a parallel plan or the final answer."""

    next_node: str
    args: JsonObject = Field(default_factory=dict[str, Any])
    thought: SkipJsonSchema[str] = ""
    raw_llm_response: SkipJsonSchema[str | None] = Field(default=None, exclude=True, repr=False)
    alternate_actions: SkipJsonSchema[list[JsonObject] | None] = Field(default=None, exclude=True, repr=False)

    def own_thought(self) -> str:
        """Return what the model thought, empty when it said nothing."""
        return "" if self.thought == DEFAULT_THOUGHT else self.thought

    def is_terminal(self) -> bool:
        """Return whether this is the final answer."""
        return self.next_node == FINAL_RESPONSE

    def is_parallel(self) -> bool:
        """Return whether this is a parallel plan."""
        return self.next_node == PARALLEL

    def is_background_task(self) -> bool:
        """Return whether this asks for a background task."""
        return self.next_node.startswith("task.") and self.next_node in SPECIAL_NODE_TYPES

    def is_tool_call(self) -> bool:
        """Return whether `next_node` should be the name of a tool."""
        return self.next_node not in SPECIAL_NODE_TYPES

    def get_answer(self) -> Any:  # whatever the model put there
        """Return `args["answer"]` of a final answer, else None."""
        return self.args.get("answer") if self.is_terminal() else None

    def answer_text(self) -> str | None:
        """Return the answer when it is a text."""
        for key in ("answer", "raw_answer"):
            if isinstance(text := self.args.get(key), str):
                return text
        return None

    def get_plan_steps(self) -> list[ParallelCall]:
        """Return the well-formed branches of a parallel plan."""
        steps = self.args.get("steps") if self.is_parallel() else None
        return [call for step in _as_list(steps) if (call := _valid_call(step)) is not None]

    def get_plan_join(self) -> ParallelJoin | None:
        """Return the join of a parallel plan, None when there is none.

        Raises:
            ValidationError: a join was given but is malformed.
        """
        join = self.args.get("join") if self.is_parallel() else None
        if not join or (is_object(join) and not join.get("node")):
            return None
        return ParallelJoin.model_validate(join)


def _as_list(value: Any) -> list[Any]:  # untrusted JSON
    return value if is_list(value) else []


def _valid_call(step: Any) -> ParallelCall | None:  # untrusted JSON
    try:
        return ParallelCall.model_validate(step)
    except ValidationError:
        return None


def action_record(action: PlannerAction) -> dict[str, Any]:
    """Return the stored form: thought, next_node, args, plan, join. `read_action` reads it back."""
    record: dict[str, Any] = {
        "thought": action.thought or DEFAULT_THOUGHT,
        "next_node": action.next_node,
        "args": action.args,
        "plan": None,
        "join": None,
    }
    if action.is_parallel() and _as_list(action.args.get("steps")):
        record |= {
            "next_node": None,
            "args": None,
            "plan": action.args.get("steps"),
            "join": action.args.get("join"),
        }
    elif action.is_terminal():
        record["next_node"] = None
    return record
