"""What else runs containers on a host, and is named because nothing of it is judged."""

from __future__ import annotations

from pathlib import Path

from hullcheck.criteria.judgement import shown_neighbour
from hullcheck.facts import Facts
from hullcheck.recording.probe import Answer
from selftests.kit.facts import answer
from selftests.kit.facts.engines import engine_text
from selftests.kit.facts.hosts import target
from selftests.kit.projects import site
from selftests.kit.running import PRESENT, containers, info

TASKS = "task:moby\ntask:plugins.moby\ntask:moby-100000.100000" + "\ntask:k8s.io" * 12
PROGRAMS = ((60, "crio"), (70, "conmon"), (71, "conmon"), (72, "conmon"), (73, "conmon"))
ENGINES = "\n".join(f"{pid}/status:Name:\t{name}" for pid, name in PROGRAMS)
PLUGINS = [{"Name": "vieux/sshfs:latest", "Enabled": True}, {"Name": "off", "Enabled": False}]


def named(facts: Facts) -> list[str]:
    """What is named of them."""
    return list(map(shown_neighbour, facts.get("neighbours")))


def test_what_is_named() -> None:
    """The engine's own namespaces and plugins that are off are no neighbours; of many processes three are named."""
    found = target(processes={"tasks": TASKS, "processes": ENGINES}, engine=engine_text(plugins=PLUGINS))
    assert named(found) == [
        "the namespace k8s.io of containerd (12 running)",
        "conmon (pid 70, 71, 72)",
        "crio (pid 60)",
        "the plugin vieux/sshfs:latest",
    ]
    assert named(target(processes={"tasks": "task:moby", "processes": ""})) == []


def test_what_could_not_be_seen_is_named_too() -> None:
    """Without rights, or where the probe failed, nobody says that there is nothing."""
    hidden = target(processes={"tasks": "unread:/run/containerd", "processes": ""})
    assert named(hidden) == ["/run/containerd could not be read; are you root?"]
    (found,) = named(target(processes=Answer("processes", 124, "", "")))
    assert found.startswith("other engines than Docker's (")
    (found,) = named(target(processes={"tasks": "", "processes": ""}, engine=engine_text(plugins=[{}])))
    assert found.startswith("the plugins of the engine (")
    assert named(target()) == []  # nobody asked


def test_where_it_is_told(tmp_path: Path) -> None:
    """In the results, on the page and on the terminal."""
    project = site(tmp_path)
    recorded = project.recorded(
        "web1", PRESENT, info(), containers(), answer("processes", tasks="", processes="60/status:Name:\tcrio")
    )
    run = project.pytest(f"--hosts={recorded}")
    assert run.lines("  web1: not judged: crio (pid 60)"), run.output
    assert run.results["targets"]["web1"]["neighbours"] == ["crio (pid 60)"]
    assert "not judged: <bdi>crio (pid 60)</bdi>" in (tmp_path / "reports/latest/audit.html").read_text()
