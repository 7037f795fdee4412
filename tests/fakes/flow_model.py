"""What a test expects of a small flow whose work is drawn: jobs, shapes of graphs, and their account."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from penguiflow import WM, Context, FlowError, Message, Node, NodePolicy, PenguiFlow, StreamChunk, create
from tests.fakes.flows import message

Behaviour: TypeAlias = Literal[
    "pass", "yield", "slow", "fail once", "fail", "time out", "stream", "swallow", "insist", "group", "limit"
]
Shape: TypeAlias = Literal["chain", "fan-out", "fan-in", "loop"]
Path: TypeAlias = tuple[str, ...]

FAILING: frozenset[Behaviour] = frozenset({"fail", "time out"})
MAY_FAIL: frozenset[Behaviour] = FAILING | {"stream"}
"""A stream that nobody fetches for a while runs into the timeout of its node."""
CHUNKS = 3
CHILD = "child"
"""The name of the tasks that nodes start and await."""
HOPS = 3

PATHS: dict[Shape, tuple[Path, ...]] = {
    "chain": (("x", "y"),),
    "fan-out": (("x",), ("y",), ("z",)),
    "fan-in": (("x", "join"), ("y", "join")),
    "loop": ((),),
}


@dataclass(slots=True)
class Job:
    """One message that a caller wants to send; `number` identifies it, `run` is the run it belongs to."""

    number: int
    trace_id: str
    behaviour: Behaviour
    run: int
    accepted: bool = False
    attempts: int = 0
    paths: list[Path] = field(default_factory=list)
    chunks: dict[Path, list[int]] = field(default_factory=lambda: defaultdict(list))


class Account:
    """What was asked of a flow, what its first node saw, and what came back."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.run = 0
        self.jobs: dict[int, Job] = {}
        self.errors: Counter[str] = Counter()
        self.cancelled: set[str] = set()
        """Traces of which nothing may come any more."""
        self.asked_for: set[str] = set()
        """Traces whose results are asked for by their id; a caller may have given up meanwhile."""
        self.in_doubt: set[str] = set()
        """Traces of several jobs that were cancelled: any of them may be missing."""
        self.came: dict[Path, list[int]] = defaultdict(list)
        """Jobs in the order of their results, per path."""
        self.entered: list[int] = []
        self.started: list[int] = []
        self.fed: dict[tuple[str, Path], list[int]] = defaultdict(list)
        """Numbers of the chunks that callers sent, as they came out, per stream and path."""

    def job(self, trace_id: str, behaviour: Behaviour) -> Job:
        """Note a new job."""
        job = Job(len(self.jobs), trace_id, behaviour, self.run)
        self.jobs[job.number] = job
        return job

    def message(self, job: Job) -> Message:
        """Return what is sent for the job."""
        payload = WM(query="q", budget_hops=HOPS) if self.shape == "loop" else job.number
        return message(payload, trace_id=job.trace_id, meta={"job": job.number, "path": ()})

    def accept(self, job: Job) -> None:
        """Note that the flow has taken the job; that is the moment when it is queued."""
        job.accepted = True
        self.entered.append(job.number)

    def receive(self, out: Any, *, sought: bool = False) -> None:  # whatever a flow returns
        """Note a result and refuse one that must not come; `sought`: it was fetched by its trace."""
        assert out.trace_id not in self.cancelled, f"cancelled trace {out.trace_id} answered"
        if isinstance(out, FlowError):
            assert out.trace_id is not None
            self.errors[out.trace_id] += 1
            assert self.errors[out.trace_id] == 1, f"trace {out.trace_id} failed twice"
            return
        path: Path = out.meta["path"]
        if isinstance(out.payload, StreamChunk) and "job" not in out.meta:
            self.fed[out.payload.stream_id, path].append(out.payload.seq)
            return
        job = self.jobs[out.meta["job"]]
        assert job.accepted, f"job {job.number} was given up by its caller and came nevertheless"
        assert job.run == self.run, f"job {job.number} of run {job.run} came in run {self.run}"
        if isinstance(out.payload, StreamChunk):
            job.chunks[path].append(out.payload.seq)
            assert job.chunks[path] == list(range(len(job.chunks[path]))), "chunks out of order"
            return
        assert job.behaviour not in FAILING
        assert path not in job.paths, f"job {job.number} came twice by {path}"
        job.paths.append(path)
        if not sought:
            self.came[path].append(job.number)

    def forget_stream(self, stream_id: str) -> None:
        """Expect the chunks of this stream to begin again."""
        for key in [key for key in self.fed if key[0] == stream_id]:
            del self.fed[key]

    def owed(self) -> list[Job]:
        """Return the jobs of this run that were accepted and not wholly answered, whatever the reason."""
        return [job for job in self.jobs.values() if job.run == self.run and self._is_owed(job)]

    def check_order(self, lanes: int) -> None:
        """Check that jobs start and come out as they entered, at least those of one trace."""
        if self.shape == "loop":
            return
        done = [job for job in self.jobs.values() if job.run == self.run]
        groups = [{job.number for job in done}]
        if lanes > 1:
            by_trace: dict[str, set[int]] = defaultdict(set)
            for job in done:
                by_trace[job.trace_id].add(job.number)
            groups = list(by_trace.values())
        for group in groups:
            started = [number for number in self.started if number in group]
            entered = [number for number in self.entered if number in started]
            assert started == entered, "jobs overtook each other"
            for path, numbers in self.came.items():
                came = [number for number in numbers if number in group]
                assert came == [number for number in started if number in came], f"overtaken on {path}"

    def _is_owed(self, job: Job) -> bool:
        if not job.accepted or job.trace_id in self.cancelled | self.in_doubt:
            return False
        if self.errors[job.trace_id]:
            return job.behaviour not in MAY_FAIL
        chunks = CHUNKS if job.behaviour == "stream" else 0
        paths = PATHS[self.shape]
        return len(job.paths) < len(paths) or any(len(job.chunks[path]) < chunks for path in paths)


