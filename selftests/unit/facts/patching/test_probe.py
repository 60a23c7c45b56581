"""What is kept of the answers about what installs updates."""

import json

from hullcheck.facts.patching.probe import PATCHING


def test_summary_of_puppet_is_cut_to_what_is_judged() -> None:
    """Its lines become one, without what else the file tells; what is no YAML stays none."""
    lines = [
        "yaml:time:",
        "yaml:  last_run: 100",
        "yaml:  config: geheim",
        "yaml:events:",
        "yaml:  failure: 0",
    ]
    kept = PATCHING.keep("\n".join([*lines, "job:x"])).split("\n")
    assert json.loads(kept[0].removeprefix("yaml:")) == {"time": {"last_run": 100}, "events": {"failure": 0}}
    assert kept[1] == "job:x"
    broken = PATCHING.keep("yaml:a: [\nyaml:PASSWORD: geheim")
    assert broken.startswith("yaml:{")
    assert "geheim" not in broken


def test_lines_of_a_log_are_cut_after_what_is_known() -> None:
    """A line of unattended-upgrades may name packages and more."""
    line = "unattended:2026-06-30 06:00:00,123 INFO All upgrades installed"
    assert PATCHING.keep(f"{line} from geheim") == line
    assert "geheim" not in PATCHING.keep("unattended:2026-06-30 06:00:00,123 INFO geheim")
    assert "geheim" not in PATCHING.keep("secret:geheim")
