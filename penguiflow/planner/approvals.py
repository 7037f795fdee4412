"""Decisions of a person about one tool call, as every surface makes them.

A decision is a value; `parse_decision` reads the forms a person types and `decision_to_json` writes the
stored form. The planner checks a decision against the paused call before it gives up the resume token,
so a bad answer costs nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never


@dataclass(frozen=True, slots=True)
class Approve:
    """Run the call as proposed. `call_hash`, when given, must be the hash of the call that was shown."""

    call_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """Run the tool with these arguments instead; they are validated by the tool's model."""

    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reject:
    """Do not run the call; the model reads the reason."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Respond:
    """Answer in the tool's place, or answer a question the run asked."""

    text: str


Decision: TypeAlias = Approve | Edit | Reject | Respond


class DecisionError(ValueError):
    """A decision cannot be used; the pause stays open and its token stays valid."""


def call_hash(tool: str, args: Mapping[str, Any]) -> str:
    """Return the hash that binds an approval to one tool and its exact arguments (SHA-256, 64 hex digits)."""
    canonical = json.dumps({"args": args, "tool": tool}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


_FORMS = 'use approve, reject: REASON, respond: TEXT, or {"decision": "edit", "args": {...}}'


def parse_decision(text: str) -> Decision:
    """Read `approve`, `reject: REASON`, `respond: TEXT` or the JSON form of `decision_to_json`.

    Raises:
        DecisionError: none of these forms.
    """
    stripped = text.strip()
    if stripped.startswith("{"):
        try:
            return decision_from_json(json.loads(stripped))
        except json.JSONDecodeError as exc:
            raise DecisionError(f"the decision is not valid JSON ({exc.msg} at {exc.pos}); {_FORMS}") from exc
        except RecursionError as exc:
            raise DecisionError(f"the decision is nested too deeply; {_FORMS}") from exc
    word, _, rest = stripped.partition(":")
    match word.strip().lower():
        case "approve" if not rest.strip():
            return Approve()
        case "reject":
            return Reject(rest.strip())
        case "respond" if rest.strip():
            return Respond(rest.strip())
        case _:
            raise DecisionError(f"`{stripped[:60]}` is no decision; {_FORMS}")


def decision_from_json(value: Mapping[str, Any]) -> Decision:
    """Read the stored form.

    Raises:
        DecisionError: an unknown decision, or a field missing or of the wrong type.
    """
    match value.get("decision"):
        case "approve":
            return Approve(value.get("call_hash"))
        case "edit" if isinstance(value.get("args"), Mapping):
            return Edit(value["args"])
        case "reject":
            return Reject(str(value.get("reason", "")))
        case "respond" if isinstance(value.get("text"), str):
            return Respond(value["text"])
        case _:
            raise DecisionError(f"unknown decision object; {_FORMS}")


def decision_to_json(decision: Decision) -> dict[str, Any]:
    """Return the stored form of a decision."""
    match decision:
        case Approve(shown):
            return {"decision": "approve"} | ({"call_hash": shown} if shown else {})
        case Edit(args):
            return {"decision": "edit", "args": dict(args)}
        case Reject(reason):
            return {"decision": "reject", "reason": reason}
        case Respond(text):
            return {"decision": "respond", "text": text}
        case _:
            assert_never(decision)
