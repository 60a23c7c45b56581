"""Where the makers of tools put them."""

import pytest

from hullcheck.facts.sensors.tools import OTHERS, TOOLS


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/usr/bin/falco", ["falco"]),
        ("/opt/draios/bin/dragent", ["sysdig"]),
        ("/opt/aquasec/slk", ["aqua"]),
        ("/opt/traps/bin/pmd", ["Cortex XDR"]),
        ("/opt/datadog-agent/embedded/bin/system-probe", ["Datadog"]),
        ("/opt/datadog-agent/bin/agent/agent", []),
        ("/opt/CrowdStrike/falcon-sensor17806", ["CrowdStrike Falcon"]),
        ("/home/me/tracee", []),
    ],
)
def test_programs(path: str, names: list[str]) -> None:
    """A program belongs to one tool, by the whole of its path."""
    found = [each.name for each in TOOLS if each.programs.fullmatch(path)]
    assert [*found, *(name for name, way in OTHERS.items() if way.fullmatch(path))] == names
