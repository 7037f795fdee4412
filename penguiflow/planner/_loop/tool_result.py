"""From what a tool returned to what the run keeps of it, and the shorter form that the model reads."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel, ValidationError

from penguiflow.artifacts import ArtifactStore, NoOpArtifactStore
from penguiflow.catalog import NodeSpec
from penguiflow.planner._json import Json, JsonObject, json_text, without_surrogates
from penguiflow.planner._loop.run_artifacts import RunArtifacts
from penguiflow.planner._loop.run_events import RunEvents
from penguiflow.planner._rules.calls import CallResult, PlannedCall
from penguiflow.planner._rules.marked_fields import artifact_fields, sources_in, without_artifacts
from penguiflow.planner._rules.observation import Clamped, clamp
from penguiflow.planner.models import ObservationGuardrailConfig

ERROR_CHARS = 2_000


class ResultReader:
    """Validates what tools return. `artifacts` is the planner's own store."""

    def __init__(self, guardrail: ObservationGuardrailConfig, artifacts: ArtifactStore) -> None:
        self._guardrail = guardrail
        self._keeps_artifacts = not isinstance(artifacts, NoOpArtifactStore)

    async def read(
        self, call: PlannedCall, spec: NodeSpec, raw: object, events: RunEvents, artifacts: RunArtifacts
    ) -> CallResult:
        """Return the call as succeeded, or as failed when the tool's result is not what its model says."""
        try:
            result = spec.out_model.model_validate(raw)
            observation: JsonObject = result.model_dump(mode="json")
            text_chars = _size(result, observation)
        except Exception as exc:  # noqa: BLE001 - validators and serializers of the user may raise anything
            error = f"`{call.node}` returned data that did not validate: {short_error(exc)}"
            return CallResult(status="failed", error=error)
        marked = artifact_fields(spec.out_model)
        shown = without_artifacts(observation, marked) if marked else observation
        shorter: Json = None
        # The exact size is looked at only where it may matter: most results are short.
        if text_chars > self._guardrail.max_observation_chars // 2:
            shorter = await self._bounded(spec, shown, json_text(shown), events, artifacts)
        return CallResult(
            status="succeeded",
            observation=observation,
            llm_observation=shown if shorter is None and marked else shorter,
            artifacts={name: observation[name] for name in marked if observation.get(name) is not None},
            sources=_quietly(lambda: sources_in(result)),
        )

    async def _bounded(
        self, spec: NodeSpec, shown: JsonObject, text: str, events: RunEvents, artifacts: RunArtifacts
    ) -> Json:
        """Return what the model reads instead when the text is too long, else None."""
        clamped = clamp(shown, len(text), self._guardrail)
        if clamped is None:
            return None
        threshold = self._guardrail.auto_artifact_threshold
        if self._keeps_artifacts and 0 < threshold <= len(text):
            ref = await _stored(spec, text, artifacts)
            if ref is not None:
                body = self._reference(ref, text)
                _tell(spec, Clamped(body, len(text), len(json_text(body))), "artifact", events)
                return body
        _tell(spec, clamped, "truncate", events)
        return clamped.observation

    def _reference(self, ref: JsonObject, text: str) -> JsonObject:
        return {
            "artifact": ref,
            "summary": f"{len(text)} characters of JSON, kept as an artifact",
            "preview": text[: self._guardrail.preview_length],
        }


def short_error(exc: BaseException) -> str:
    """Return the text of an error in bounded length; of a validation error only what and where."""
    if isinstance(exc, ValidationError):
        problems = exc.errors(include_url=False, include_context=False, include_input=False)
        text = "; ".join(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in problems)
    else:
        text = without_surrogates(_words(exc)) or type(exc).__name__
    return text if len(text) <= ERROR_CHARS else text[:ERROR_CHARS] + "..."


def _words(exc: BaseException) -> str:
    try:
        return str(exc)
    except Exception:  # noqa: BLE001 - the `__str__` of a tool's own error may itself fail
        return ""


def _size(result: BaseModel, observation: JsonObject) -> int:
    try:
        return len(result.model_dump_json())
    except ValueError:  # a text that is no Unicode, such as the name of a file; the model reads it repaired
        return len(json_text(observation))


async def _stored(spec: NodeSpec, text: str, artifacts: RunArtifacts) -> JsonObject | None:
    try:
        ref: BaseModel = await artifacts.put_text(
            text, mime_type="application/json", namespace=f"observation.{spec.name}"
        )
        return ref.model_dump(mode="json", exclude_none=True)
    except Exception:  # noqa: BLE001 - a store that fails must not cost the result: it is cut instead
        return None


def _tell(spec: NodeSpec, clamped: Clamped, method: str, events: RunEvents) -> None:
    events.emit(
        "observation_clamped",
        node_name=spec.name,
        original_size=clamped.original_chars,
        clamped_size=clamped.clamped_chars,
        method=method,
        reduction_pct=round(100 * (1 - clamped.clamped_chars / clamped.original_chars), 1),
    )


def _quietly(read: Callable[[], list[JsonObject]]) -> list[JsonObject]:
    try:
        return read()
    except Exception:  # noqa: BLE001 - properties of the user's model may raise anything
        return []
