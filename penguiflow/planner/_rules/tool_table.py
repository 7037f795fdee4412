"""The tools of one run, by the names the model uses for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count

from penguiflow.catalog import NodeSpec, refuse_duplicate_names
from penguiflow.planner._parse.normalise import OPCODE_ALIASES
from penguiflow.planner._reserved import SPECIAL_NODE_TYPES
from penguiflow.planner._rules.calls import CallResult, PendingStep

_ALIAS_SUFFIX = "__tool"

# The names a reply can give to an action, `task` and `plan` among them, never reach a tool.
_TAKEN_NAMES = SPECIAL_NODE_TYPES | OPCODE_ALIASES


def tool_table(specs: Iterable[NodeSpec]) -> Mapping[str, NodeSpec]:
    """Return the specs by shown name; a tool called like an action is shown with a suffix.

    Raises:
        DuplicateToolError: two tools have one name.
    """
    ordered = tuple(specs)
    refuse_duplicate_names(ordered)
    names = {spec.name for spec in ordered}
    return {_shown_name(spec.name, names): spec for spec in ordered}


def unknown_tool_error(name: str, tools: Mapping[str, NodeSpec]) -> str:
    """Return what the model reads when it names a tool that does not exist."""
    valid = ", ".join(sorted(tools)) or "there are no tools"
    return f"tool `{name[:80]}` is not in the catalog. Valid names: {valid}."


def settle_missing_tools(pending: PendingStep, tools: Mapping[str, NodeSpec]) -> PendingStep:
    """Settle the open calls whose tool went away while the run waited as failed."""
    missing = [at for at in pending.open_calls() if pending.calls[at].node not in tools]
    if not missing:
        return pending
    return pending.with_results(
        {
            at: CallResult(status="failed", error=unknown_tool_error(pending.calls[at].node, tools))
            for at in missing
        }
    )


def _shown_name(name: str, taken: set[str]) -> str:
    if name not in _TAKEN_NAMES:
        return name
    shown = name + _ALIAS_SUFFIX
    numbered = (f"{shown}_{number}" for number in count(2))
    return shown if shown not in taken else next(other for other in numbered if other not in taken)
