"""The gates of a run: read before a host is asked, and what they make of its exit status."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from hullcheck.gates import Baseline, Gates, conditions, held
from hullcheck.messages import WrongUse
from hullcheck.plugin import options
from hullcheck.results import Audit

_OPTIONS = ("fail_on", "baseline", "coverage")
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3})?")
_T = TypeVar("_T")


def is_asked_for(config: pytest.Config) -> bool:
    """Whether there is a gate, or a run to compare with."""
    return any(options.option(config, each) for each in _OPTIONS)


def gates(config: pytest.Config, limits: dict[str, tuple[str, ...]]) -> Gates:
    """The gates that this run was given.

    Args:
        limits: to which subjects the run is limited, by kind.

    Raises:
        pytest.UsageError: one cannot be used.
    """
    return _told(lambda: _gates(config, limits))


def _told(make: Callable[[], _T]) -> _T:
    try:
        return make()
    except WrongUse as error:
        raise pytest.UsageError(str(error)) from None


def _gates(config: pytest.Config, limits: dict[str, tuple[str, ...]]) -> Gates:
    fail_on = options.option(config, "fail_on")
    wanted = conditions.parse(fail_on)
    before = _baseline(options.path(config, "baseline"), limits)
    if any(each.new for each in wanted) and before is None:
        raise WrongUse("--fail-on new: new since when? Name the run by --baseline=reports/RUN")
    return Gates(
        fail_on=fail_on,
        conditions=wanted,
        baseline=before,
        coverage=_percent(options.option(config, "coverage")),
    )


def _baseline(path: Path | None, limits: dict[str, tuple[str, ...]]) -> Baseline | None:
    if path is None:
        return None
    found = Baseline.load(path)
    found.require_limits(limits)
    return found


def _percent(text: str) -> float:
    if not text:
        return 0
    if not _PERCENT.fullmatch(text) or not 0 < float(text) <= 100:
        raise WrongUse(f"--coverage {text}: write a percentage above 0, as 95")
    return float(text)


def status(own: int, audit: Audit, *, else_sound: bool) -> int:
    """The exit status of a run of which pytest would give *own*.

    A broken gate is never green. Where `--fail-on` is given and holds, controls that fail do not make the
    run fail; anything else does.

    Args:
        else_sound: whether nothing but controls failed, and all were judged that should be.
    """
    if own == 0 and any(each.broken for each in audit.gates):
        return pytest.ExitCode.TESTS_FAILED
    return 0 if own == pytest.ExitCode.TESTS_FAILED and held(audit) and else_sound else own
