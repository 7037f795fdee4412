"""The Model Context Protocol behind the `ToolSession` port, through FastMCP's client."""
