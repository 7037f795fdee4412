"""Flow events as MLflow metrics; where MLflow is not installed, they go to stdout."""

from __future__ import annotations

import asyncio

from penguiflow import FlowEvent, Headers, Message, Node, NodePolicy, create

try:
    import mlflow
except ImportError:
    mlflow = None

WATCHED = ("node_success", "node_error", "node_timeout")


class MetricsCollector:
    """A middleware that only collects, because nodes wait for it; exporting comes after the run."""

    def __init__(self) -> None:
        self.events: list[FlowEvent] = []

    async def __call__(self, event: FlowEvent) -> None:
        if event.event_type in WATCHED:
            self.events.append(event)


def metrics_of(event: FlowEvent) -> dict[str, float]:
    return {f"{event.node_name}/{name}": value for name, value in event.metric_samples().items()}


def to_stdout(events: list[FlowEvent]) -> None:
    for step, event in enumerate(events):
        print(step, event.event_type, " ".join(sorted(metrics_of(event))))


def to_mlflow(events: list[FlowEvent]) -> None:
    with mlflow.start_run(run_name="penguiflow"):
        mlflow.set_tag("nodes", ",".join(sorted({event.node_name for event in events})))
        for step, event in enumerate(events):
            mlflow.log_metrics(metrics_of(event), step=step)


async def clean(msg: Message, ctx) -> Message:
    return msg.model_copy(update={"payload": msg.payload.strip()})


async def count(msg: Message, ctx) -> Message:
    return msg.model_copy(update={"payload": len(msg.payload.split())})


async def main() -> None:
    untyped = NodePolicy(validate="none")
    cleaning, counting = Node(clean, policy=untyped), Node(count, policy=untyped)
    collector = MetricsCollector()

    flow = create(cleaning.to(counting), counting.to(), middlewares=[collector])
    flow.run()
    await flow.emit(Message(payload="  one fish ", headers=Headers(tenant="acme")))
    print("words:", (await flow.fetch()).payload)
    await flow.stop()

    export = to_stdout if mlflow is None else to_mlflow
    export(collector.events)


if __name__ == "__main__":
    asyncio.run(main())
