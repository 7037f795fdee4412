"""`penguiflow tools`: which tool servers there are, what they offer, what is wrong, and calling one."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from penguiflow_cli._options import ProjectOption
from penguiflow_cli._tools_exit import tools_exit_table

# "\b" keeps the lines of a paragraph from being joined.
EPILOG = "\b\nExit codes of `penguiflow tools`:\n" + tools_exit_table()

app = typer.Typer(
    help="Connect to tool servers: list them, look at one, call a tool, sign in, find out what is wrong.",
    epilog=EPILOG,
    rich_markup_mode=None,
    no_args_is_help=False,
)


class Transport(StrEnum):
    """The protocols a server may speak, as options name them."""

    MCP = "mcp"
    HTTP = "http"
    UTCP = "utcp"
    CLI = "cli"


class Store(StrEnum):
    """Where a sign-in is kept, as options name it."""

    KEYRING = "keyring"
    FILE = "file"


TargetArgument: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="NAME|COMMAND|URL",
        help="A server of this project or a preset, a command line, or the URL of a server.",
    ),
]
SignInArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="NAME|URL", help="A server of this project, or the URL of one.")
]
TransportOption: TypeAlias = Annotated[
    Transport | None,
    typer.Option(
        "--transport",
        help="What the server speaks; http is an OpenAPI document or a list of tools.  [default: mcp]",
    ),
]
EnvOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--env", metavar="KEY=VALUE", help="A variable for the server; may be repeated."),
]
HeaderOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--header", metavar="'NAME: VALUE'", help="Sent with each request; may be repeated."),
]
TokenOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--token-env",
        metavar="VAR",
        help="The variable that holds your token: sent to a URL as a bearer token, passed on to a command.",
    ),
]
FilesOption: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--mcp-config", metavar="FILE", help="A file with more servers (`mcpServers`); may be repeated."
    ),
]
TrustOption: TypeAlias = Annotated[
    bool,
    typer.Option("--trust", help="Allow a server of a file to start, now and later, without a question."),
]
UserOption: TypeAlias = Annotated[
    str, typer.Option("--user", metavar="USER", help="Whose sign-in is used, if several people share it.")
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Write one JSON object to stdout.")]
_LOCAL_USER = "local"


@app.command("list", epilog=EPILOG, short_help="List the servers of this project and the presets.")
def list_servers(
    mcp_config: FilesOption = None,
    json_lines: Annotated[bool, typer.Option("--json", help="Write one JSON object per server.")] = False,
    project_root: ProjectOption = Path(),
) -> int:
    """List the servers of this project (.mcp.json) and the presets."""
    from penguiflow_cli import _tools_list  # noqa: PLC0415 - help must not load the library

    return _tools_list.list_servers(project_root, mcp_config=tuple(mcp_config or ()), json_lines=json_lines)


@app.command("connect", epilog=EPILOG, short_help="Show how a server is reached, or its tools.")
def connect(
    target: TargetArgument,
    discover: Annotated[
        bool, typer.Option("--discover", help="Connect and list the tools; without it nothing is started.")
    ] = False,
    show_tools: Annotated[
        bool, typer.Option("--show-tools/--no-show-tools", help="List the tools, or leave them out.")
    ] = True,
    max_tools: Annotated[int, typer.Option("--max-tools", min=0, help="How many tools to show.")] = 20,
    approve_changes: Annotated[
        bool,
        typer.Option("--approve-changes", help="Show which tools changed since they were approved, and ask."),
    ] = False,
    timeout_s: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=1, max=300, help="How long to wait.")
    ] = 15,
    transport: TransportOption = None,
    env: EnvOption = None,
    header: HeaderOption = None,
    token_env: TokenOption = None,
    mcp_config: FilesOption = None,
    trust: TrustOption = False,
    user: UserOption = _LOCAL_USER,
    as_json: JsonOption = False,
    project_root: ProjectOption = Path(),
) -> int:
    """Show how a tool server would be reached; with --discover, connect and list its tools."""
    from penguiflow_cli import _tools_connect, _tools_servers  # noqa: PLC0415 - help must not load the library

    return _tools_connect.connect(
        _tools_connect.ConnectOptions(
            server=_tools_servers.ServerOptions(
                target=target,
                transport=transport,
                timeout_s=timeout_s,
                env=tuple(env or ()),
                headers=tuple(header or ()),
                token_env=token_env,
                mcp_config=tuple(mcp_config or ()),
                trust=trust,
                user=user,
                project_root=project_root,
            ),
            discover=discover,
            show_tools=show_tools,
            max_tools=max_tools,
            approve_changes=approve_changes,
            as_json=as_json,
        )
    )


@app.command("call", epilog=EPILOG, short_help="Call one tool.")
def call(
    target: TargetArgument,
    tool: Annotated[str, typer.Argument(metavar="TOOL", help="The name of the tool.")],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME=VALUE",
            help="Read by the tool's schema: a=3, ok=true, place.city=Rome, tag=x tag=y, or JSON.",
        ),
    ] = None,
    args: Annotated[
        str | None,
        typer.Option("--args", metavar="JSON|@FILE|-", help="Arguments as a JSON object; - reads stdin."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Save the result, or the file it brought."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Call it even if it asks for approval.")] = False,
    timeout_s: Annotated[
        float | None,
        typer.Option(
            "--timeout", metavar="SECONDS", min=1, max=300, help="How long to wait.  [default: the server's]"
        ),
    ] = None,
    transport: TransportOption = None,
    env: EnvOption = None,
    header: HeaderOption = None,
    token_env: TokenOption = None,
    mcp_config: FilesOption = None,
    trust: TrustOption = False,
    user: UserOption = _LOCAL_USER,
    as_json: JsonOption = False,
    project_root: ProjectOption = Path(),
) -> int:
    """Call one tool. On a terminal, required arguments that are missing are asked for."""
    from penguiflow_cli import _tools_call, _tools_result, _tools_servers  # noqa: PLC0415 - as above

    return _tools_call.call(
        _tools_call.CallOptions(
            server=_tools_servers.ServerOptions(
                target=target,
                transport=transport,
                timeout_s=timeout_s,
                env=tuple(env or ()),
                headers=tuple(header or ()),
                token_env=token_env,
                mcp_config=tuple(mcp_config or ()),
                trust=trust,
                user=user,
                project_root=project_root,
            ),
            tool=tool,
            words=tuple(arguments or ()),
            args=args,
            yes=yes,
            result=_tools_result.ResultOptions(as_json=as_json, output=output, force=force),
        )
    )


@app.command("login", epilog=EPILOG, short_help="Sign in to a server by OAuth.")
def login(
    target: SignInArgument,
    user: UserOption = _LOCAL_USER,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page, or only show where it is.")
    ] = True,
    store: Annotated[
        Store | None,
        typer.Option("--store", help="Where the sign-in is kept; file is one only you can read."),
    ] = None,
    timeout_s: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=1, max=300, help="How long to wait for you.")
    ] = 300,
    mcp_config: FilesOption = None,
    trust: TrustOption = False,
    as_json: JsonOption = False,
    project_root: ProjectOption = Path(),
) -> int:
    """Sign in to a server by OAuth; connect and call use the sign-in from then on."""
    from penguiflow_cli import _tools_login, _tools_servers  # noqa: PLC0415 - help must not load the library

    return _tools_login.login(
        _tools_login.LoginOptions(
            server=_tools_servers.ServerOptions(
                target=target,
                timeout_s=timeout_s,
                mcp_config=tuple(mcp_config or ()),
                trust=trust,
                user=user,
                project_root=project_root,
            ),
            browser=browser,
            store=None if store is None else store.value,
            as_json=as_json,
        )
    )


@app.command("logout", epilog=EPILOG, short_help="Forget a sign-in.")
def logout(
    target: SignInArgument,
    user: UserOption = _LOCAL_USER,
    store: Annotated[Store | None, typer.Option("--store", help="Where the sign-in is kept.")] = None,
    mcp_config: FilesOption = None,
    as_json: JsonOption = False,
    project_root: ProjectOption = Path(),
) -> int:
    """Forget the sign-in to a server on this machine."""
    from penguiflow_cli import _tools_login, _tools_servers  # noqa: PLC0415 - help must not load the library

    return _tools_login.logout(
        _tools_login.LoginOptions(
            server=_tools_servers.ServerOptions(
                target=target, mcp_config=tuple(mcp_config or ()), user=user, project_root=project_root
            ),
            store=None if store is None else store.value,
            as_json=as_json,
        )
    )


@app.command("import", epilog=EPILOG, short_help="Take servers of other programs.")
def import_from_clients(
    client: Annotated[
        str | None,
        typer.Argument(metavar="PROGRAM", help="claude-desktop, claude-code, cursor, vscode, codex, ..."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Take the servers of every program.")] = False,
    only: Annotated[
        list[str] | None,
        typer.Option("--server", metavar="NAME", help="Take this one only; may be repeated."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of a server of the same name.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")] = False,
    as_json: JsonOption = False,
    project_root: ProjectOption = Path(),
) -> int:
    """Take tool servers of other programs into this project's .mcp.json; without a program, list them.

    Their files are only read. Secrets in them become references to variables of your environment.
    """
    from penguiflow_cli import _tools_import  # noqa: PLC0415 - help must not load the library

    return _tools_import.import_from_clients(
        _tools_import.ImportOptions(
            client=client,
            every=every,
            only=tuple(only or ()),
            replace=replace,
            dry_run=dry_run,
            as_json=as_json,
            project_root=project_root,
        )
    )


@app.command("doctor", epilog=EPILOG, short_help="Say what is wrong with the servers, and what to do.")
def doctor(
    target: Annotated[
        str,
        typer.Argument(
            metavar="NAME|COMMAND|URL",
            help="Look at this one only.  [default: all servers of this project]",
        ),
    ] = "",
    timeout_s: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=1, max=300, help="How long to wait for each.")
    ] = 10,
    mcp_config: FilesOption = None,
    user: UserOption = _LOCAL_USER,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object per server.")] = False,
    project_root: ProjectOption = Path(),
) -> int:
    """Connect to every server at once and say what is wrong and what to do about it.

    The exit code is that of the worst problem. A server that you did not allow yet is not started.
    """
    from penguiflow_cli import _tools_doctor, _tools_servers  # noqa: PLC0415 - help must not load the library

    return _tools_doctor.doctor(
        _tools_doctor.DoctorOptions(
            server=_tools_servers.ServerOptions(
                target=target,
                timeout_s=timeout_s,
                mcp_config=tuple(mcp_config or ()),
                user=user,
                project_root=project_root,
            ),
            as_json=as_json,
        )
    )
