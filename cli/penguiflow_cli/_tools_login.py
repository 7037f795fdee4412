"""What `penguiflow tools login` and `logout` do: sign a person in to a server, or forget the sign-in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from penguiflow.tools.config import TransportType
from penguiflow.tools.errors import ToolNodeError
from penguiflow.tools.oauth import LoopbackRedirect, OAuthManager, SignInError, open_in_browser, sign_in
from penguiflow.tools.trust import TrustStore
from penguiflow_cli._errors import CommandError
from penguiflow_cli._json_lines import LINE_VERSION, error_line
from penguiflow_cli._lifetime import run_command
from penguiflow_cli._streams import OwnStreams, own_streams
from penguiflow_cli._tools_error import error_of, usage_error
from penguiflow_cli._tools_open import sign_in_hint
from penguiflow_cli._tools_person import Person, Terminal
from penguiflow_cli._tools_places import PersonalFolder
from penguiflow_cli._tools_servers import ChosenServer, ServerOptions, choose_server
from penguiflow_cli._tools_sign_in import StoreKind, open_sign_ins
from penguiflow_cli._tools_trust import make_trusted
from penguiflow_cli.exit_codes import ExitCode
from penguiflow_cli.project import Project

_PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginOptions:
    """The options of `penguiflow tools login`, as they were given."""

    server: ServerOptions
    browser: bool = True
    store: StoreKind | None = None
    as_json: bool = False


def login(options: LoginOptions) -> ExitCode:
    """Run the command to its end.

    Raises:
        CommandError: the server is none that people sign in to.
    """
    return _run(options, _sign_in)


def logout(options: LoginOptions) -> ExitCode:
    """Run the command to its end; as `login`."""
    return _run(options, _sign_out)


def _run(
    options: LoginOptions,
    act: Callable[[ChosenServer, LoginOptions, OwnStreams], Awaitable[None]],
) -> ExitCode:
    chosen = choose_server(options.server)
    _check(chosen)

    async def body() -> ExitCode:
        with own_streams() as streams:
            try:
                await act(chosen, options, streams)
            except (ToolNodeError, CommandError) as exc:
                error = error_of(exc, connecting=True) if isinstance(exc, ToolNodeError) else exc
                if options.as_json:
                    streams.output.json_line(error_line(error))
                raise error from exc
        return ExitCode.OK

    return run_command(body, Project(root=options.server.project_root))


def _check(chosen: ChosenServer) -> None:
    config = chosen.config
    if not config.is_url:
        raise usage_error(
            f"`{config.name}` is a command: there is no page to sign in at", sign_in_hint(config, config.name)
        )
    if config.transport is not TransportType.MCP:
        raise usage_error(
            f"`{config.name}` is no MCP server, and only those say how people sign in",
            "give its token with --token-env VARIABLE, or `auth_type` in its configuration.",
        )


async def _sign_in(chosen: ChosenServer, options: LoginOptions, streams: OwnStreams) -> None:
    person, folder, config = Terminal.of_this_process(), PersonalFolder.of_this_user(), chosen.config
    if chosen.entry is not None:
        trust = TrustStore(folder.trusted_servers)
        await make_trusted(chosen.entry, trust, person, trust=options.server.trust)

    def show(url: str) -> None:
        if options.as_json:
            streams.output.json_line(
                {"v": LINE_VERSION, "type": "sign_in", "name": config.name, "auth_url": url}
            )
            return
        streams.output.line(f"Sign in to {config.name} on this page:")
        streams.output.line(f"  {url}")
        if person.is_there:
            person.tell("Browser on another machine? Paste the address it ends on here.")

    redirect = LoopbackRedirect()
    async with open_sign_ins(folder, config, store=options.store, redirect=redirect) as sign_ins:
        signing = sign_in(
            sign_ins.manager,
            config.name,
            config.connection,
            options.server.user,
            show=show,
            open_browser=open_in_browser if options.browser else None,
            timeout_s=options.server.timeout_s or _PATIENCE_S,
        )
        pasting = asyncio.create_task(take_pasted_addresses(sign_ins.manager, person), name="pasted address")
        try:
            await signing
        finally:
            pasting.cancel()
            with suppress(asyncio.CancelledError):
                await pasting
    _tell(f"Signed in to {config.name}.", "signed_in", chosen, options, streams)


async def take_pasted_addresses(manager: OAuthManager, person: Person) -> None:
    """Take addresses that a person copies from the browser of another machine."""
    while person.is_there:
        line = await person.ask("")
        if line is None:
            return
        if not line.strip():
            continue
        try:
            await manager.finish_from_url(line.strip())
        except (SignInError, ValueError) as error:
            person.tell(f"  {error}")


async def _sign_out(chosen: ChosenServer, options: LoginOptions, streams: OwnStreams) -> None:
    config, user = chosen.config, options.server.user
    async with open_sign_ins(PersonalFolder.of_this_user(), config, store=options.store) as sign_ins:
        await sign_ins.manager.discover(config.name, config.connection)
        forgotten = await sign_ins.manager.sign_out(user, config.name)
    text = f"Signed out of {config.name}." if forgotten else f"Nobody was signed in to {config.name}."
    _tell(text, "signed_out", chosen, options, streams)


def _tell(text: str, kind: str, chosen: ChosenServer, options: LoginOptions, streams: OwnStreams) -> None:
    if options.as_json:
        record = {"name": chosen.config.name, "user": options.server.user}
        streams.output.json_line({"v": LINE_VERSION, "type": kind, **record})
    else:
        streams.output.line(text)
