"""Every name that telemetry is sent under: spans, attributes and metrics.

The GenAI conventions of OpenTelemetry (schema `gen-ai-dev` 1.42.0) are still in development and their
constants in Python are deprecated, so the names stand here. What they have no name for begins with
`penguiflow.`.
"""

from __future__ import annotations

from typing import Final

SCOPE: Final = "penguiflow"
SCHEMA_URL: Final = "https://opentelemetry.io/schemas/gen-ai-dev/1.42.0-dev"

OPERATION: Final = "gen_ai.operation.name"
CHAT: Final = "chat"
EXECUTE_TOOL: Final = "execute_tool"
INVOKE_AGENT: Final = "invoke_agent"
INVOKE_WORKFLOW: Final = "invoke_workflow"

AGENT_NAME: Final = "gen_ai.agent.name"
CONVERSATION_ID: Final = "gen_ai.conversation.id"
PROVIDER: Final = "gen_ai.provider.name"
REQUEST_MODEL: Final = "gen_ai.request.model"
RESPONSE_MODEL: Final = "gen_ai.response.model"
TOKEN_TYPE: Final = "gen_ai.token.type"
TOOL_CALL_ID: Final = "gen_ai.tool.call.id"
TOOL_NAME: Final = "gen_ai.tool.name"
INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
CACHE_READ_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"
REASONING_TOKENS: Final = "gen_ai.usage.reasoning.output_tokens"

# Content: only on request.
INPUT_MESSAGES: Final = "gen_ai.input.messages"
OUTPUT_MESSAGES: Final = "gen_ai.output.messages"
TOOL_CALL_ARGUMENTS: Final = "gen_ai.tool.call.arguments"
TOOL_CALL_RESULT: Final = "gen_ai.tool.call.result"

ERROR_TYPE: Final = "error.type"
OTHER_ERROR: Final = "_OTHER"
"""The value of `error.type` where no kind of error is known."""
CUT_OFF: Final = "interrupted"
"""The value of `error.type` of what was going on when its run ended."""

AWAIT_PERSON: Final = "await_person"
NODE: Final = "node"

RUN_ID: Final = "penguiflow.run.id"
RUN_OUTCOME: Final = "penguiflow.run.outcome"
RUN_END_REASON: Final = "penguiflow.run.end_reason"
RUN_STEPS: Final = "penguiflow.run.steps"
RUN_WORKED_MS: Final = "penguiflow.run.worked_ms"
STEP: Final = "penguiflow.step"
COST_USD: Final = "penguiflow.cost_usd"
PURPOSE: Final = "penguiflow.model.purpose"
ATTEMPT: Final = "penguiflow.attempt"
RESULT_CHARS: Final = "penguiflow.tool.result_chars"
WAIT_REASON: Final = "penguiflow.person.reason"
WAIT_DECISION: Final = "penguiflow.person.decision"
FLOW_TRACE_ID: Final = "penguiflow.flow.trace_id"
NODE_NAME: Final = "penguiflow.node.name"
NODE_ID: Final = "penguiflow.node.id"
DETAIL_PREFIX: Final = "penguiflow.detail."
MARK_PREFIX: Final = "penguiflow."

TOKEN_USAGE_METRIC: Final = "gen_ai.client.token.usage"
OPERATION_DURATION_METRIC: Final = "gen_ai.client.operation.duration"
EXECUTE_TOOL_METRIC: Final = "gen_ai.execute_tool.duration"
INVOKE_AGENT_METRIC: Final = "gen_ai.invoke_agent.duration"
INVOKE_WORKFLOW_METRIC: Final = "gen_ai.invoke_workflow.duration"
COST_METRIC: Final = "penguiflow.client.cost"

TOKEN_BUCKETS: Final = tuple(float(4**power) for power in range(14))
CALL_SECONDS_BUCKETS: Final = tuple(round(0.01 * 2**power, 2) for power in range(14))
AGENT_SECONDS_BUCKETS: Final = tuple(round(0.1 * 2**power, 1) for power in range(13))
WORKFLOW_SECONDS_BUCKETS: Final = (1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0)
