"""The tools of a planner as they are now: its catalog and its sources, after the policy, with the prompt."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from penguiflow._clock import WallClock, wall_clock
from penguiflow.catalog import NodeSpec, ToolSource
from penguiflow.llm.protocol import NativeTools
from penguiflow.planner._prompts.system import Guidance, native_tools, system_prompt
from penguiflow.planner._rules.secret_args import marked_schema
from penguiflow.planner._rules.tool_table import tool_table
from penguiflow.planner.models import ToolPolicy
from penguiflow.redaction import remember_marked_arguments

logger = logging.getLogger("penguiflow.planner")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What the model is told before the question, in both forms."""

    text: str
    native: NativeTools


class Toolbox:
    """Reads the sources anew each time; the prompt is rebuilt only when the tools or the day changed."""

    def __init__(
        self,
        catalog: Sequence[NodeSpec],
        sources: Sequence[ToolSource],
        policy: ToolPolicy | None,
        *,
        guidance: Guidance,
        clock: WallClock = wall_clock,
    ) -> None:
        self._catalog = tuple(catalog)
        self._sources = tuple(sources)
        self._policy = policy
        self._guidance = guidance
        self._clock = clock
        self._last: tuple[tuple[NodeSpec, ...], str, Prompt] | None = None
        self._report_filtered()

    def tools(self) -> Mapping[str, NodeSpec]:
        """Return the visible tools by the names the model uses.

        Raises:
            DuplicateToolError: two visible tools have one name.
        """
        specs = [*self._catalog, *(spec for source in self._sources for spec in source.get_tool_specs())]
        return tool_table(spec for spec in specs if self._is_visible(spec))

    def prompt(self, tools: Mapping[str, NodeSpec]) -> Prompt:
        """Return the prompt for these tools."""
        specs = tuple(tools.values())
        date = datetime.fromtimestamp(self._clock(), UTC).date().isoformat()
        if self._last is None or self._last[1] != date or not _same(self._last[0], specs):
            prompt = Prompt(
                text=system_prompt(tools, date=date, guidance=self._guidance),
                native=native_tools(tools, date=date, guidance=self._guidance),
            )
            self._last = (specs, date, prompt)
            _remember_marks(tools)
        return self._last[2]

    def _is_visible(self, spec: NodeSpec) -> bool:
        return self._policy is None or self._policy.is_allowed(spec.name, spec.tags)

    def _report_filtered(self) -> None:
        removed = sorted(spec.name for spec in self._catalog if not self._is_visible(spec))
        if not removed:
            return
        counts = {
            "removed": removed,
            "original_count": len(self._catalog),
            "filtered_count": len(self._catalog) - len(removed),
        }
        logger.info("planner_tool_policy_filtered", extra=counts)
        if len(removed) == len(self._catalog):
            logger.warning("planner_tool_policy_empty", extra=counts)


def _remember_marks(tools: Mapping[str, NodeSpec]) -> None:
    """Let whoever writes down what the model says know which arguments are secrets."""
    for shown_name, spec in tools.items():
        if (schema := marked_schema(spec.args_model)) is not None:
            for name in {shown_name, spec.name}:
                remember_marked_arguments(name, schema)


def _same(before: Sequence[NodeSpec], now: Sequence[NodeSpec]) -> bool:
    return len(before) == len(now) and all(old is new for old, new in zip(before, now, strict=True))
