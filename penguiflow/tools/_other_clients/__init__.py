"""The files of other MCP clients: where they are, what they mean, and taking servers over. Only ever read."""
