"""The guarded client against servers that misbehave: where it may go (ASI04), and how much it reads."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Sequence
from ipaddress import ip_address

import httpx
import pytest

from penguiflow.tools import ToolClientError, ToolConnectionError, ToolNodeError, ToolTimeoutError
from penguiflow.tools._net import (
    AddressRefusedError,
    BodyRefusedError,
    IpAddress,
    NetPolicy,
    ResolveName,
    resolve_with_system,
)
from penguiflow.tools._net.client import GuardedClient
from penguiflow.tools._net.transport import GuardedTransport
from tests.fakes.http_service import HttpFake, Seen, answer, redirect, serving

SECRET = {"Authorization": "Bearer t0p"}


def client_for(
    *urls: str,
    timeout_s: float = 5,
    max_bytes: int = 10_000,
    allowed_hosts: Sequence[str] = (),
    resolve: ResolveName = resolve_with_system,
) -> GuardedClient:
    policy = NetPolicy.for_urls(*urls, allowed_hosts=allowed_hosts)
    return GuardedClient(policy, timeout_s=timeout_s, max_response_bytes=max_bytes, resolve=resolve)


async def fetch(fake: HttpFake, path: str = "/", **options: object) -> bytes:
    async with client_for(fake.url, **options) as client:
        return (await client.send("GET", fake.url + path)).body


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "localhost",
    ],
)
async def test_a_redirect_inside_is_refused_before_a_byte_is_sent(host: str) -> None:
    async with serving() as inside, serving() as outside:
        outside.routes["/"] = redirect(f"http://{host}:{inside.port}/secret")
        with pytest.raises(AddressRefusedError):
            await fetch(outside)
        assert inside.seen == []


async def test_a_name_is_looked_up_once_and_its_checked_address_is_used() -> None:
    answers = [["93.184.215.14"], ["127.0.0.1"]]
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> Sequence[IpAddress]:
        asked.append(host)
        return [ip_address(text) for text in answers[min(len(asked), 2) - 1]]

    async with serving() as fake, client_for("http://8.8.8.8", timeout_s=0.2, resolve=rebinding) as client:
        url = f"http://rebinding.example:{fake.port}/"
        # The first lookup says it is public: whatever answers there, it is not this machine.
        with pytest.raises(ToolNodeError) as first:
            await client.send("GET", url)
        assert not isinstance(first.value, AddressRefusedError)
        with pytest.raises(AddressRefusedError):
            await client.send("GET", url)
        assert (asked, fake.seen) == (["rebinding.example"] * 2, [])


async def test_the_server_sees_the_name_and_not_the_address() -> None:
    async def here(host: str, port: int) -> Sequence[IpAddress]:
        return [ip_address("127.0.0.1")]

    async with serving({"/": answer(body=b"hi")}) as fake:
        async with client_for(allowed_hosts=["api.example"], resolve=here) as client:
            await client.send("GET", f"http://api.example:{fake.port}/")
        assert fake.seen[0].headers["host"] == f"api.example:{fake.port}"


async def test_the_next_address_is_tried_when_the_first_does_not_answer() -> None:
    async def two(host: str, port: int) -> Sequence[IpAddress]:
        return [ip_address("127.0.0.2"), ip_address("127.0.0.1")]

    client = client_for(allowed_hosts=["api.example"], resolve=two)
    async with serving({"/": answer(body=b"hi")}) as fake, client:
        assert (await client.send("GET", f"http://api.example:{fake.port}/")).body == b"hi"


async def test_three_redirects_are_followed_and_a_fourth_is_not() -> None:
    async with serving({f"/{at}": redirect(f"/{at + 1}") for at in range(4)}) as fake:
        fake.routes["/4"] = answer(body=b"end")
        assert await fetch(fake, "/1") == b"end"
        with pytest.raises(ToolClientError, match="last redirect"):
            await fetch(fake, "/0")
        fake.routes["/round"] = redirect("/round")
        with pytest.raises(ToolClientError, match="last redirect"):
            await fetch(fake, "/round")


async def test_credentials_stay_within_the_origin_of_the_config() -> None:
    async with serving({"/": answer()}) as other, serving() as home:
        home.routes["/stay"] = redirect("/end")
        home.routes["/leave"] = redirect(f"{other.url}/")
        home.routes["/end"] = answer()
        async with client_for(home.url, allowed_hosts=["127.0.0.1"]) as client:
            for path in ("/stay", "/leave"):
                await client.send("GET", home.url + path, credentials=SECRET)
            await client.send("GET", other.url + "/direct", credentials=SECRET)
        assert [seen.headers.get("authorization") for seen in home.seen] == ["Bearer t0p"] * 3
        assert [seen.headers.get("authorization") for seen in other.seen] == [None, None]


async def test_credentials_dropped_on_the_way_do_not_come_back() -> None:
    async with serving() as other, serving({"/end": answer()}) as home:
        home.routes["/leave"] = redirect(f"{other.url}/back")
        other.routes["/back"] = redirect(f"{home.url}/end")
        async with client_for(home.url, allowed_hosts=["127.0.0.1"]) as client:
            await client.send("GET", f"{home.url}/leave", credentials=SECRET)
        assert "authorization" not in home.asked("/end")[0].headers


async def test_a_body_is_not_sent_on_to_another_origin() -> None:
    async with serving() as other, serving() as home:
        home.routes["/"] = redirect(f"{other.url}/", status=307)
        async with client_for(home.url, allowed_hosts=["127.0.0.1"]) as client:
            with pytest.raises(ToolClientError, match="with a body"):
                await client.send("POST", home.url, content=b"private")
        assert other.seen == []


async def test_cookies_of_a_server_are_not_kept() -> None:
    async with serving({"/": answer(set_cookie="session=a")}) as fake, client_for(fake.url) as client:
        for _ in range(2):
            await client.send("GET", f"{fake.url}/")
        assert "cookie" not in fake.seen[1].headers


@pytest.mark.parametrize("packed", [gzip.compress, zlib.compress])
async def test_a_packed_answer_counts_by_what_it_holds(packed: object) -> None:
    assert callable(packed)
    bomb = answer(body=packed(b"0" * 50_000_000), content_encoding="gzip")
    async with serving({"/": bomb, "/small": answer(body=packed(b"hi"), content_encoding="gzip")}) as fake:
        assert await fetch(fake, "/small") == b"hi"
        with pytest.raises(BodyRefusedError, match="larger than 10000 bytes") as caught:
            await fetch(fake)
        assert "max_response_bytes" in (caught.value.hint or "")


async def test_an_answer_in_two_packed_parts_is_read_whole() -> None:
    body = gzip.compress(b"one ") + gzip.compress(b"two")
    async with serving({"/": answer(body=body, content_encoding="gzip")}) as fake:
        assert await fetch(fake) == b"one two"


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "\u00e4"])
async def test_an_encoding_nobody_asked_for_is_refused(encoding: str) -> None:
    async with serving({"/": answer(body=b"x", content_encoding=encoding)}) as fake:
        with pytest.raises(BodyRefusedError):
            await fetch(fake)
        assert fake.seen[0].headers["accept-encoding"] == "gzip"


async def test_a_packed_answer_that_ends_too_early_is_refused() -> None:
    async with serving({"/": answer(body=gzip.compress(b"hello")[:-9], content_encoding="gzip")}) as fake:
        with pytest.raises(BodyRefusedError, match="ends in the middle"):
            await fetch(fake)


async def test_garbage_that_claims_to_be_packed_is_refused() -> None:
    async with serving({"/": answer(body=b"garbage", content_encoding="gzip")}) as fake:
        with pytest.raises(BodyRefusedError, match="cannot be unpacked"):
            await fetch(fake)


async def test_a_body_without_end_is_cut_off() -> None:
    async def endless(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 10_000)
            await writer.drain()

    async with serving({"/": endless}) as fake:
        with pytest.raises(BodyRefusedError, match="larger"):
            await fetch(fake)


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
async def test_a_server_that_dribbles_is_left_at_the_deadline(head: bytes) -> None:
    async def dribble(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)  # what a slow server does

    async with serving({"/": dribble}) as fake:
        with pytest.raises(ToolTimeoutError, match=r"did not answer within 0\.2 s"):
            await fetch(fake, timeout_s=0.2)


@pytest.mark.parametrize(
    "reply",
    [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", b"\x00" * 100_000],
)
async def test_a_broken_answer_is_a_broken_connection(reply: bytes) -> None:
    async with serving({"/": reply}) as fake:
        with pytest.raises(ToolConnectionError, match="broke"):
            await fetch(fake)


async def test_a_server_that_is_not_there_is_said() -> None:
    async with serving() as fake:
        gone = fake.url
    async with client_for(gone) as client:
        with pytest.raises(ToolConnectionError, match=f"cannot reach `{gone}`"):
            await client.send("GET", gone)


@pytest.mark.parametrize("value", ["t0p\r\nX-Evil: 1", "t0p\u00e9", "t0p\x00"])
async def test_a_credential_that_cannot_be_a_header_is_not_shown(value: str) -> None:
    async with serving() as fake, client_for(fake.url) as client:
        with pytest.raises(ToolClientError, match="characters that HTTP does not allow") as caught:
            await client.send("GET", fake.url, credentials={"Authorization": value})
        assert fake.seen == []
        assert caught.value.__cause__ is None


async def test_a_client_of_httpx_is_guarded_by_the_transport_alone() -> None:
    async with serving() as inside, serving() as outside:
        outside.routes["/in"] = redirect(f"{inside.url}/")
        outside.routes["/"] = answer(body=b"hi")
        transport = GuardedTransport(NetPolicy.for_urls(outside.url))
        async with httpx.AsyncClient(transport=transport, trust_env=False, follow_redirects=True) as client:
            assert (await client.get(f"{outside.url}/")).text == "hi"
            with pytest.raises(AddressRefusedError):
                await client.get(f"{outside.url}/in")
        assert inside.seen == []
