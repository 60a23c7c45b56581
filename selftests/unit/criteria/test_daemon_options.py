"""Options of a command line against a configuration file."""

import pytest

from hullcheck.criteria.daemon_options import options_against
from hullcheck.facts.daemon.flags import Flags


@pytest.mark.parametrize(
    ("flags", "document", "found"),
    [
        ((), {"icc": False}, []),
        ((("icc", "false"), ("debug", "true")), {}, []),
        ((("icc", "false"), ("icc", "true")), {}, ["--icc=true on the command line"]),
        ((("live-restore", "0"),), {}, ["--live-restore=0 on the command line"]),
        ((("no-new-privileges", "true"),), {}, []),
        ((("userns-remap", ""),), {}, ["--userns-remap= on the command line"]),
        (
            (("debug", "true"),),
            {"debug": True},
            ["debug on the command line and in the file, so the daemon will not start"],
        ),
        ((("runtimes", "a=/a"),), {"runtimes": {}}, []),
    ],
)
def test_options_against_a_file(flags: Flags, document: dict[str, object], found: list[str]) -> None:
    """What undoes a protection is named, by its last value, and what is in both places, unless the daemon joins it."""
    assert options_against(flags, document, "") == found
    assert options_against(flags, document, "x has ") == [f"x has {each}" for each in found]
