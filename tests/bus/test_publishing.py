"""What a flow publishes, read back from real servers."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel
from redis.asyncio import Redis

from penguiflow import Headers, Message
from penguiflow.artifacts import InMemoryArtifactStore
from penguiflow.bus import BusEnvelope, BusLimits
from tests.bus.brokers import Broker, NatsBroker, Publisher, RedisBroker, first_of_each
from tests.fakes.flows import chain, message, passes_on, untyped
from tests.fakes.mcp_processes import until

pytestmark = pytest.mark.process

ROUNDS = 50


class Herring(BaseModel):
    name: str
    weight_g: int


@dataclass
class Catch:
    ship: str
    herrings: list[Herring]


def envelope(payload: object, **meta: object) -> BusEnvelope:
    return BusEnvelope(
        edge="a->b", source="a", target="b", trace_id="t", payload=payload, headers=None, meta=meta
    )


async def publish(bus: Publisher, *payloads: object) -> None:
    async with asyncio.timeout(10), bus:
        for payload in payloads:
            await bus.publish(envelope(payload))


async def test_a_flow_publishes_each_item_on_each_edge_in_order(broker: Broker) -> None:
    async with asyncio.timeout(10), broker.publisher("edges") as bus:
        flow = chain(untyped(passes_on, "a"), untyped(passes_on, "b"), message_bus=bus)
        flow.run()
        for number in range(ROUNDS):
            await flow.emit(message(number, trace_id=f"trace-{number}", meta={"number": number}))
            await flow.fetch()
        await flow.stop()

    read = await broker.read("edges")

    assert [each["edge"] for each in read] == ["OpenSea->a", "a->b", "b->Rookery"] * ROUNDS
    assert [each["seq"] for each in read] == list(range(1, 3 * ROUNDS + 1))
    assert [each["meta"]["number"] for each in read] == [number for number in range(ROUNDS) for _ in "abc"]
    assert bus.statistics().sent == 3 * ROUNDS
    assert len({each["publisher"] for each in read}) == 1
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_an_envelope_tells_all_about_an_item(broker: Broker) -> None:
    item = Message(
        payload=Herring(name="Ann", weight_g=200),
        headers=Headers(tenant="acme", topic="fish"),
        trace_id="t",
        ts=1.5,
        meta={"hop": 1},
    )
    facts = BusEnvelope(
        edge="a->b",
        source="a",
        target="b",
        trace_id="t",
        payload=item,
        headers=item.headers.model_dump(),
        meta=item.meta,
    )
    async with asyncio.timeout(10), broker.publisher("facts") as bus:
        await bus.publish(facts)

    (read,) = await broker.read("facts")

    headers = {"tenant": "acme", "topic": "fish", "priority": 0}
    assert read.pop("ts") > 1_700_000_000
    assert read.pop("id") == f"{read.pop('publisher')}-1"
    assert read == {
        "version": 1,
        "seq": 1,
        "edge": "a->b",
        "source": "a",
        "target": "b",
        "trace_id": "t",
        "payload": {
            "payload": {"name": "Ann", "weight_g": 200},
            "headers": headers,
            "trace_id": "t",
            "ts": 1.5,
            "deadline_s": None,
            "meta": {"hop": 1},
        },
        "headers": headers,
        "meta": {"hop": 1},
        "large": {},
    }


async def test_an_item_is_published_as_it_was_whatever_becomes_of_it(broker: Broker) -> None:
    basket = ["krill"]
    async with asyncio.timeout(10), broker.publisher("changed") as bus:
        await bus.publish(envelope(basket))
        basket.append("squid")

    assert [each["payload"] for each in await broker.read("changed")] == [["krill"]]


async def test_values_without_json_form_are_published_as_text(broker: Broker) -> None:
    class Speechless:
        def __str__(self) -> str:
            raise RuntimeError("no words")

    await publish(
        broker.publisher("values"),
        Catch(ship="Fram", herrings=[Herring(name="Ann", weight_g=200)]),
        {"price": float("nan"), 1: {2}, "raw": b"\xc3\xa9\xff"},
        ConnectionError("the station does not answer"),
        "lone \ud800 surrogate",
        Speechless(),
    )

    assert [each["payload"] for each in await broker.read("values")] == [
        {"ship": "Fram", "herrings": [{"name": "Ann", "weight_g": 200}]},
        {"price": "nan", "1": [2], "raw": "é\ufffd"},
        "the station does not answer",
        "lone ? surrogate",
        "<Speechless>",
    ]


async def test_secrets_stay_out_of_the_stream(broker: Broker) -> None:
    key = "sk-" + "a" * 24
    async with asyncio.timeout(10), broker.publisher("secrets") as bus:
        await bus.publish(envelope({"api_key": "hunter2", "text": f"use {key}, please"}, token="hunter2"))
        large = {"cookie": "hunter2", "api_key": "hunter2", "pages": [f"{key} {'krill ' * 300_000}"]}
        await bus.publish(envelope(large))

    read = await broker.read("secrets")

    text = json.dumps(read)
    assert "hunter2" not in text
    assert key not in text
    assert read[0]["payload"] == {"api_key": "[redacted]", "text": "use [redacted], please"}
    assert read[0]["meta"] == {"token": "[redacted]"}
    assert read[1]["large"]["payload"]["preview"].startswith('{"cookie":"[redacted]","api_key":"[redacted]"')


async def test_a_payload_beyond_the_size_of_a_message_is_cut_and_counted(broker: Broker) -> None:
    pages = ["krill " * 100 for _ in range(3_000)]
    bus = broker.publisher("large")
    await publish(bus, "small", pages, "small too")

    small, large, small_too = await broker.read("large")

    assert (small["payload"], small_too["payload"]) == ("small", "small too")
    assert large["payload"] is None
    told = large["large"]["payload"]
    assert told["preview"].startswith('["krill krill ')
    assert told == {
        "size_bytes": len(json.dumps(pages, separators=(",", ":"))),
        "preview": told["preview"],
        "truncated": True,
        "ref": None,
    }
    assert (bus.statistics().truncated, bus.statistics().sent) == (1, 3)


async def test_a_large_payload_goes_by_reference_into_an_artifact_store(broker: Broker) -> None:
    store = InMemoryArtifactStore()
    pages = {"password": "hunter2", "pages": ["krill " * 100 for _ in range(3_000)]}
    bus = broker.publisher("reference", artifact_store=store)
    await publish(bus, "small", pages)

    small, large = await broker.read("reference")

    told = large["large"]["payload"]
    kept = await store.get(told["ref"]["id"])
    assert kept is not None
    assert json.loads(kept) == {**pages, "password": "[redacted]"}
    assert (told["truncated"], told["size_bytes"]) == (False, len(kept))
    assert (large["payload"], small["large"]) == (None, {})
    assert bus.statistics().truncated == 0


async def test_a_large_part_is_cut_when_the_artifact_store_refuses_it(broker: Broker) -> None:
    class FullStore(InMemoryArtifactStore):
        async def put_bytes(self, data: bytes, **options: Any) -> Any:
            raise ValueError("no room for password=hunter2")

    bus = broker.publisher("refusal", artifact_store=FullStore())
    async with asyncio.timeout(10), bus:
        await bus.publish(envelope("small", log=["krill " * 100 for _ in range(3_000)]))

    (read,) = await broker.read("refusal")

    assert (read["payload"], read["meta"]) == ("small", None)
    assert read["large"]["meta"]["truncated"] is True
    assert bus.statistics().truncated == 1
    assert bus.statistics().last_error == (
        "the artifact store failed: ValueError: no room for password=[redacted]"
    )


async def test_two_publishers_share_a_stream_and_are_told_apart(broker: Broker) -> None:
    async with asyncio.timeout(10), broker.publisher("shared") as one, broker.publisher("shared") as two:
        for number in range(20):
            await one.publish(envelope(number))
            await two.publish(envelope(number))

    read = await broker.read("shared")

    by_publisher: dict[str, list[int]] = {}
    for each in read:
        by_publisher.setdefault(each["publisher"], []).append(each["payload"])
    assert list(by_publisher.values()) == [list(range(20))] * 2
    assert first_of_each(read) == read


async def test_redis_keeps_about_as_many_entries_as_the_stream_may_hold(redis_broker: RedisBroker) -> None:
    await publish(redis_broker.publisher("short", max_entries=100), *range(2_000))

    payloads = [each["payload"] for each in await redis_broker.read("short")]

    assert payloads == list(range(2_000 - len(payloads), 2_000))
    assert 100 <= len(payloads) < 1_000


async def test_redis_gets_no_transactions_which_a_crash_could_tear(redis_broker: RedisBroker) -> None:
    client = Redis.from_url(redis_broker.server.url)
    await client.config_resetstat()

    await publish(redis_broker.publisher("plain"), *range(20))

    commands = await client.info("commandstats")
    await client.aclose()
    assert commands["cmdstat_xadd"]["calls"] == 20
    assert "cmdstat_multi" not in commands


async def test_what_redis_answers_with_an_error_is_sent_again_until_it_takes_it(
    redis_broker: RedisBroker,
) -> None:
    client = Redis.from_url(redis_broker.server.url)
    await client.set("taken", "no stream")
    bus = redis_broker.publisher("taken", limits=BusLimits(first_pause_s=0.01, longest_pause_s=0.1))
    async with asyncio.timeout(10):
        bus.start()
        for number in range(3):
            await bus.publish(envelope(number))
        await until(lambda: "WRONGTYPE" in (bus.statistics().last_error or ""))
        assert bus.statistics().buffered == 3
        await client.delete("taken")
        assert await bus.aclose(5) == 0
    await client.aclose()

    assert [each["payload"] for each in await redis_broker.read("taken")] == [0, 1, 2]


async def test_jetstream_keeps_the_last_messages_that_the_stream_may_hold(nats_broker: NatsBroker) -> None:
    await publish(nats_broker.publisher("short", max_messages=100), *range(300))

    assert [each["payload"] for each in await nats_broker.read("short")] == list(range(200, 300))


async def test_jetstream_subjects_name_the_edge_and_carry_the_id(nats_broker: NatsBroker) -> None:
    async with asyncio.timeout(10), nats_broker.publisher("subjects") as bus:
        await bus.publish(BusEnvelope("x", "two words", "c.d>*", None, 1, None, None))
        await bus.publish(BusEnvelope("x", None, "Käse", None, 2, None, None))

    first, second = await nats_broker.messages("subjects")

    assert (first.subject, second.subject) == ("subjects.two_words.c_d__", "subjects._.Käse")
    assert first.headers["Nats-Msg-Id"] == json.loads(first.data)["id"]


async def test_a_message_beyond_the_limit_of_the_server_is_cut_to_it(make_nats: Any, tmp_path: Any) -> None:
    config = tmp_path / "nats.conf"
    config.write_text("max_payload: 20000\n")
    broker = make_nats("-js", "-c", str(config))
    bus = broker.publisher("narrow")
    await publish(bus, "small", "krill " * 5_000, "small too")

    read = await broker.read("narrow")

    assert [each["payload"] for each in read] == ["small", None, "small too"]
    assert read[1]["large"]["payload"]["size_bytes"] == 30_002
    assert bus.statistics().truncated == 1


async def test_a_message_that_cannot_be_made_small_enough_is_refused_and_counted(
    make_nats: Any, tmp_path: Any
) -> None:
    config = tmp_path / "nats.conf"
    config.write_text("max_payload: 20000\n")
    broker = make_nats("-js", "-c", str(config))
    bus = broker.publisher("refused")
    async with asyncio.timeout(10), bus:
        await bus.publish(envelope("before"))
        await bus.publish(BusEnvelope("a->b", "a", "b", "t" * 30_000, "long trace", None, None))
        await bus.publish(envelope("behind"))

    assert [each["payload"] for each in await broker.read("refused")] == ["before", "behind"]
    statistics = bus.statistics()
    assert (statistics.sent, statistics.refused, statistics.buffered) == (2, 1, 0)
    assert "the server takes 19800" in (statistics.last_error or "")


async def test_credentials_reach_the_servers(make_redis: Any, make_nats: Any) -> None:
    redis = make_redis("--requirepass", "herring")
    nats = make_nats("-js", "--user", "ann", "--pass", "herring")
    limits = BusLimits(first_pause_s=0.01)

    with_password = redis.publisher("open", limits=limits, options={"password": "herring"})
    with_user = nats.publisher("open", limits=limits, options={"user": "ann", "password": "herring"})
    without = [broker.publisher("open", limits=limits) for broker in (redis, nats)]
    await publish(with_password, 1)
    await publish(with_user, 1)
    unsent = []
    for bus in without:
        async with asyncio.timeout(10):
            bus.start()
            await bus.publish(envelope(1))
            await until(lambda bus=bus: bus.statistics().last_error is not None)
            unsent.append(await bus.aclose(0.5))

    assert (with_password.statistics().sent, with_user.statistics().sent) == (1, 1)
    assert unsent == [1, 1]
    assert [("uth" in (bus.statistics().last_error or "")) for bus in without] == [True, True]
