"""The client for every provider, and every server that speaks OpenAI's protocol, through litellm.

litellm itself is imported at the first call or check, so that a program which never asks a model never
pays for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from penguiflow.llm._package import LiteLLM, in_use, load_litellm
from penguiflow.llm._reading import cost_usd, delta_text, message_text, token_usage
from penguiflow.llm._relay import StreamRelay
from penguiflow.llm._response_format import response_format_for
from penguiflow.llm._setup import ModelSettings, check_setup, model_name, provider_of
from penguiflow.llm._translation import holds_secret, translate
from penguiflow.llm.errors import LLMBadRequestError, LLMError, LLMReplyError, LLMTimeoutError
from penguiflow.llm.protocol import ChatMessage, OnStreamChunk
from penguiflow.llm.usage import LLMReply

__all__ = ["LiteLLMClient"]


class LiteLLMClient:
    """Calls one model.

    `model` is a name (`openai/gpt-4o-mini`) or a mapping with `model` and further arguments of litellm's
    `acompletion` (`api_base`, `api_key`, `top_p`, ...). `timeout_s` bounds one attempt; after rate limits,
    failures of the provider and timeouts the call is made again up to `max_retries` times. Cancelling a
    call closes its HTTP stream. Costs come from litellm's own price table and are None for a model that is
    not in it, and after an attempt that broke off, because nobody says what it cost.
    """

    def __init__(
        self,
        model: str | ModelSettings,
        *,
        temperature: float = 0.0,
        timeout_s: float = 60.0,
        max_retries: int = 3,
        json_schema_mode: bool = True,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        settings = {"model": model} if isinstance(model, str) else dict(model)
        self._settings: dict[str, Any] = {"temperature": temperature, **settings}
        self._timeout_s = timeout_s
        self._max_retries = max_retries
        self._sends_format = json_schema_mode
        self._sleep = sleep

    @property
    def model(self) -> str:
        """The model's name as it was given."""
        return str(self._settings.get("model", ""))

    def check_ready(self) -> None:
        """Return when package, provider and credentials are there; nothing is sent.

        The first call imports litellm, which takes a second or two: in an event loop, call it in a thread.

        Raises:
            LLMSetupError: something is missing; the hint says what to do.
        """
        check_setup(load_litellm(), self._settings)

    async def complete(
        self,
        *,
        messages: Sequence[ChatMessage],
        response_format: Mapping[str, Any] | None = None,
        stream: bool = False,
        on_stream_chunk: OnStreamChunk | None = None,
    ) -> LLMReply:
        """Return the model's reply; see `JSONLLMClient` and `StreamRelay` for what is streamed."""
        litellm = await asyncio.to_thread(load_litellm)
        check_setup(litellm, self._settings)
        request = self._request(litellm, messages, response_format)
        relay = StreamRelay(on_stream_chunk if stream else None)
        async with in_use(litellm):
            try:
                reply = await self._with_retries(litellm, request, relay)
            except LLMBadRequestError as refusal:
                if "response_format" not in request or "response_format" not in refusal.message:
                    raise
                # Some servers know no JSON mode; the prompt alone asks for JSON then, now and later.
                self._sends_format = False
                del request["response_format"]
                reply = await self._with_retries(litellm, request, relay)
        relay.finish()
        return reply

    def _request(
        self, litellm: LiteLLM, messages: Sequence[ChatMessage], response_format: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        request: dict[str, Any] = {
            **self._settings,
            "messages": [dict(message) for message in messages],
            "timeout": self._timeout_s,
            "max_retries": 0,  # retries are ours: those of the layers below would multiply with them
            "num_retries": 0,
            "drop_params": True,  # some models know no `temperature`
        }
        takes_schema = litellm.supports_response_schema(
            model_name(self._settings), self._settings.get("custom_llm_provider")
        )
        wanted = response_format_for(response_format, model_takes_schema=takes_schema)
        if wanted is not None and self._sends_format:
            request["response_format"] = wanted
        return request

    async def _with_retries(
        self, litellm: LiteLLM, request: Mapping[str, Any], relay: StreamRelay
    ) -> LLMReply:
        # tenacity belongs to the optional extra that `load_litellm` has just found installed.
        from penguiflow.llm._retry import retrying  # noqa: PLC0415

        attempts = retrying(max_retries=self._max_retries, sleep=self._sleep)
        return await attempts(self._attempt, litellm, request, relay)

    async def _attempt(self, litellm: LiteLLM, request: Mapping[str, Any], relay: StreamRelay) -> LLMReply:
        name = model_name(self._settings)
        earlier_attempt_broke_off = relay.has_sent
        try:
            async with asyncio.timeout(self._timeout_s):
                text, usage = await (_streamed if relay.takes_text else _whole)(litellm, request, relay)
        except TimeoutError as exc:
            raise LLMTimeoutError(
                f"`{name}`: no complete answer within {self._timeout_s:g} s",
                hint="try again, or allow more time",
            ) from exc
        except Exception as exc:  # noqa: BLE001 - the one place where litellm's errors become ours
            raise self._translated(exc) from (None if self._shows_secret(exc) else exc)
        if not text.strip():
            raise LLMReplyError(f"`{name}`: the answer is empty", hint="try again or choose another model")
        cost = cost_usd(litellm, model=name, provider=provider_of(litellm, self._settings), usage=usage)
        return LLMReply(
            text=text,
            cost_usd=None if earlier_attempt_broke_off else cost,
            usage=token_usage(usage),
            model=name,
        )

    def _translated(self, exc: Exception) -> LLMError:
        return translate(exc, model=self.model, api_key=self._settings.get("api_key"))

    def _shows_secret(self, exc: Exception) -> bool:
        return holds_secret(exc, self._settings.get("api_key"))


async def _whole(litellm: LiteLLM, request: Mapping[str, Any], relay: StreamRelay) -> tuple[str, object]:
    response = await litellm.acompletion(**request)
    return message_text(response), getattr(response, "usage", None)


async def _streamed(litellm: LiteLLM, request: Mapping[str, Any], relay: StreamRelay) -> tuple[str, object]:
    pieces: list[str] = []
    usage: object = None
    chunks = await litellm.acompletion(**request, stream=True, stream_options={"include_usage": True})
    try:
        async for chunk in chunks:
            piece = delta_text(chunk)
            pieces.append(piece)
            relay.send(piece)
            usage = getattr(chunk, "usage", None) or usage
    finally:
        await chunks.aclose()
    return "".join(pieces), usage
