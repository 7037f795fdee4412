"""All that belongs to one run and to nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from penguiflow.planner._loop.judge import Rules
from penguiflow.planner._loop.limits import Deadline
from penguiflow.planner._loop.progress import Fact, Progress, reduce
from penguiflow.planner._loop.run_events import RunEvents
from penguiflow.planner._prompts.conversation import Conversation
from penguiflow.planner.models import AnswerQuality
from penguiflow.planner.trajectory import Trajectory


@dataclass(slots=True, kw_only=True)
class RunState:
    """The run's own copies: two runs of one planner share none of this."""

    trajectory: Trajectory
    conversation: Conversation
    rules: Rules
    deadline: Deadline
    events: RunEvents
    tool_context: dict[str, Any]
    stream_text: bool
    progress: Progress = field(default_factory=Progress)

    @property
    def llm_context(self) -> Mapping[str, Any]:
        """Return what the caller showed to the model."""
        return self.trajectory.llm_context or {}

    def note(self, fact: Fact) -> None:
        """Change the progress by one fact."""
        self.progress = reduce(self.progress, fact)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ends, before it is written out for the caller."""

    thought: str
    quality: AnswerQuality = "none"
    error: str | None = None