def build(account: Account, *, maxsize: int, lanes: int, **options: Any) -> tuple[PenguiFlow, int]:
    """Build a flow of the account's shape; return it with the number of its workers."""
    policy = NodePolicy("none", timeout_s=5.0, max_retries=1, backoff_base=0.2, max_concurrency=lanes)
    root = Node(_work(account), "root", policy, allow_cycle=account.shape == "loop")
    x, y, z = (Node(_hold(name), name, NodePolicy("none")) for name in "xyz")
    join = Node(_hold("join"), "join", NodePolicy("none"))
    edges = {
        "chain": (root.to(x), x.to(y)),
        "fan-out": (root.to(x, y, z),),
        "fan-in": (root.to(x, y), x.to(join), y.to(join)),
        "loop": (root.to(root),),
    }[account.shape]
    flow = create(*edges, queue_maxsize=maxsize, emit_errors_to_rookery=True, **options)
    return flow, lanes - 1 + len(flow.graph.nodes)


def _work(account: Account) -> Callable[[Any, Any], Any]:
    async def work(msg: Message, ctx: Context) -> Message | None:
        if "job" not in msg.meta:
            return msg  # a chunk that a caller sent
        job = account.jobs[msg.meta["job"]]
        job.attempts += 1
        if job.attempts == 1:
            account.started.append(job.number)
        if job.behaviour == "fail" or (job.behaviour == "fail once" and job.attempts == 1):
            raise ValueError(job.behaviour)
        if job.behaviour in _DEEDS:
            await _DEEDS[job.behaviour](msg, ctx)
        return msg

    return work


async def _yield(msg: Message, ctx: Context) -> None:
    await asyncio.sleep(0)


async def _be_slow(msg: Message, ctx: Context) -> None:
    await asyncio.sleep(0.5)


async def _be_too_slow(msg: Message, ctx: Context) -> None:
    await asyncio.sleep(60)


async def _stream(msg: Message, ctx: Context) -> None:
    for number in range(CHUNKS):
        await ctx.emit_chunk(parent=msg, text=str(number), done=number == CHUNKS - 1)


async def _swallow(msg: Message, ctx: Context) -> None:
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(0.1)


async def _insist(msg: Message, ctx: Context) -> None:
    try:
        await asyncio.sleep(0.1)
    except asyncio.CancelledError:
        await ctx.emit(msg)
        raise


async def _group(msg: Message, ctx: Context) -> None:
    async def fail_late() -> None:
        await asyncio.sleep(0.1)
        raise ValueError("child")

    with suppress(ExceptionGroup):
        async with asyncio.TaskGroup() as group:
            group.create_task(fail_late(), name=CHILD)
            group.create_task(asyncio.sleep(5), name=CHILD)


async def _limit(msg: Message, ctx: Context) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(0.1):
            await asyncio.sleep(5)


_DEEDS: dict[Behaviour, Callable[[Message, Context], Coroutine[Any, Any, None]]] = {
    "yield": _yield,
    "slow": _be_slow,
    "time out": _be_too_slow,
    "stream": _stream,
    "swallow": _swallow,
    "insist": _insist,
    "group": _group,
    "limit": _limit,
}


def _hold(name: str) -> Callable[[Any, Any], Any]:
    async def hold(msg: Message, ctx: Context) -> Message:
        await asyncio.sleep(msg.meta.get("job", 0) % 3 * 0.1)
        return msg.model_copy(update={"meta": {**msg.meta, "path": (*msg.meta["path"], name)}})

    return hold
