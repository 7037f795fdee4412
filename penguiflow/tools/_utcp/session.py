"""A service behind the `ToolSession` port."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pydantic import JsonValue

from penguiflow.safe_text import safe_line
from penguiflow.tools._connecting.session import RemoteResult, RemoteTool, UtcpService
from penguiflow.tools._utcp.calls import CommandCall, HttpCall, TemplateError, TextCall
from penguiflow.tools._utcp.command_calls import CommandCalls
from penguiflow.tools._utcp.http_calls import HttpCalls
from penguiflow.tools._utcp.manuals import Manual, ManualTool
from penguiflow.tools._utcp.templates import read_call
from penguiflow.tools._utcp.values import value_of_text
from penguiflow.tools._utcp.variables import Variables, with_variables
from penguiflow.tools.errors import ToolClientError


class UtcpSession:
    """Satisfies `ToolSession`. There is no connection that could end: each call is a request or a process."""

    def __init__(
        self, service: UtcpService, manual: Manual, *, requests: HttpCalls, commands: CommandCalls
    ) -> None:
        self._manual = manual
        self._requests = requests
        self._commands = commands
        self._variables = Variables(owner=service.name, values=service.variables)
        # A full name wins over the last part of another.
        self._tools = {tool.visible_name: tool for tool in reversed(manual.tools)}
        self._tools |= {tool.full_name: tool for tool in reversed(manual.tools)}

    @property
    def server(self) -> str | None:
        return None

    @property
    def protocol_version(self) -> str | None:
        return f"UTCP {self._manual.version}" if self._manual.version else "UTCP"

    async def list_tools(self) -> Sequence[RemoteTool]:
        return [tool.as_remote() for tool in self._manual.tools]

    async def call_tool(self, name: str, arguments: Mapping[str, object]) -> RemoteResult:
        tool = self._tools.get(name)
        if tool is None:
            raise ToolClientError(f"there is no tool `{safe_line(name, max_chars=200)}` in the manual")
        return RemoteResult(value=await self._call(tool, arguments))

    def on_ended(self, listener: Callable[[], None]) -> None:
        """Nothing to hear of."""

    async def _call(self, tool: ManualTool, arguments: Mapping[str, object]) -> JsonValue:
        match tool.call:
            case CommandCall() as command:
                # Its variables are put into words that are split already.
                return await self._commands.call(
                    tool.visible_name, command, arguments, inputs=tool.inputs, outputs=tool.outputs
                )
            case TextCall() as text:
                # Without variables: a manual must not show them to whoever reads the result.
                return value_of_text(text.content, tool.outputs)
            case HttpCall():
                call = self._with_variables(tool)
                return await self._requests.call(tool.visible_name, call, arguments, tool.outputs)

    def _with_variables(self, tool: ManualTool) -> HttpCall:
        template = {key: with_variables(value, self._variables) for key, value in tool.template.items()}
        try:
            call = read_call(template)
        except TemplateError as error:
            raise ToolClientError(
                f"the manual cannot be used for `{tool.visible_name}`: {error}",
                hint="check the variables that the manual uses",
            ) from error
        if not isinstance(call, HttpCall):
            raise ToolClientError(f"a variable changes how `{tool.visible_name}` is called")
        return call
