"""A run as a trace: the SDK of OpenTelemetry gets its spans, and here prints them as a tree.

    pip install 'penguiflow[otel]'
    python examples/opentelemetry/main.py

With `follow_session` a program that traces already sends the runs of its agent as it sends everything else.
`penguiflow run` needs no code, only a variable:

    OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 penguiflow run "Which tea?"
"""

from __future__ import annotations

import asyncio

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import BaseModel

from penguiflow import ReactPlanner, build_catalog, tool
from penguiflow.llm import ScriptedLLM
from penguiflow.sessions import AgentSession, PlannerAgent
from penguiflow.sessions.projections.otel import follow_session
from penguiflow.state.in_memory import InMemoryStateStore


class Shelf(BaseModel):
    name: str


class Teas(BaseModel):
    teas: list[str]


@tool(desc="Look what stands on a shelf", side_effects="read")
async def look(args: Shelf) -> Teas:
    if args.name == "top":
        raise LookupError("the ladder is missing")
    return Teas(teas=["green", "black"])


SCRIPT = [
    {"next_node": "look", "args": {"name": "top"}},
    {"next_node": "look", "args": {"name": "middle"}},
    {"next_node": "final_response", "args": {"answer": "Green or black."}},
]
SHOWN = ("gen_ai.provider.name", "gen_ai.tool.call.id", "penguiflow.run.outcome", "error.type")


def print_tree(exporter: InMemorySpanExporter) -> None:
    *inner, run = exporter.get_finished_spans()
    for depth, span in [(0, run), *((1, each) for each in inner)]:
        told = [f"{name}={span.attributes[name]}" for name in SHOWN if name in span.attributes]
        print("  " * depth + span.name, *told)


async def main() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    planner = ReactPlanner(llm_client=ScriptedLLM(SCRIPT), catalog=build_catalog([look]))
    session = await AgentSession.open(PlannerAgent(planner, name="tea shop"), InMemoryStateStore())
    telemetry = follow_session(session, tracer_provider=provider)
    await session.ask("Which tea?")
    await session.aclose()
    await telemetry.aclose()  # after the session, so that the end of its last run is seen

    print_tree(exporter)


if __name__ == "__main__":
    asyncio.run(main())
