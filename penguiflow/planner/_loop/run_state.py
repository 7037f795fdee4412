"""All that belongs to one run and to nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from typing import Any

from penguiflow.artifacts import ArtifactStore
from penguiflow.llm.protocol import NativeTools
from penguiflow.planner._kept_runs import KeptRun
from penguiflow.planner._loop.deadline import Deadline
from penguiflow.planner._loop.run_artifacts import RunArtifacts
from penguiflow.planner._loop.run_events import RunEvents
from penguiflow.planner._prompts.conversation import Conversation
from penguiflow.planner._rules.judge import Rules
from penguiflow.planner._rules.progress import Fact, Progress, reduce
from penguiflow.planner.stand_ins import StandIn
from penguiflow.planner.trajectory import Trajectory


@dataclass(slots=True, kw_only=True)
class RunState:
    """The run's own copies: two runs of one planner share none of this.

    `run_id` stays the same across pauses; `owner` names whose conversation memory the run uses. A `stand_in`
    answers in the place of models and tools. `kept` gathers what goes to the caller's store in the end.
    """

    run_id: str
    trajectory: Trajectory
    system_prompt: str
    native_tools: NativeTools
    rules: Rules
    deadline: Deadline
    events: RunEvents
    tool_context: dict[str, Any]
    artifact_store: InitVar[ArtifactStore]
    stream_text: bool
    owner: str | None = None
    stand_in: StandIn | None = None
    kept: KeptRun | None = None
    progress: Progress = field(default_factory=Progress)
    conversation: Conversation = field(init=False)
    artifacts: RunArtifacts = field(init=False)

    def __post_init__(self, artifact_store: ArtifactStore) -> None:
        self.artifacts = RunArtifacts(artifact_store, self.events, self.tool_context)
        self.rebuild_conversation()

    @property
    def llm_context(self) -> Mapping[str, Any]:
        """Return what the caller showed to the model."""
        return self.trajectory.llm_context or {}

    def note(self, fact: Fact) -> None:
        """Change the progress by one fact."""
        self.progress = reduce(self.progress, fact)

    def rebuild_conversation(self) -> None:
        """Write the messages anew after recorded steps changed."""
        self.conversation = Conversation(
            self.system_prompt, self.trajectory, summarised_steps=self.progress.summarised_steps
        )
