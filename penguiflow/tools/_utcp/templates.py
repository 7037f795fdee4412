# pyright: reportMissingTypeStubs=false
# The UTCP packages have annotations, and nothing that says so to type checkers.
"""Reads call templates: the one module that imports the UTCP packages.

Their models say what a template may hold and what is the default; what they hold is copied into values of
our own. The models for credentials are chosen here and not by the registry of plugins, which would import
every package that calls itself a UTCP plugin.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue, ValidationError

from penguiflow.safe_text import safe_line
from penguiflow.tools._utcp.calls import (
    ApiKey,
    Basic,
    Call,
    ClientCredentials,
    CommandCall,
    Credential,
    HttpCall,
    Step,
    TemplateError,
    TextCall,
)
from penguiflow.tools._utcp.root_logger import root_logger_kept

with root_logger_kept():
    from utcp.data.auth import Auth
    from utcp.data.auth_implementations import ApiKeyAuth, BasicAuth, OAuth2Auth
    from utcp_cli.cli_call_template import CliCallTemplate
    from utcp_http.http_call_template import HttpCallTemplate
    from utcp_http.sse_call_template import SseCallTemplate
    from utcp_http.streamable_http_call_template import StreamableHttpCallTemplate


def kind_of(template: Mapping[str, JsonValue]) -> str:
    """Return which protocol the template is for."""
    kind = template.get("call_template_type")
    return kind if isinstance(kind, str) else ""


def read_call(template: Mapping[str, JsonValue]) -> Call:
    """Return the call that a template describes.

    Raises:
        TemplateError: it is of no known kind, or incomplete.
    """
    match kind_of(template):
        case "http":
            return _http_call(template)
        case "sse":
            return _sse_call(template)
        case "streamable_http":
            return _streamed_call(template)
        case "cli":
            return _command_call(template)
        case "text":
            return _text_call(template)
        case other:
            raise TemplateError(f"calls over `{safe_line(other, max_chars=50)}` are not known")


def _http_call(template: Mapping[str, JsonValue]) -> HttpCall:
    values, credential = _without_auth(template)
    try:
        model = HttpCallTemplate.model_validate(values)
    except ValidationError as error:
        raise _first_problem(error) from error
    return HttpCall(
        kind="http",
        method=model.http_method,
        url=model.url,
        headers=model.headers or {},
        content_type=model.content_type,
        body_field=model.body_field,
        header_fields=tuple(model.header_fields or ()),
        credential=credential,
    )


def _sse_call(template: Mapping[str, JsonValue]) -> HttpCall:
    values, credential = _without_auth(template)
    try:
        model = SseCallTemplate.model_validate(values)
    except ValidationError as error:
        raise _first_problem(error) from error
    return HttpCall(
        kind="sse",
        method="GET",
        url=model.url,
        headers=model.headers or {},
        content_type="application/json",
        body_field=model.body_field,
        header_fields=tuple(model.header_fields or ()),
        credential=credential,
    )


def _streamed_call(template: Mapping[str, JsonValue]) -> HttpCall:
    values, credential = _without_auth(template)
    try:
        model = StreamableHttpCallTemplate.model_validate(values)
    except ValidationError as error:
        raise _first_problem(error) from error
    return HttpCall(
        kind="streamable_http",
        method=model.http_method,
        url=model.url,
        headers=model.headers or {},
        content_type=model.content_type,
        body_field=model.body_field,
        header_fields=tuple(model.header_fields or ()),
        credential=credential,
    )


def _command_call(template: Mapping[str, JsonValue]) -> CommandCall:
    try:
        model = CliCallTemplate.model_validate(template)
    except ValidationError as error:
        raise _first_problem(error) from error
    if not model.commands:
        raise TemplateError("`commands` is empty")
    last = len(model.commands) - 1
    steps = tuple(
        Step(
            command=step.command,
            shown=number == last if step.append_to_final_output is None else step.append_to_final_output,
        )
        for number, step in enumerate(model.commands)
    )
    inherited = None if model.inherit_env_vars is None else tuple(model.inherit_env_vars)
    return CommandCall(steps=steps, env=model.env_vars or {}, inherited=inherited, cwd=model.working_dir)


def _text_call(template: Mapping[str, JsonValue]) -> TextCall:
    content = template.get("content")
    if not isinstance(content, str):
        raise TemplateError("`content`: a text is needed")
    return TextCall(content=content)


def _without_auth(template: Mapping[str, JsonValue]) -> tuple[dict[str, JsonValue], Credential | None]:
    # `auth_tools` is for tools made from an OpenAPI document, which are not made here.
    values = {key: value for key, value in template.items() if key not in ("auth", "auth_tools")}
    auth = template.get("auth")
    return values, None if auth is None else _credential(auth)


def _credential(auth: JsonValue) -> Credential:
    models: dict[JsonValue, type[Auth]] = {"api_key": ApiKeyAuth, "basic": BasicAuth, "oauth2": OAuth2Auth}
    kind = auth.get("auth_type") if isinstance(auth, dict) else None
    if not isinstance(kind, str) or kind not in models:
        raise TemplateError("`auth`: `auth_type` is none of `api_key`, `basic`, `oauth2`")
    try:
        model = models[kind].model_validate(auth)
    except ValidationError as error:
        raise _first_problem(error, "auth") from error
    match model:
        case ApiKeyAuth():
            return ApiKey(name=model.var_name, value=model.api_key, location=model.location)
        case BasicAuth():
            return Basic(username=model.username, password=model.password)
        case OAuth2Auth():
            return ClientCredentials(
                token_url=model.token_url,
                client_id=model.client_id,
                client_secret=model.client_secret,
                scope=model.scope,
            )
        case _:
            raise TemplateError("`auth` is of an unknown kind")


def _first_problem(error: ValidationError, *path: str) -> TemplateError:
    """Return where the first problem is and what it is; the value may be a secret, and is not shown."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join([*path, *(str(part) for part in first["loc"])])
    return TemplateError(f"`{safe_line(place, max_chars=100)}`: {safe_line(first['msg'], max_chars=200)}")
