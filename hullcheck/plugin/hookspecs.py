"""The hooks that hullcheck adds to pytest's: what a repository of your own may tell it, in its conftest.py."""

from collections.abc import Mapping, Sequence

from hullcheck.recording.probe import Probe


def pytest_hullcheck_probes() -> Mapping[str, Sequence[Probe]]:  # type: ignore[empty-body]
    """Ask targets more: probes of your own, by the name of the fixture that reads their answers.

    They are run in the same script as all others, shown by `--show-probes`, kept in the recording, and named as
    the evidence of every control that asks for the fixture. docs/adding-a-control.md has an example.
    """
