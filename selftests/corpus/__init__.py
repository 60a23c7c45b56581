"""The corpus: hosts that are described in files, what they answered, and the verdicts that are expected."""
