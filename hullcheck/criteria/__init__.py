"""What is wrong with facts, in words; beside the controls the only place that judges."""
