"""The engine behind `penguiflow.core`: queues, traces, workers and the flow that owns them."""
