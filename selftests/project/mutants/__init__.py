"""Changes facts, criteria and controls in every small way, and lists what no self-test notices: `tox -e mutants`."""
