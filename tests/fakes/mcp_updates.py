"""A real MCP server with resources that change and tools that come: over stdio, or over HTTP.

    python mcp_updates.py {stdio,http} {2025,2026}

Over HTTP it refuses requests as `mcp_refusing` says.

`2025` knows only the handshake of the older protocol era; `2026` speaks both.
"""

from __future__ import annotations

import asyncio
import base64
import socket
import sys
from typing import Any

import mcp_types as types
import uvicorn
from mcp import MCPError
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ResourceUpdated, ToolsListChanged
from mcp.shared.message import SessionMessage

NOTE = "memo://Note/%41"
MISSING = "memo://missing"
BLOB = b"\x89PNG\x00"

Context = Any  # the request context of the SDK, generic in what is not used here

bus = InMemorySubscriptionBus()
streams = ListenHandler(bus)
subscribed: set[str] = set()
tool_names = ["touch", "grow", "end_streams"]


async def list_tools(ctx: Context, params: object) -> types.ListToolsResult:
    tools = [
        types.Tool(
            name=name,
            input_schema={"type": "object", "properties": {"uri": {"type": "string"}}},
            output_schema={"type": "object", "properties": {"done": {"type": "boolean"}}},
        )
        for name in tool_names
    ]
    return types.ListToolsResult(tools=tools)


async def call_tool(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
    arguments = params.arguments or {}
    if params.name == "touch":
        if arguments["uri"] in subscribed:
            await ctx.session.send_resource_updated(arguments["uri"])
        await bus.publish(ResourceUpdated(uri=arguments["uri"]))
    elif params.name == "end_streams":
        streams.close()
    else:
        tool_names.append(f"grown_{len(tool_names)}")
        if is_old:
            await ctx.session.send_tool_list_changed()
        await bus.publish(ToolsListChanged())
    return types.CallToolResult(content=[], structured_content={"done": True})


async def list_resources(ctx: Context, params: object) -> types.ListResourcesResult:
    notes = types.Resource(
        uri=NOTE,
        name="note",
        description="A note.",
        mime_type="text/plain",
        size=4,
        annotations=types.Annotations(audience=["user"], priority=0.5),
    )
    return types.ListResourcesResult(resources=[notes, types.Resource(uri="memo://picture", name="picture")])


async def list_templates(ctx: Context, params: object) -> types.ListResourceTemplatesResult:
    template = types.ResourceTemplate(uri_template="memo://{name}", name="memo", mime_type="text/plain")
    return types.ListResourceTemplatesResult(resource_templates=[template])


async def read_resource(ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
    uri = str(params.uri)
    if uri == MISSING:
        raise MCPError(-32002, "no such memo")
    if uri == "memo://picture":
        blob = base64.b64encode(BLOB).decode()
        return types.ReadResourceResult(
            contents=[types.BlobResourceContents(uri=uri, blob=blob, mime_type="image/png")]
        )
    text = types.TextResourceContents(uri=uri, text=f"this is {uri}", mime_type="text/plain")
    return types.ReadResourceResult(contents=[text])


async def subscribe(ctx: Context, params: types.SubscribeRequestParams) -> types.EmptyResult:
    subscribed.add(str(params.uri))
    return types.EmptyResult()


async def unsubscribe(ctx: Context, params: types.UnsubscribeRequestParams) -> types.EmptyResult:
    subscribed.discard(str(params.uri))
    return types.EmptyResult()


async def know_only_the_handshake(ctx: Context, call_next: Any) -> Any:
    if ctx.method == "server/discover":
        raise MCPError(-32601, "Method not found")
    return await call_next(ctx)


def make_server() -> Server[Any]:
    server: Server[Any] = Server(
        "updates",
        version="1",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
        on_subscribe_resource=subscribe,
        on_unsubscribe_resource=unsubscribe,
        on_subscriptions_listen=streams,
    )
    if is_old:
        server.middleware.append(know_only_the_handshake)
    return server


async def refuse_one(question: Any, outgoing: Any) -> None:
    error = types.ErrorData(code=-32601, message="Method not found")
    reply = types.JSONRPCError(jsonrpc="2.0", id=question.message.id, error=error)
    await outgoing.send(SessionMessage(reply))


async def serve_stdio() -> None:
    server = make_server()
    async with stdio_server() as (incoming, outgoing):
        if is_old:
            await refuse_one(await incoming.receive(), outgoing)  # the question for the newer era
        await server.run(incoming, outgoing, server.create_initialization_options())


def serve_http() -> None:
    from mcp_refusing import RefuseOnRequest

    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp\n")
    sys.stdout.flush()
    app = RefuseOnRequest(make_server().streamable_http_app())
    uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="on")).run(sockets=[listener])


is_old = sys.argv[2:] == ["2025"]

if __name__ == "__main__":
    if sys.argv[1] == "stdio":
        asyncio.run(serve_stdio())
    else:
        serve_http()
