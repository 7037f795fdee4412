"""What tools were when they were approved, and names that look like others."""
