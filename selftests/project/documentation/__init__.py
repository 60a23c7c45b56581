"""The parts of the documentation that are made, and the self-tests of its pages."""
