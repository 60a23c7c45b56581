"""Options of a command line against a configuration file."""

import pytest

from hullcheck.criteria.daemon_options import options_against, unasked_plugin
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


PLUGINS = {"site/authz:1": True, "site/off:1": False, "plain:latest": True}


@pytest.mark.parametrize(
    ("name", "said", "is_sure"),
    [
        ("site/authz:1", "", False),
        ("docker.io/site/authz:1", "", False),
        ("plain", "", False),
        ("docker.io/library/plain:latest", "", False),
        ("beside-the-engine", "", False),
        ("docker.io/site/off:1", "is disabled", True),
        ("site/gone:1", "is not there any more", True),
        ("gone:latest", "is not there any more", True),
        ("site/gone", "is not there any more", True),
        ("0123456789ab", "is the id", False),
    ],
)
def test_name_of_a_plugin(name: str, said: str, is_sure: bool) -> None:
    """It is found by each name that the engine knows it by; one without a tag may be no plugin of the engine's."""
    words, sure = unasked_plugin([name], PLUGINS)
    assert (words.startswith(f"{name} {said}") if said else not words, sure) == (True, is_sure)
