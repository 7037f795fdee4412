"""The page of this machine that people come back to, and who else may knock."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.tools._oauth.pages import Page, failed, refusal, render
from penguiflow.tools._oauth.urls import RedirectAnswer
from penguiflow.tools.errors import ToolConnectionError
from penguiflow.tools.oauth import LoopbackRedirect, SignInError


class Arrivals:
    """Notes who came back."""

    def __init__(self) -> None:
        self.answers: list[RedirectAnswer] = []

    async def __call__(self, answer: RedirectAnswer) -> None:
        self.answers.append(answer)


@pytest.fixture
async def redirect() -> AsyncGenerator[LoopbackRedirect, None]:
    async with LoopbackRedirect() as listening:
        yield listening


async def ask(method: str, url: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(verify=False) as browser:
        return await browser.request(method, url, headers=headers)


async def test_who_comes_back_is_handed_on_and_thanked(redirect: LoopbackRedirect) -> None:
    arrivals = Arrivals()
    uri = await redirect.listen(arrivals)
    assert uri.startswith("http://127.0.0.1:")
    page = await ask("GET", f"{uri}?code=the%2Fcode&state=s&iss=https%3A%2F%2Fa.example")
    assert arrivals.answers == [RedirectAnswer(code="the/code", state="s", iss="https://a.example")]
    assert (page.status_code, "You can close this window" in page.text) == (200, True)
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path", "host", "status"),
    [
        ("GET", "?code=c&state=s", "evil.example", 400),
        ("GET", "?code=c&state=s", "127.0.0.1", 400),
        ("GET", "?code=c&state=s", "127.0.0.1.evil.example", 400),
        ("POST", "?code=c&state=s", None, 405),
        ("HEAD", "?code=c&state=s", None, 405),
        ("GET", "/more?code=c&state=s", None, 404),
        ("GET", "?nothing=1", None, 400),
    ],
)
async def test_a_request_that_is_no_person_coming_back_is_refused(
    redirect: LoopbackRedirect, method: str, path: str, host: str | None, status: int
) -> None:
    arrivals = Arrivals()
    uri = await redirect.listen(arrivals)
    answer = await ask(method, uri + path, **({"Host": host} if host else {}))
    assert answer.status_code == status
    assert arrivals.answers == []


async def test_a_sign_in_that_fails_says_why_on_the_page_without_markup(redirect: LoopbackRedirect) -> None:
    async def refuse(_: RedirectAnswer) -> None:
        raise SignInError("<script>alert(1)</script>")

    uri = await redirect.listen(refuse)
    page = await ask("GET", f"{uri}?code=c&state=s")
    assert page.status_code == 400
    assert "&lt;script&gt;" in page.text
    assert "<script>" not in page.text


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01", b"GET / HTTP/1.1\r\n", b"A" * 20_000 + b"\r\n\r\n"])
async def test_noise_is_answered_with_the_end_of_the_connection(
    redirect: LoopbackRedirect, sent: bytes
) -> None:
    uri = httpx.URL(await redirect.listen(Arrivals()))
    reader, writer = await asyncio.open_connection(uri.host, uri.port)
    writer.write(sent)
    writer.write_eof()
    answer = b""
    async with asyncio.timeout(5):
        with contextlib.suppress(ConnectionError):  # what was not read is answered with a reset
            answer = await reader.read()
    assert answer == b""
    writer.close()


async def test_nothing_is_left_of_it_after_closing(redirect: LoopbackRedirect) -> None:
    uri = httpx.URL(await redirect.listen(Arrivals()))
    _, writer = await asyncio.open_connection(uri.host, uri.port)
    before = asyncio.all_tasks()
    await redirect.aclose()
    writer.close()
    assert not redirect.is_listening
    assert asyncio.all_tasks() <= before
    with pytest.raises(OSError, match="Connect"):
        await asyncio.open_connection(uri.host, uri.port)


async def test_it_ends_by_itself_and_starts_again_at_the_same_place() -> None:
    async with LoopbackRedirect(idle_timeout_s=0.01) as redirect:
        uri = await redirect.listen(Arrivals())
        ended = asyncio.Event()
        asyncio.get_running_loop().call_later(0.05, ended.set)
        await ended.wait()
        assert not redirect.is_listening
        arrivals = Arrivals()
        assert await redirect.listen(arrivals) == uri


async def test_a_fixed_port_that_is_taken_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        with pytest.raises(ToolConnectionError, match=f"port {port} of this machine") as caught:
            await LoopbackRedirect(port=port).listen(Arrivals())
    assert "end the program that uses it" in str(caught.value.hint)


@given(st.binary(max_size=300))
def test_no_bytes_make_the_judgement_fail(head: bytes) -> None:
    verdict = refusal(head, port=1, path="/callback")
    assert verdict is None or verdict.status in (400, 404, 405)


@given(st.text())
def test_no_text_adds_a_header_or_markup_to_a_page(text: str) -> None:
    head, _, body = render(failed(text)).partition(b"\r\n\r\n")
    assert len(head.split(b"\r\n")) == 8
    assert body.count(b"<") == render(failed("")).count(b"<")


def test_a_page_says_how_long_it_is() -> None:
    head, _, body = render(Page(status=200, title="Ü", text="ü")).partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
