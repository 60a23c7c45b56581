"""Targets with the same engine ID are named in results, on the page and on the terminal; no verdict changes."""

from pathlib import Path

from hullcheck.facts.engine.identity import Identity, same_engine, same_machine
from selftests.kit.projects import site
from selftests.kit.running import PRESENT, Project, Run, containers, info


def audited(folder: Path, **engines: str) -> Run:
    """A run of a target for each of these engines."""
    project: Project = site(folder)
    web = containers({"Name": "/web", "HostConfig": {"Privileged": True}})
    hosts = [project.recorded(name, PRESENT, info(ID=each), web) for name, each in engines.items()]
    return project.pytest("-m", "cis", f"--hosts={','.join(hosts)}")


def test_same_engine_under_two_names_is_said(tmp_path: Path) -> None:
    """Once for both; the other target is not named, and both are judged as ever."""
    run = audited(tmp_path, alpha="e-1", other="e-2", beta="e-1")
    said = "alpha, beta have the same engine ID: one engine under several names, or copies of one machine"
    assert run.lines(f"  {said}")
    assert {name: each.get("same_engine") for name, each in run.results["targets"].items()} == {
        "alpha": ["beta"],
        "other": None,
        "beta": ["alpha"],
    }
    assert "same_machine" not in run.results["targets"]["alpha"]
    assert {each["verdict"] for each in run.results["results"]} == {"fail"}
    page = (tmp_path / "reports/latest/audit.html").read_text()
    assert "<p><bdi>alpha</bdi>, <bdi>beta</bdi> have the same engine ID: one engine" in page
    assert page.count("same engine ID as <bdi>") == 2


def identities(**told: tuple[str, str]) -> dict[str, Identity]:
    """Targets with the IDs of their engine and machine."""
    return {name: Identity(machine, engine, "") for name, (engine, machine) in told.items()}


def test_machine_speaks_where_an_engine_does_not() -> None:
    """Two engines on one machine are two; asked once without the right to ask the engine, it is the machine's ID."""
    known = identities(
        root=("e-1", "m"), rootless=("e-2", "m"), plain=("unknown", "m"), no=("unknown", "unknown")
    )
    assert same_engine(known) == {}
    assert same_machine(known) == {"root": ("plain",), "rootless": ("plain",), "plain": ("root", "rootless")}
