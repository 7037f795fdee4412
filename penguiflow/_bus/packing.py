"""From an envelope to the message that is sent.

An envelope is written down at once, for a node may change the item later. The costly rest, redaction and
putting large parts into an artifact store, waits until the message is about to be sent.
"""

from __future__ import annotations

import asyncio

from penguiflow._artifacts.models import ArtifactScope
from penguiflow._artifacts.protocol import ArtifactStore
from penguiflow._bus.envelope import BusEnvelope
from penguiflow._bus.plain_json import Json
from penguiflow._bus.settings import BusLimits
from penguiflow._bus.statistics import Tally
from penguiflow._bus.transport import Outgoing
from penguiflow._bus.wire import (
    HeavyPart,
    Stamp,
    document,
    heaviest_part,
    json_bytes,
    set_aside,
    without_secrets,
)
from penguiflow.errors import text_of
from penguiflow.redaction import redact_text

_INLINE_BYTES = 32_000  # redacting more takes so long that the loop would notice
_OVERHEAD_BYTES = 300  # about what a waiting message costs beside its body


class Packer:
    """Makes messages; a part that is too large goes into `store`, or is cut and counted in `tally`."""

    def __init__(self, limits: BusLimits, store: ArtifactStore | None, tally: Tally) -> None:
        self._limits = limits
        self._store = store
        self._tally = tally
        # What the store will keep waits as a whole, but a few of the largest must not fill the buffer.
        self._held_bytes = limits.message_bytes
        if store is not None:
            self._held_bytes = max(limits.message_bytes, limits.buffer_bytes // 4)

    def pack(self, envelope: BusEnvelope, stamp: Stamp) -> Outgoing:
        """Write the envelope down."""
        facts = document(envelope, stamp)
        body, was_cut = json_bytes(facts), False
        while len(body) > self._held_bytes and (part := heaviest_part(facts)) is not None:
            set_aside(facts, part)
            body, was_cut = json_bytes(facts), True
        self._tally.truncated += was_cut
        return Outgoing(
            seq=stamp.seq,
            message_id=stamp.message_id,
            source=envelope.source,
            target=envelope.target,
            trace_id=envelope.trace_id,
            body=body,
            size=len(body) + _OVERHEAD_BYTES,
        )

    async def finish(self, message: Outgoing, *, max_bytes: int | None) -> None:
        """Take the secrets out and bring the message to the size that it may have; once is enough."""
        if message.is_ready:
            return
        if len(message.body) > _INLINE_BYTES:
            facts, body = await asyncio.to_thread(_redacted, message.body)
        else:
            facts, body = _redacted(message.body)
        limit = min(self._limits.message_bytes, max_bytes or self._limits.message_bytes)
        was_cut = False
        while len(body) > limit and (part := heaviest_part(facts)) is not None:
            reference = await self._put(part, message.trace_id)
            was_cut = was_cut or reference is None
            set_aside(facts, part, reference=reference)
            body = json_bytes(facts)
        self._tally.truncated += was_cut
        message.body, message.is_ready = body, True

    async def _put(self, part: HeavyPart, trace_id: str | None) -> Json:
        """Return what stands for the part in the artifact store, `None` if it does not go there."""
        if self._store is None:
            return None
        try:
            async with asyncio.timeout(self._limits.answer_timeout_s):
                ref = await self._store.put_bytes(
                    part.data,
                    mime_type="application/json",
                    namespace="bus",
                    scope=ArtifactScope(trace_id=trace_id),
                )
        except Exception as exc:  # noqa: BLE001 - the store is foreign code; without it the part is cut
            problem = f"the artifact store failed: {type(exc).__name__}: {text_of(exc)}"
            self._tally.last_error = redact_text(problem)
            return None
        return ref.model_dump(mode="json", exclude_none=True)


def _redacted(body: bytes) -> tuple[dict[str, Json], bytes]:
    facts = without_secrets(body)
    return facts, json_bytes(facts)
