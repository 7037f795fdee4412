"""Judges an answer by a model, and lets the model say what is missing when no answer was good enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError

from penguiflow.planner._json import Json, JsonObject, is_object
from penguiflow.planner._loop.client_call import ModelRequest
from penguiflow.planner._loop.deadline import DeadlineReached
from penguiflow.planner._loop.model_call import ModelCaller, Purpose
from penguiflow.planner._loop.run_state import RunState
from penguiflow.planner._parse.strict_json import NotStrictJson, object_in
from penguiflow.planner._prompts.conversation import Message, repair_exchange
from penguiflow.planner._prompts.reflection import (
    clarification_messages,
    clarification_text,
    critique_messages,
)
from penguiflow.planner._prompts.response_format import json_schema_format
from penguiflow.planner._rules.progress import AnswerJudged
from penguiflow.planner._rules.spend import Account
from penguiflow.planner.reflection import ClarificationResponse, ReflectionConfig, ReflectionCritique

_FEEDBACK_CHARS = 200
_ATTEMPTS = 2

# What a judgement can do without: the score decides.
_UNSAID = {"passed": False, "feedback": ""}

_ModelT = TypeVar("_ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Passed:
    """The answer is good enough."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The answer must be revised."""

    critique: ReflectionCritique


@dataclass(frozen=True, slots=True)
class Unreviewed:
    """The critique could not be had."""


Judgement: TypeAlias = Passed | Refused | Unreviewed


class _NoUsableJudgement(Exception):
    """The judging model gave nothing that can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reflection:
    """The judge of a planner. The score alone decides, whatever the judge says besides."""

    config: ReflectionConfig
    models: ModelCaller

    async def judge(self, state: RunState, answer: str) -> Judgement:
        """Return the judgement of an answer, and keep it for the result's metadata.

        Raises:
            DeadlineReached: the run's time is over.
        """
        messages = critique_messages(state.trajectory, answer, self.config.criteria)
        try:
            critique = await self._asked(
                state, messages, "reflection_critique", ReflectionCritique, "critique", "reflection"
            )
        except DeadlineReached:
            raise
        except Exception as exc:  # noqa: BLE001 - a judge that fails must not cost the answer
            record = {"score": None, "passed": False, "error": f"{type(exc).__name__}: {exc}"}
            state.note(AnswerJudged({**record, "revisions": state.progress.revisions}))
            return Unreviewed()
        passed = critique.score >= self.config.quality_threshold
        self._keep(state, critique, passed=passed)
        return Passed() if passed else Refused(critique)

    async def clarification(
        self, state: RunState, args: JsonObject, critique: ReflectionCritique
    ) -> JsonObject | None:
        """Return the arguments of an answer that says what is missing, None when the model gives none.

        Raises:
            DeadlineReached: the run's time is over.
        """
        revisions = state.progress.revisions
        messages = clarification_messages(state.trajectory, critique, revisions)
        try:
            said = await self._asked(
                state, messages, "clarification_response", ClarificationResponse, "clarification", "main"
            )
        except DeadlineReached:
            raise
        except Exception:  # noqa: BLE001 - without it the last answer is given, marked as it is
            return None
        state.events.emit(
            "reflection_clarification_generated",
            original_score=critique.score,
            threshold=self.config.quality_threshold,
            revisions=revisions,
        )
        kept = {key: value for key, value in args.items() if key not in ("answer", "raw_answer", "text")}
        text = clarification_text(said)
        return {
            "route": _route(state),
            **kept,
            "raw_answer": text,
            "metadata": {
                "confidence": "unsatisfied",
                "reflection_score": critique.score,
                "revision_attempts": revisions,
            },
        }

    def _keep(self, state: RunState, critique: ReflectionCritique, *, passed: bool) -> None:
        record: dict[str, Any] = {
            "score": critique.score,
            "revisions": state.progress.revisions,
            "passed": passed,
        }
        if critique.feedback:
            record["feedback"] = critique.feedback
        state.note(AnswerJudged(record))
        state.events.emit(
            "reflection_critique",
            thought="the answer is good enough" if passed else "the answer must be revised",
            score=critique.score,
            passed=passed,
            revision=state.progress.revisions,
            feedback=critique.feedback[:_FEEDBACK_CHARS],
        )

    async def _asked(
        self,
        state: RunState,
        messages: list[Message],
        schema_name: str,
        model: type[_ModelT],
        purpose: Purpose,
        account: Account,
    ) -> _ModelT:
        response_format = json_schema_format(schema_name, model)
        repair: list[Message] = []
        problem = ""
        for attempt in range(1, _ATTEMPTS + 1):
            request = ModelRequest(messages=[*messages, *repair], response_format=response_format)
            reply = await self.models.ask(state, request, purpose=purpose, account=account, attempt=attempt)
            try:
                return model.model_validate({**_UNSAID, **object_in(reply.text)})
            except NotStrictJson as exc:
                problem = str(exc)
            except ValidationError as exc:
                problems = exc.errors(include_url=False, include_context=False, include_input=False)
                problem = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in problems)
            repair = repair_exchange(reply.text, problem, wanted=f"that fits `{schema_name}`")
        raise _NoUsableJudgement(problem)


def _route(state: RunState) -> str:
    for step in state.trajectory.steps:
        observation: Json = step.observation
        if is_object(observation) and isinstance(route := observation.get("route"), str):
            return route
    return "unknown"
