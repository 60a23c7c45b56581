"""Audits the two recorded hosts of demo.yml, for `tox -e demo`. That one of them fails is what there is to see."""

import sys

import pytest

status = pytest.main(
    ["--config-file=pyproject.toml", "-m", "cis", "--inventory=inventories/demo.yml", *sys.argv[1:]]
)
if status == pytest.ExitCode.TESTS_FAILED:
    print("This was a demonstration, so it ends with status 0; an audit of such hosts ends with status 1.")
    status = pytest.ExitCode.OK
sys.exit(status)
