"""Controls: what their docstrings and markers say, and how they are judged."""
