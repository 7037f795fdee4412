"""What may happen in a run, what came of it, and how it stands: functions of values. Nothing waits here."""
