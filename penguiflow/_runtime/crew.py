"""The workers of one run of a flow: started together, stopped together, each one awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from penguiflow._runtime.worker import Worker
from penguiflow._runtime.worker_task import WorkerTask
from penguiflow.errors import FlowStopped


class Crew:
    """Owns the worker tasks; `on_loss` is called once if one ends that nobody dismissed."""

    __slots__ = ("_dismissed", "_on_loss", "_tasks")

    def __init__(self, workers: Iterable[Worker], on_loss: Callable[[FlowStopped], None]) -> None:
        self._on_loss = on_loss
        self._tasks: dict[asyncio.Task[None], Worker] = {}
        self._dismissed = False
        for worker in workers:
            task = WorkerTask(worker.run(), name=f"penguiflow:{worker.node.name}")
            self._tasks[task] = worker
            task.add_done_callback(self._worker_ended)

    def dismiss(self) -> None:
        """Ask all workers to end."""
        self._dismissed = True
        for task, worker in self._tasks.items():
            worker.close()
            if not worker.is_interrupted():  # a second cancellation would cut its cleaning up short
                task.cancel()

    async def ended(self, grace_s: float) -> tuple[str, ...]:
        """Wait for the workers; return the names of the nodes that still run after `grace_s` seconds."""
        at_work = [task for task in self._tasks if not task.done()]
        if at_work:  # tasks that have ended may belong to an event loop that is closed
            await asyncio.wait(at_work, timeout=grace_s)
        return self.at_work()

    def at_work(self) -> tuple[str, ...]:
        """Return the names of the nodes whose workers run."""
        return tuple(
            dict.fromkeys(worker.node.name for task, worker in self._tasks.items() if not task.done())
        )

    def _worker_ended(self, task: asyncio.Task[None]) -> None:
        failure = None if task.cancelled() else task.exception()
        if self._dismissed or task not in self._tasks:
            return
        name = self._tasks[task].node.name
        reason = "was cancelled, perhaps by its node" if failure is None else f"failed with {failure!r}"
        loss = FlowStopped(f"the flow stopped because the worker of `{name}` {reason}; await `stop()`")
        loss.__cause__ = failure
        self.dismiss()
        self._on_loss(loss)
