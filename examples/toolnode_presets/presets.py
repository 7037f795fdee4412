"""The MCP servers that are known by name, and one of them made to fit."""

from __future__ import annotations

from penguiflow.tools import POPULAR_MCP_SERVERS, get_preset


def main() -> None:
    for name, config in sorted(POPULAR_MCP_SERVERS.items()):
        needs = ", ".join(config.env) or config.auth_type.value
        print(f"{name:<13} {config.connection:<55} {needs}")

    # A preset is shared by everybody, so a config of your own is a copy of it.
    mine = get_preset("filesystem").model_copy(
        update={
            "name": "notes",
            "connection": "npx -y @modelcontextprotocol/server-filesystem ./notes",
            "tool_filter": ["read_", "list_"],
        }
    )
    print(f"{mine.name}: {mine.connection}, takes write_file: {mine.takes('write_file')}")


if __name__ == "__main__":
    main()
