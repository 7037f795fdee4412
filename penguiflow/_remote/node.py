"""The node that works elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penguiflow._remote.call import RemoteCall, RemoteSkill
from penguiflow._remote.surroundings import CallContext
from penguiflow._remote.transport import RemoteTransport
from penguiflow.node import Node, NodePolicy
from penguiflow.types import Message


def RemoteNode(
    *,
    transport: RemoteTransport,
    skill: str,
    agent_url: str,
    name: str,
    agent_card: Mapping[str, Any] | None = None,  # the agent describes itself freely
    policy: NodePolicy | None = None,
    streaming: bool = False,
    record_binding: bool = True,
) -> Node:
    """Return a node that hands its message to a skill of a remote agent and returns the agent's result.

    With `streaming`, each text of the answer goes on as a chunk, and the last result is returned; without
    one nothing is. The first task id that becomes known is kept in the flow's store, unless
    `record_binding` is off. A call that fails, times out, or ends because its trace is cancelled or the
    flow stops has its remote task cancelled once; each retry is a remote task of its own.
    """
    node_policy = NodePolicy() if policy is None else policy
    remote_skill = RemoteSkill(
        transport=transport,
        skill=skill,
        agent_url=agent_url,
        agent_card=agent_card,
        streaming=streaming,
        record_binding=record_binding,
        timeout_s=node_policy.timeout_s,
    )

    async def call(message: object, ctx: CallContext) -> object:
        if not isinstance(message, Message):
            raise TypeError(
                f"remote node `{name}` needs a Message, got `{type(message).__name__}`;"
                " register it for `Message`, or put an envelope around the value"
            )
        runtime = ctx.runtime
        if runtime is None:
            raise RuntimeError(f"remote node `{name}` is bound to no flow; call it through `flow.emit`")
        return await RemoteCall(remote_skill, runtime, message, ctx).run()

    return Node(call, name=name, policy=node_policy)
