"""One run: pure decisions over its progress, and a thin driver that calls models and tools."""
