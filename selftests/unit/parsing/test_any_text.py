"""What a host says may be anything: a parser reads it, or raises the one exception that it documents."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from hullcheck.facts.containers.probe import described_in
from hullcheck.facts.engine import daemon_options
from hullcheck.parsing import docker_bench_log, times, values
from hullcheck.parsing.answer_lines import units
from hullcheck.parsing.proc import mountinfo, net
from hullcheck.verdicts import EvidenceError

PIECES = ["\n", "\t", " ", *"\"'\\:=a", "${", "$(", "<<", "--", "{}", "[null]", "-1", "9" * 30]
TEXTS = some.one_of(some.text(), some.lists(some.sampled_from(PIECES)).map("".join))
PARSERS: dict[str, Callable[[str], Any]] = {
    "containers": described_in,
    "what is kept of daemon.json": daemon_options.stored_file,
    "boolean": values.go_boolean,
    "size": values.go_size,
    "units": units,
    "moment": times.moment,
    "time of the engine": times.engine_moment,
    "mounts": lambda text: mountinfo.parse(text.split("\n")),
    "listener": net.listener,
    "log of docker-bench-security": lambda text: docker_bench_log.parse(text, "/log"),
}


@pytest.mark.parametrize("name", PARSERS)
def test_text_is_read_or_refused(name: str) -> None:
    """No text makes a parser raise anything else."""

    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(TEXTS)
    def read(text: str) -> None:
        try:
            PARSERS[name](text)
        except (EvidenceError, docker_bench_log.LogError):
            return

    read()
