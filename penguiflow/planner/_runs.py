"""Begins runs of a planner, goes on with paused ones, and keeps what they leave behind."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from penguiflow._clock import wall_clock
from penguiflow._ids import IdSource, new_id
from penguiflow.catalog import NodeSpec
from penguiflow.planner._assembly import PlannerParts
from penguiflow.planner._json import JsonObject, is_object
from penguiflow.planner._loop.deadline import Deadline
from penguiflow.planner._loop.decide import Decided
from penguiflow.planner._loop.run_events import RunEvents
from penguiflow.planner._loop.run_state import RunState
from penguiflow.planner._loop.waiting import StillOpen
from penguiflow.planner._memory.digest import turn_of
from penguiflow.planner._memory.keys import EphemeralKey, MemoryKey
from penguiflow.planner._pauses.errors import PauseOwnerError
from penguiflow.planner._pauses.going_on import DecidedCall, GoingOn, answer_record, interpret, read_answer
from penguiflow.planner._pauses.record import PausedRun, read_pause
from penguiflow.planner._resource_updates import resource_updates_told
from penguiflow.planner._rules.judge import Rules
from penguiflow.planner._rules.progress import ModelCalled, Progress
from penguiflow.planner._rules.secret_args import hidden_args, secret_texts
from penguiflow.planner.approvals import Decision
from penguiflow.planner.events import PlannerEventCallback
from penguiflow.planner.models import PlannerFinish, PlannerPause
from penguiflow.planner.stand_ins import current_stand_in
from penguiflow.planner.trajectory import Trajectory
from penguiflow.redaction import NOT_STORED, remember_passing_secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """The runs of one planner; each has a state of its own."""

    parts: PlannerParts
    pause_enabled: bool
    streams: bool
    new_run_id: IdSource = new_id

    async def begin(
        self,
        query: str,
        llm_context: JsonObject | None,
        tool_context: dict[str, Any],
        memory_key: MemoryKey | None,
        listeners: Sequence[PlannerEventCallback],
    ) -> PlannerFinish | PlannerPause:
        """Answer a question; see `ReactPlanner.run`."""
        key = self.parts.memories.resolve_key(memory_key, tool_context)
        memory = await self._memory(key)
        state = self.state(
            Trajectory(query=query, llm_context=_with_memory(llm_context, memory)),
            Deadline.after(self.parts.limits.deadline_s, self.parts.clock),
            tool_context,
            listeners,
            owner=_owner(key),
        )
        _tell_memory(state, memory)
        self._count_summaries(state)
        return await self._kept(state, self._drive(state, key))

    async def go_on(
        self,
        token: str,
        user_input: str | Decision | None,
        tool_context: dict[str, Any] | None,
        memory_key: MemoryKey | None,
        listeners: Sequence[PlannerEventCallback],
    ) -> PlannerFinish | PlannerPause:
        """Go on with a run that waits; see `ReactPlanner.resume`."""
        # Everything that may refuse the answer comes before the token is given up.
        looked_at = read_pause(await self.parts.desk.look(token))
        tools = self.parts.toolbox.tools()
        going_on = interpret(looked_at, token, tools, user_input)
        self._conversation(looked_at, token, tool_context, memory_key)
        answer = _answer(going_on, tools, user_input)
        # From here on only what was taken counts: another question of the same step may have been answered.
        record = await self.parts.desk.take(token, answer)
        state, key, memory = await self._resumed(record, token, tool_context, memory_key, listeners)
        if isinstance(user_input, str) and user_input:
            state.events.emit("resume", user_input=user_input)
        else:
            state.events.emit("resume")
        _tell_memory(state, memory)
        return await self._kept(state, self._drive_on(state, key, token, record, user_input))

    async def recover(
        self,
        token: str,
        tool_context: dict[str, Any] | None,
        memory_key: MemoryKey | None,
        listeners: Sequence[PlannerEventCallback],
    ) -> PlannerFinish | PlannerPause:
        """Go on with a run whose process died after somebody answered; see `ReactPlanner.recover`."""
        record, answer = await self.parts.desk.claimed(token)
        state, key, memory = await self._resumed(record, token, tool_context, memory_key, listeners)
        state.events.emit("resume", answer=answer)
        _tell_memory(state, memory)
        return await self._kept(state, self._drive_on(state, key, token, record, read_answer(answer)))

    async def decide(self, trajectory: Trajectory, listeners: Sequence[PlannerEventCallback]) -> Decided:
        """Return the model's next decision for a trajectory; see `ReactPlanner.step`."""
        deadline = Deadline.after(self.parts.limits.deadline_s, self.parts.clock)
        return await self.parts.driver.decider.decide(self.state(trajectory, deadline, {}, listeners))

    def state(
        self,
        trajectory: Trajectory,
        deadline: Deadline,
        tool_context: dict[str, Any],
        listeners: Sequence[PlannerEventCallback],
        *,
        owner: str | None = None,
        progress: Progress | None = None,
        run_id: str | None = None,
    ) -> RunState:
        """Return the state of a run that begins or goes on now."""
        parts = self.parts
        tools = parts.toolbox.tools()
        prompt = parts.toolbox.prompt(tools)
        kept = parts.keeper.begun(tool_context)
        return RunState(
            run_id=run_id or self.new_run_id(),
            trajectory=trajectory,
            system_prompt=prompt.text,
            native_tools=prompt.native,
            rules=Rules(
                tools=tools, limits=parts.limits, hints=parts.hints, pause_enabled=self.pause_enabled
            ),
            deadline=deadline,
            events=RunEvents((*listeners, kept.hear) if kept else listeners, wall_clock, trajectory),
            tool_context=tool_context,
            artifact_store=parts.artifacts,
            stream_text=self.streams,
            owner=owner,
            progress=progress or Progress(),
            stand_in=current_stand_in(),
            kept=kept,
        )

    def _conversation(
        self,
        paused: PausedRun,
        token: str,
        tool_context: dict[str, Any] | None,
        memory_key: MemoryKey | None,
    ) -> tuple[dict[str, Any], MemoryKey | None]:
        """Return the tool context with which a run goes on, and whose conversation it is.

        Raises:
            PauseOwnerError: somebody else's than the run's.
        """
        kept = {**(paused.trajectory.tool_context or {}), **self.parts.desk.live_context(token)}
        context = kept if tool_context is None else tool_context
        key = self.parts.memories.resolve_key(memory_key, context)
        if None not in (_owner(key), paused.owner) and _owner(key) != paused.owner:
            raise PauseOwnerError(
                "the run under this token belongs to another conversation; "
                "resume it with the memory key it began with"
            )
        return context, key

    async def _resumed(
        self,
        record: JsonObject,
        token: str,
        tool_context: dict[str, Any] | None,
        memory_key: MemoryKey | None,
        listeners: Sequence[PlannerEventCallback],
    ) -> tuple[RunState, MemoryKey | None, Mapping[str, Any] | None]:  # any JSON
        paused = read_pause(record)
        context, key = self._conversation(paused, token, tool_context, memory_key)
        memory = await self._memory(key)
        paused.trajectory.llm_context = _with_memory(paused.trajectory.llm_context, memory)
        state = self.state(
            paused.trajectory,
            Deadline.after(paused.deadline_remaining_s, self.parts.clock),
            context,
            listeners,
            owner=_owner(key) or paused.owner,
            progress=paused.progress,
            run_id=paused.run_id,
        )
        return state, key, memory

    async def _kept(
        self, state: RunState, work: Awaitable[PlannerFinish | PlannerPause]
    ) -> PlannerFinish | PlannerPause:
        try:
            with resource_updates_told(state.rules.tools.values(), state.events):
                return await work
        finally:
            await self.parts.keeper.keep(state.kept, state.trajectory)

    async def _drive(self, state: RunState, key: MemoryKey | None) -> PlannerFinish | PlannerPause:
        return await self._remembered(state, key, await self.parts.driver.drive(state))

    async def _drive_on(
        self,
        state: RunState,
        key: MemoryKey | None,
        token: str,
        record: JsonObject,
        user_input: str | Decision | None,
    ) -> PlannerFinish | PlannerPause:
        paused = read_pause(record)
        going_on = interpret(paused, token, state.rules.tools, user_input)
        still_open = StillOpen(questions=paused.without(token), group=record.get("group"))
        result = await self.parts.driver.go_on(state, going_on, still_open, token)
        await self.parts.desk.release(token)
        return await self._remembered(state, key, result)

    async def _memory(self, key: MemoryKey | None) -> Mapping[str, Any] | None:  # any JSON
        """Return what the conversation memory shows to the model, `None` when there is none."""
        if (outside := current_stand_in()) is not None:
            return outside.memory()
        return await self.parts.memories.context(key) if key is not None else None

    async def _remembered(
        self, state: RunState, key: MemoryKey | None, result: PlannerFinish | PlannerPause
    ) -> PlannerFinish | PlannerPause:
        if key is None or isinstance(result, PlannerPause) or state.stand_in is not None:
            return result
        turn = turn_of(
            state.trajectory.query,
            result.payload,
            state.trajectory.steps,
            result.metadata["thought"],
            self.parts.memories.config,
            ts=wall_clock(),
        )
        with self.parts.memory_summaries.on_behalf_of(key.composite()):
            standing = await self.parts.memories.record(key, turn)
        if standing is not None:
            state.events.emit(
                "memory_turn_added",
                memory_key=key.composite(),
                health=standing.health,
                memory_tokens=standing.tokens,
            )
        return result

    def _count_summaries(self, state: RunState) -> None:
        for reply in self.parts.memory_summaries.take_calls(state.owner) if state.owner else ():
            state.note(ModelCalled("summarizer", reply))
            usage = reply.usage if reply else None
            state.events.emit(
                "llm_call",
                action_seq=0,
                attempt=1,
                purpose="memory_summary",
                model=reply.model if reply else None,
                cost_usd=reply.cost_usd if reply else None,
                input_tokens=usage.input_tokens if usage else None,
                output_tokens=usage.output_tokens if usage else None,
                cached_tokens=usage.cached_tokens if usage else None,
                reasoning_tokens=usage.reasoning_tokens if usage else None,
            )


def _answer(
    going_on: GoingOn, tools: Mapping[str, NodeSpec], user_input: str | Decision | None
) -> JsonObject:
    """Return what is stored of an answer: of the secrets in it, which are hidden from now on, nothing."""
    record = answer_record(user_input)
    spec = tools.get(going_on.call.node) if isinstance(going_on, DecidedCall) else None
    if spec is None or not is_object(record.get("args")):
        return record
    for secret in secret_texts(spec, record["args"]):
        remember_passing_secret(secret)
    return {**record, "args": hidden_args(spec, record["args"], NOT_STORED)}


def _with_memory(
    llm_context: Mapping[str, Any] | None, memory: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    if memory is None:
        return dict(llm_context) if llm_context is not None else None
    return {**(llm_context or {}), **memory}


def _tell_memory(state: RunState, memory: Mapping[str, Any] | None) -> None:
    if memory is not None:
        state.events.emit("memory_read", memory=memory)


def _owner(key: MemoryKey | None) -> str | None:
    """Return whose conversation a key stands for; a key that is made up for one call stands for nobody's."""
    return None if key is None or isinstance(key, EphemeralKey) else key.composite()
