"""A tool server opened for one command: allowed to start, signed in to, reviewed, and closed at the end."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from penguiflow.registry import ModelRegistry
from penguiflow.safe_text import SafeText
from penguiflow.tools._connecting.session import RemoteTool
from penguiflow.tools.config import AuthType, ExternalToolConfig, TransportType
from penguiflow.tools.errors import ToolAuthError, ToolNodeError
from penguiflow.tools.node import ToolNode
from penguiflow.tools.review import ToolPins, ToolPinsError
from penguiflow.tools.trust import TrustStore, TrustStoreError
from penguiflow_cli._errors import CommandError
from penguiflow_cli._tools_context import CommandContext
from penguiflow_cli._tools_error import error_of, usage_error
from penguiflow_cli._tools_person import Person
from penguiflow_cli._tools_places import PersonalFolder
from penguiflow_cli._tools_servers import ChosenServer, ServerOptions
from penguiflow_cli._tools_sign_in import SignIns, open_sign_ins
from penguiflow_cli._tools_trust import make_trusted


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenServer:
    """A server that is connected, and who calls it.

    `missing_token` says how to give a server process the token that its calls need, when it has none.
    """

    node: ToolNode
    context: CommandContext
    pins: ToolPins
    missing_token: str | None = None

    def suspicions(self) -> Mapping[str, Sequence[SafeText]]:
        """Return what is odd about tools: names and texts that look like those of others, hidden letters."""
        tools = [RemoteTool(**offer) for offer in self.node.offers]
        return self.pins.suspicions(self.node.name, tools)


@asynccontextmanager
async def opened_server(
    chosen: ChosenServer,
    options: ServerOptions,
    person: Person,
    folder: PersonalFolder,
    *,
    to_call: bool,
) -> AsyncGenerator[OpenServer]:
    """Connect to the server that was chosen; at the end of the block nothing of it is left.

    A server process lists its tools without a token, but is not started `to_call` one in vain.

    Raises:
        CommandError: it may not be started, cannot be reached or needs a sign-in.
    """
    if not chosen.config.enabled:
        raise _disabled(chosen)
    try:
        missing_token = _missing_token(chosen.config, options)
        if to_call and missing_token is not None:
            raise ToolAuthError(f"`{chosen.config.name}` needs a token", hint=missing_token)
        if chosen.entry is not None:
            store = TrustStore(folder.trusted_servers)
            await make_trusted(chosen.entry, store, person, trust=options.trust)
        async with AsyncExitStack() as stack:
            yield await _connect(chosen, options, folder, stack)
    except (TrustStoreError, ToolPinsError) as error:
        raise usage_error(
            error.message, error.hint or "correct the file, or remove it.", code="bad_file"
        ) from error
    except ToolNodeError as error:
        raise error_of(error, connecting=True, sign_in=sign_in_hint(chosen.config, options.target)) from error


def pins_of(chosen: ChosenServer, folder: PersonalFolder) -> ToolPins:
    """Return what is known about the tools of the server: `notes` of two projects, or of two commands that a
    person typed, are two servers."""
    if chosen.entry is not None:
        scope = str(chosen.entry.project_root)
    elif chosen.is_preset:
        scope = ""
    else:
        # A digest, because a command or URL may hold a credential.
        typed = f"{chosen.config.cwd} {chosen.config.connection}"
        scope = f"typed {hashlib.sha256(typed.encode()).hexdigest()[:16]}"
    return ToolPins(folder.approved_tools, scope=scope)


def sign_in_hint(config: ExternalToolConfig, target: str) -> str:
    """Return the command that gives a server the credential it wants."""
    if config.is_url and config.transport is not TransportType.MCP:
        return "--token-env VARIABLE sends a bearer token, --header what else it wants"
    if config.is_url:
        return f"penguiflow tools login {shlex.quote(target)}, or --token-env VARIABLE"
    variable = config.auth_config.get("token_env", "VARIABLE")
    return f"export {variable}=... and add --token-env {variable}"


async def _connect(
    chosen: ChosenServer, options: ServerOptions, folder: PersonalFolder, stack: AsyncExitStack
) -> OpenServer:
    config = chosen.config
    if config.auth_type is AuthType.OAUTH2_USER and config.is_url:
        sign_ins = await _signed_in(config, options, folder, stack)
        return await _opened(chosen, options, folder, stack, sign_ins)
    try:
        return await _opened(chosen, options, folder, stack, None)
    except ToolAuthError as refused:
        with_sign_in = config.model_copy(update={"auth_type": AuthType.OAUTH2_USER})
        if not may_have_sign_in(config):
            raise
        try:
            sign_ins = await _signed_in(with_sign_in, options, folder, stack)
        except ToolNodeError:
            raise refused from None
        signed_in = ChosenServer(config=with_sign_in, entry=chosen.entry, is_preset=chosen.is_preset)
        return await _opened(signed_in, options, folder, stack, sign_ins)


def _missing_token(config: ExternalToolConfig, options: ServerOptions) -> str | None:
    """Return how to give a command the variable in which it expects its token; `None` when it has it."""
    if config.auth_type is not AuthType.OAUTH2_USER or config.is_url:
        return None
    if config.auth_config.get("token_env", "") in config.env:
        return None
    return sign_in_hint(config, options.target)


def may_have_sign_in(config: ExternalToolConfig) -> bool:
    """Whether a server that was configured without a credential may want a sign-in."""
    return config.is_url and config.transport is TransportType.MCP and config.auth_type is AuthType.NONE


async def _signed_in(
    config: ExternalToolConfig, options: ServerOptions, folder: PersonalFolder, stack: AsyncExitStack
) -> SignIns:
    sign_ins = await stack.enter_async_context(open_sign_ins(folder, config))
    if await sign_ins.token(options.user) is None:
        raise ToolAuthError(f"`{config.name}` needs a sign-in", hint=sign_in_hint(config, options.target))
    return sign_ins


async def _opened(
    chosen: ChosenServer,
    options: ServerOptions,
    folder: PersonalFolder,
    stack: AsyncExitStack,
    sign_ins: SignIns | None,
) -> OpenServer:
    pins = pins_of(chosen, folder)
    manager = sign_ins.manager if sign_ins is not None else None
    node = ToolNode(chosen.config, ModelRegistry(), manager, review=pins)
    stack.push_async_callback(node.close)
    context = CommandContext(options.user)
    await node.connect(context)
    return OpenServer(
        node=node, context=context, pins=pins, missing_token=_missing_token(chosen.config, options)
    )


def _disabled(chosen: ChosenServer) -> CommandError:
    where = f" in `{chosen.entry.source}`" if chosen.entry is not None else ""
    return usage_error(
        f"`{chosen.config.name}` is disabled{where}", "enable it there and try again.", code="disabled"
    )
