"""The tools of a planner as they are now: its catalog and its sources, after the policy, with the prompt."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from penguiflow._clock import WallClock, wall_clock
from penguiflow.catalog import NodeSpec, ToolSource
from penguiflow.planner._loop.tool_table import tool_table
from penguiflow.planner._prompts.system import system_prompt
from penguiflow.planner.models import ToolPolicy

logger = logging.getLogger("penguiflow.planner")


class Toolbox:
    """Reads the sources anew each time; the prompt is rebuilt only when the tools or the day changed."""

    def __init__(
        self,
        catalog: Sequence[NodeSpec],
        sources: Sequence[ToolSource],
        policy: ToolPolicy | None,
        *,
        prompt_extra: str | None,
        clock: WallClock = wall_clock,
    ) -> None:
        self._catalog = tuple(catalog)
        self._sources = tuple(sources)
        self._policy = policy
        self._prompt_extra = prompt_extra
        self._clock = clock
        self._last_prompt: tuple[tuple[int, ...], str, str] = ((), "", "")
        self._report_filtered()

    def tools(self) -> Mapping[str, NodeSpec]:
        """Return the visible tools by the names the model uses.

        Raises:
            DuplicateToolError: two visible tools have one name.
        """
        specs = [*self._catalog, *(spec for source in self._sources for spec in source.get_tool_specs())]
        return tool_table(spec for spec in specs if self._is_visible(spec))

    def prompt(self, tools: Mapping[str, NodeSpec]) -> str:
        """Return the system prompt for these tools."""
        identity = tuple(map(id, tools.values()))
        date = datetime.fromtimestamp(self._clock(), UTC).date().isoformat()
        if self._last_prompt[:2] != (identity, date) or not self._last_prompt[2]:
            self._last_prompt = (identity, date, system_prompt(tools, date=date, extra=self._prompt_extra))
        return self._last_prompt[2]

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
