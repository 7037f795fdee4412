"""The parts of `penguiflow.llm.cassette`."""
