"""What is kept of the answers about what installs updates."""

import json
import subprocess
from pathlib import Path

from hullcheck.facts.patching.probe import PATCHING

BLACKLIST = "2026-06-30 06:00:00,123 INFO Initial blacklist: docker linux-"


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


def test_what_is_kept_from_updates(tmp_path: Path) -> None:
    """Packages on hold, and what unattended-upgrades and dnf were told to leave out; lists of security updates."""
    files = {
        "lib/dpkg/status": "Package: a\nStatus: hold ok installed\n\nPackage: b\nStatus: install ok installed\n",
        "log/unattended-upgrades/unattended-upgrades.log": f"x INFO Initial blacklist: old\n{BLACKLIST}\n",
        "lib/apt/lists/deb.example_debian_dists_trixie-security_InRelease": "",
        "lib/apt/lists/deb.example_debian_dists_trixie_InRelease": "",
        "dnf/dnf.conf": "[main]\n#exclude=no\nexcludepkgs = kernel* docker-ce\n",
        "dnf/plugins/versionlock.list": "# locks\ndocker-ce-3:28.0.1-1.*\n!old-1.*\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    script = PATCHING.script.replace("/var/", f"{tmp_path}/").replace("/etc/", f"{tmp_path}/")
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True, cwd="/")
    lines = PATCHING.keep(done.stdout).split("\n")
    held = [line.removeprefix("held:") for line in lines if line.startswith("held:")]
    assert held == ["docker linux-", "a", "kernel* docker-ce", "docker-ce-3:28.0.1-1.*"]
    assert "lists:1" in lines
