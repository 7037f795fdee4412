from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from penguiflow import Message
from penguiflow.patterns import union_router
from penguiflow.policies import DictRoutingPolicy
from tests.fakes.flows import message
from tests.patterns.arrivals import Arrivals, failure_of


class Web(BaseModel):
    kind: Literal["web"] = "web"
    query: str


class Sql(BaseModel):
    kind: Literal["sql"] = "sql"
    statement: str


class Plain(BaseModel):
    model_config = ConfigDict(extra="forbid")
    plain: int


class Other(BaseModel):
    model_config = ConfigDict(extra="forbid")
    other: int


class Question(Message):
    kind: Literal["question"] = "question"


class Command(Message):
    kind: Literal["command"] = "command"


Lookup = Annotated[Web | Sql, Field(discriminator="kind")]


@pytest.mark.parametrize("item", [Web(query="q"), Sql(statement="s")])
async def test_a_variant_goes_to_the_successor_that_is_named_like_its_kind(item: Web | Sql) -> None:
    arrivals = Arrivals()

    await arrivals.send(union_router("r", Lookup), [arrivals.node("sql"), arrivals.node("web")], item)

    assert arrivals.log == [(item.kind, item)]


async def test_the_validated_object_goes_on() -> None:
    arrivals = Arrivals()

    await arrivals.send(union_router("r", Lookup), [arrivals.node("web")], {"kind": "web", "query": "q"})

    assert arrivals.log == [("web", Web(query="q"))]


async def test_a_variant_without_a_kind_goes_to_the_successor_that_is_named_like_its_class() -> None:
    arrivals = Arrivals()

    await arrivals.send(
        union_router("r", Plain | Other), [arrivals.node("Other"), arrivals.node("Plain")], Plain(plain=1)
    )

    assert arrivals.log == [("Plain", Plain(plain=1))]


@pytest.mark.parametrize("payload", [Web(query="q"), {"kind": "web", "query": "q"}])
async def test_the_payload_of_a_message_is_validated_and_keeps_its_envelope(payload: Any) -> None:
    arrivals = Arrivals()
    sent = message(payload, meta={"k": 1}, deadline_s=1e12)

    await arrivals.send(union_router("r", Lookup), [arrivals.node("web")], sent)

    assert arrivals.log == [("web", sent.model_copy(update={"payload": Web(query="q")}))]
    assert sent.payload is payload


async def test_a_message_around_a_valid_payload_is_passed_on_as_it_is() -> None:
    arrivals = Arrivals()
    sent = message(Web(query="q"))

    await arrivals.send(union_router("r", Lookup), [arrivals.node("web")], sent)

    assert arrivals.log[0][1] is sent


async def test_a_union_of_messages_is_matched_by_the_whole_message() -> None:
    arrivals = Arrivals()
    sent = Command(**message("payload").model_dump())

    await arrivals.send(
        union_router("r", Annotated[Question | Command, Field(discriminator="kind")]),
        [arrivals.node("question"), arrivals.node("command")],
        sent,
    )

    assert arrivals.log == [("command", sent)]


@pytest.mark.parametrize("payload", [{"kind": "fax"}, "text", None])
async def test_what_is_no_variant_fails_the_router(payload: Any) -> None:
    arrivals = Arrivals()
    error = await failure_of(union_router("r", Lookup), [arrivals.node("web")], message(payload))

    assert isinstance(error.unwrap(), ValidationError)


async def test_a_variant_that_no_successor_takes_fails_the_router() -> None:
    arrivals = Arrivals()
    error = await failure_of(union_router("r", Lookup), [arrivals.node("web")], message(Sql(statement="s")))

    assert isinstance(error.unwrap(), KeyError)
    assert "No successor named 'sql'; router `r` leads to `web`" in error.message


async def test_a_policy_may_send_a_variant_elsewhere() -> None:
    arrivals = Arrivals()
    policy = DictRoutingPolicy(
        {"web": ["sql", "web"], "sql": None}, key_getter=lambda request: request.message.kind
    )
    router = union_router("r", Lookup, policy=policy)

    labels = await arrivals.send(
        router, [arrivals.node("web"), arrivals.node("sql")], Web(query="q"), Sql(statement="s")
    )

    assert sorted(labels) == ["sql", "web"]
