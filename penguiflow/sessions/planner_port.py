"""What a session uses of a `ReactPlanner`; a wrapper that offers the same is as good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from penguiflow.catalog import NodeSpec, ToolSource
from penguiflow.planner.approvals import Decision
from penguiflow.planner.models import PlannerFinish, PlannerPause


@runtime_checkable
class Planner(Protocol):
    """See `penguiflow.planner.ReactPlanner`, which satisfies this."""

    @property
    def model_name(self) -> str | None: ...

    @property
    def tool_sources(self) -> Sequence[ToolSource]: ...

    @property
    def state_store(self) -> object | None: ...

    def visible_tools(self) -> Sequence[NodeSpec]: ...

    def check_ready(self) -> None: ...

    async def run(
        self,
        query: str,
        *,
        llm_context: Mapping[str, Any] | None = None,
        tool_context: Mapping[str, Any] | None = None,
    ) -> PlannerFinish | PlannerPause: ...

    async def resume(
        self,
        token: str,
        user_input: str | Decision | None = None,
    ) -> PlannerFinish | PlannerPause: ...

    async def check_edit(self, token: str, args: Mapping[str, Any]) -> Sequence[str]: ...
