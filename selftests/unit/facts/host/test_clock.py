"""The time at which a target is judged."""

import pytest

from hullcheck.facts.host.clock import Clock
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError


def test_clock_is_that_of_the_recording() -> None:
    """Both clocks are known where it was gathered; without a time nothing can be judged by one."""
    found = Clock(Recording("host", "local", {}, gathered=100.0, asked=90.0))
    assert found.now == 100
    assert (found.times.earlier, found.times.later) == (90, 100)
    none = Clock(Recording("host", "local", {}))
    for question in ("now", "times"):
        with pytest.raises(EvidenceError, match="does not tell its time"):
            getattr(none, question)
