"""The programs of the project's first description about messages, nodes and flows, as they were printed."""

from __future__ import annotations

import pytest

from penguiflow import ModelRegistry, NodePolicy, create
from penguiflow.core import FlowStopped
from penguiflow.types import Message
from tests.fakes.flows import message
from tests.fakes.samples import run_sample

CORE_CONCEPTS = """
from pydantic import BaseModel
from penguiflow.types import Message, Headers

class QueryIn(BaseModel):
    text: str

msg = Message(
    payload=QueryIn(text="unique reach last 30 days"),
    headers=Headers(tenant="acme")
)
msg.meta["request_id"] = "abc123"

from penguiflow.node import Node

class QueryOut(BaseModel):
    topic: str

async def triage(msg: QueryIn, ctx) -> QueryOut:
    return QueryOut(topic="metrics")

triage_node = Node(triage, name="triage")
"""

THE_PACKER_IT_LEAVES_OUT = """
class PackOut(BaseModel):
    prompt: str

async def packer(msg: QueryOut, ctx) -> PackOut:
    return PackOut(prompt=f"about {msg.topic}")

packer_node = Node(packer, name="packer")
"""

RUNNING_A_FLOW = """
from penguiflow.core import create

flow = create(
    triage_node.to(packer_node)
)

from penguiflow.registry import ModelRegistry

registry = ModelRegistry()
registry.register("triage", QueryIn, QueryOut)
registry.register("packer", QueryOut, PackOut)

flow.run(registry=registry)

await flow.emit(msg)      # emit into OpenSea
out = await flow.fetch()  # fetch from Rookery
print(out.payload)        # PackOut(...)

await flow.stop()
"""

QUICKSTART = """
from pydantic import BaseModel
from penguiflow import Headers, Message, ModelRegistry, Node, NodePolicy, create

class TriageIn(BaseModel):
    text: str

class TriageOut(BaseModel):
    text: str
    topic: str

class RetrieveOut(BaseModel):
    topic: str
    docs: list[str]

class PackOut(BaseModel):
    prompt: str

async def triage(msg: TriageIn, ctx) -> TriageOut:
    topic = "metrics" if "metric" in msg.text else "general"
    return TriageOut(text=msg.text, topic=topic)

async def retrieve(msg: TriageOut, ctx) -> RetrieveOut:
    docs = [f"doc_{i}_{msg.topic}" for i in range(2)]
    return RetrieveOut(topic=msg.topic, docs=docs)

async def pack(msg: RetrieveOut, ctx) -> PackOut:
    prompt = f"[{msg.topic}] summarize {len(msg.docs)} docs"
    return PackOut(prompt=prompt)

triage_node = Node(triage, name="triage", policy=NodePolicy(validate="both"))
retrieve_node = Node(retrieve, name="retrieve", policy=NodePolicy(validate="both"))
pack_node = Node(pack, name="pack", policy=NodePolicy(validate="both"))

registry = ModelRegistry()
registry.register("triage", TriageIn, TriageOut)
registry.register("retrieve", TriageOut, RetrieveOut)
registry.register("pack", RetrieveOut, PackOut)

flow = create(
    triage_node.to(retrieve_node),
    retrieve_node.to(pack_node),
)
flow.run(registry=registry)

message = Message(
    payload=TriageIn(text="show marketing metrics"),
    headers=Headers(tenant="acme"),
)

await flow.emit(message)
out = await flow.fetch()
print(out.prompt)  # PackOut(prompt='[metrics] summarize 2 docs')

await flow.stop()
"""


async def test_the_flow_sample_prints_the_payload_of_what_it_fetched(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = await run_sample(CORE_CONCEPTS + THE_PACKER_IT_LEAVES_OUT + RUNNING_A_FLOW)

    assert capsys.readouterr().out == "prompt='about metrics'\n"
    sent, got = names["msg"], names["out"]
    assert type(got) is Message
    assert (got.trace_id, got.headers, got.ts) == (sent.trace_id, sent.headers, sent.ts)
    assert got.meta == {"request_id": "abc123"}


async def test_the_quickstart_prints_an_attribute_of_the_payload(capsys: pytest.CaptureFixture[str]) -> None:
    names = await run_sample(QUICKSTART)

    assert capsys.readouterr().out == "[metrics] summarize 2 docs\n"
    assert names["out"].payload == names["PackOut"](prompt="[metrics] summarize 2 docs")
    assert names["out"].headers.tenant == "acme"


@pytest.mark.parametrize("payload", [{"text": "metric"}, "model"])
async def test_the_quickstart_takes_bare_payloads_and_dictionaries_too(payload: object) -> None:
    names = await run_sample(QUICKSTART)
    flow, bare = names["flow"], names["TriageIn"](text="metric") if payload == "model" else payload

    flow.run(registry=names["registry"])
    await flow.emit(bare)
    out = await flow.fetch()
    await flow.stop()

    assert out.prompt == "[metrics] summarize 2 docs"


async def test_a_flow_that_lacks_a_registry_entry_says_so_before_it_runs() -> None:
    names = await run_sample(CORE_CONCEPTS + THE_PACKER_IT_LEAVES_OUT)
    registry = ModelRegistry()
    registry.register("triage", names["QueryIn"], names["QueryOut"])
    flow = create(names["triage_node"].to(names["packer_node"]))

    with pytest.raises(RuntimeError, match="packer"):
        flow.run(registry=registry)
    registry.register("packer", names["QueryOut"], names["PackOut"])
    flow.run(registry=registry)
    await flow.stop()
    with pytest.raises(FlowStopped):
        await flow.fetch()


async def test_validate_none_lets_a_registered_node_take_what_travels_as_it_is() -> None:
    names = await run_sample(CORE_CONCEPTS)
    node = names["triage_node"]
    node.policy = NodePolicy(validate="none")
    registry = ModelRegistry()
    registry.register("triage", names["QueryIn"], names["QueryOut"])
    flow = create(node.to())

    flow.run(registry=registry)
    await flow.emit(message({"no": "query"}))

    assert await flow.fetch() == names["QueryOut"](topic="metrics")
    await flow.stop()
