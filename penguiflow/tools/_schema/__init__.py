"""JSON schemas of servers as pydantic models."""
