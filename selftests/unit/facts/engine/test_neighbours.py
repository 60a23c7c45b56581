"""What else runs containers on a host, and is named because nothing of it is judged."""

from __future__ import annotations

from pathlib import Path

from hullcheck.facts import Facts
from hullcheck.facts.engine.neighbours import NEIGHBOURS
from hullcheck.recording.probe import Answer
from selftests.kit.facts.engines import engine_text
from selftests.kit.facts.hosts import target
from selftests.kit.projects import site
from selftests.kit.running import PRESENT, containers, info

ANSWER = """namespace:moby 4
namespace:plugins.moby 1
namespace:moby-100000.100000 2
namespace:k8s.io 12
process:conmon 70
process:conmon 71
process:conmon 72
process:conmon 73
process:crio 60
"""


def host(answer: str) -> Facts:
    """A host of which the probe says this, with two plugins of the engine."""
    plugins = [{"Name": "vieux/sshfs:latest", "Enabled": True}, {"Name": "off", "Enabled": False}]
    return target(neighbours=NEIGHBOURS.keep(answer), engine=engine_text(plugins=plugins))


def test_what_is_named() -> None:
    """The engine's own namespaces and plugins that are off are no neighbours; of many processes three are named."""
    assert host(ANSWER).get("neighbours") == (
        "the namespace k8s.io of containerd (12 running)",
        "conmon (process 70, 71, 72)",
        "crio (process 60)",
        "the plugin vieux/sshfs:latest",
    )
    assert target(neighbours="namespace:moby 4\n").get("neighbours") == ()


def test_what_could_not_be_seen_is_named_too() -> None:
    """Without rights, or where the probe failed, nobody says that there is nothing."""
    silent = target(neighbours="unread:/run/containerd\n", engine=engine_text(refusal="no"))
    assert silent.get("neighbours") == (
        "the plugins of the engine could not be read; are you root?",
        "/run/containerd could not be read; are you root?",
    )
    (found,) = target(neighbours=Answer("neighbours", 124, "", "")).get("neighbours")
    assert found.startswith("other engines than Docker's (")
    assert target().get("neighbours") == ()  # nobody asked


def test_where_it_is_told(tmp_path: Path) -> None:
    """In the results, on the page and on the terminal."""
    project = site(tmp_path)
    recorded = project.recorded(
        "web1", PRESENT, info(), containers(), Answer("neighbours", 0, "process:crio 60\n", "")
    )
    run = project.pytest(f"--hosts={recorded}")
    assert run.lines("  web1: not judged: crio (process 60)"), run.output
    assert run.results["targets"]["web1"]["neighbours"] == ["crio (process 60)"]
    assert "not judged: <bdi>crio (process 60)</bdi>" in (tmp_path / "reports/latest/audit.html").read_text()
