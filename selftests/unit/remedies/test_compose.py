"""The file for a Compose project: laid over those of the project, it mends what it says, and changes nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from hullcheck import compose
from hullcheck.compose import command
from hullcheck.facts import Facts
from hullcheck.facts.containers import Container
from hullcheck.policy import Policy
from hullcheck.remedies import ContainerLimit, ContainerOptions, containers
from hullcheck.remedies.containers import Limit, Options
from hullcheck.remedies.containers import compose as overlay
from hullcheck.remedies.containers.compose import Project
from hullcheck.remedies.table import REMEDIES
from selftests.kit.facts.container_host import ContainerHost
from selftests.kit.judging import judged
from selftests.lab.remedy.proven import LIMITS, OPTIONS
from selftests.unit.remedies.test_containers import failure

FILE = """
services:
  web:
    image: web:1
    security_opt: [seccomp:unconfined, "apparmor=mine$$"]
    cap_drop: [CHOWN]
    pid: host
    ipc: host
    uts: host
    restart: always
    tmpfs: /run
    user: "7"
  db:
    image: db:1
    volumes: [data:/data]
volumes: {data: {}}
"""
SECURITY = ["seccomp:unconfined", "apparmor=mine$"]
LABEL = "com.docker.compose."


class _Loader(yaml.SafeLoader):
    """Reads the two tags as pairs of the tag and what stands behind it."""


_Loader.add_constructor("!reset", lambda loader, node: ("!reset", None))
_Loader.add_constructor("!override", lambda loader, node: ("!override", loader.construct_sequence(node)))


def laid(below: Any, above: Any) -> Any:
    """What Compose makes of two values: mappings are joined, lists lengthened, others replaced, but not by nothing."""
    if isinstance(above, tuple):
        return above[1]
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{name: laid(below.get(name), each) for name, each in above.items()}}
    if above is None:
        return below
    if isinstance(above, list):
        return [*(below if isinstance(below, list) else [below] if below else []), *above]
    return above


def container(
    service: str = "web", labels: Mapping[str, str | None] | None = None, **config: Any
) -> Container:
    """A container of the project shop, or with other labels."""
    host = ContainerHost()
    files = {"project.config_files": "/srv/shop/compose.yml,/srv/shop/more.yml", "oneoff": "False"}
    named = {
        f"{LABEL}{name}": each for name, each in {"project": "shop", "service": service, **files}.items()
    }
    host.description["Labels"] = named if labels is None else {**named, **labels}
    host.config.update(config)
    return host.container


def made(known: Mapping[str, Container], *controls: str) -> tuple[tuple[Project, ...], tuple[Options, ...]]:
    """The files for containers on which each of these controls fails, as soon as its remedy fits."""
    options, limits = list[Options](), list[Limit]()
    for name in known:
        found = [(control, REMEDIES[control]) for control in controls]
        kinds = [(failure(_reason(each), name, control), each) for control, each in found]
        limits += containers.limits([(f, r) for f, r in kinds if isinstance(r, ContainerLimit)])[0]
        options += containers.options([(f, r) for f, r in kinds if isinstance(r, ContainerOptions)], known)[0]
    return overlay.projects(options, limits, known)


def _reason(remedy: Any) -> str:
    plain: str = remedy.finding.replace("\\", "").replace(".*", "x")
    return plain


def failing(facts: Facts) -> set[tuple[str, str]]:
    """What fails of the controls of containers that have a remedy, with the service."""
    return {
        (name, subject)
        for name in LIMITS | OPTIONS
        for subject, (verdict, _) in judged(name, facts).items()
        if verdict == "fail"
    }


def overlaid() -> Project:
    """The project for this file, with all of the remedies that fit its two services."""
    every = sorted(LIMITS | OPTIONS)
    (of_web,), rest = made({"web": container(SecurityOpt=SECURITY)}, *every)
    plain = {
        "container_has_a_seccomp_filter",
        "container_has_a_pid_namespace",
        "container_has_an_ipc_namespace",
    }
    (of_db,), more = made({"db": container("db")}, *sorted({*every} - plain))
    assert (rest, more) == ((), ())
    return Project("shop", of_web.files, {**of_web.services, **of_db.services})


def test_what_fails_is_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Judged as `hullcheck audit --compose` does: each control fails before and none after, and the rest stays."""
    monkeypatch.setattr(command, "available", lambda path: None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "compose.yml").write_text(FILE)
    before = failing(Facts(compose.recorded("shop", "compose.yml"), Policy()))
    assert {name for name, _ in before} == LIMITS | OPTIONS
    assert {subject for _, subject in before} == {"web", "db"}
    merged = laid(yaml.safe_load(FILE), yaml.load(overlaid().text, _Loader))
    (tmp_path / "compose.yml").write_text(yaml.safe_dump(merged))
    facts = Facts(compose.recorded("shop", "compose.yml"), Policy())
    assert failing(facts) == set()
    web = dict(facts.container)["web"].configuration
    assert web.security_options == {"apparmor": "mine$", "no-new-privileges": "true"}
    assert (web.user, web.dropped_capabilities) == ("7", ("CHOWN", "NET_RAW"))


@pytest.mark.skipif(
    command.available(os.environ.get("PATH", "")) is None, reason="docker compose is not installed here"
)
def test_docker_compose_lays_it_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same by the command itself, which knows both tags."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "compose.yml").write_text(FILE)
    project = overlaid()
    (tmp_path / project.file).write_text(project.text)
    assert failing(Facts(compose.recorded("shop", "compose.yml+"), Policy()))
    facts = Facts(compose.recorded("shop", f"compose.yml+{project.file}"), Policy())
    assert failing(facts) == set()
    web = dict(facts.container)["web"].configuration
    assert web.security_options == {"apparmor": "mine$", "no-new-privileges": "true"}
    assert (web.user, web.dropped_capabilities) == ("7", ("CHOWN", "NET_RAW"))


def test_file() -> None:
    """It has the settings of each service once, also where several containers are of one service."""
    name = "container_gains_no_privileges"
    known = {"shop-web-1": container(), "shop-web-2": container(), "shop-db-1": container("db")}
    ((project,), rest) = made(known, name, "container_has_a_process_limit")
    assert (project.file, rest) == ("compose.shop.yml", ())
    assert project.files == ("/srv/shop/compose.yml", "/srv/shop/more.yml")
    assert project.containers == known.keys()
    settings = {"security_opt": ["no-new-privileges"], "pids_limit": 1000}
    assert yaml.safe_load(project.text) == {"services": {"db": settings, "web": settings}}
    assert list(yaml.safe_load(project.text)["services"]) == ["db", "web"]


@pytest.mark.parametrize(
    "labels",
    [
        {},
        {f"{LABEL}project": None},
        {f"{LABEL}project": "../shop"},
        {f"{LABEL}project": "Shop"},
        {f"{LABEL}service": "a b"},
        {f"{LABEL}service": "w: {x"},
        {f"{LABEL}oneoff": "True"},
        {f"{LABEL}oneoff": None},
    ],
)
def test_container_that_compose_does_not_create(labels: Mapping[str, str | None]) -> None:
    """Without the labels of a project, with a name that is none, or made by `docker compose run`: left to a person."""
    found = container(labels=labels or {f"{LABEL}project": ""})
    projects, rest = made({"web": found}, "container_gains_no_privileges")
    assert projects == ()
    assert rest == (Options("web", ("--security-opt no-new-privileges",), ()),)


@pytest.mark.parametrize("files", [None, "", "compose.yml", "/srv/a\nb.yml", "/srv/\x1b[2J"])
def test_files_that_are_not_known(files: str | None) -> None:
    """A path that no recording has, or that could steer a reader, is not named."""
    found = container(labels={f"{LABEL}project.config_files": files})
    (project,), _ = made({"web": found}, "container_gains_no_privileges")
    assert project.files == ()


def test_security_options_that_are_not_known() -> None:
    """A profile is recorded by its content: a list without it would take it away, so a person does it."""
    found = container(SecurityOpt=["seccomp=unconfined", 'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'])
    (project, *_), rest = made(
        {"web": found}, "container_has_a_seccomp_filter", "container_gains_no_privileges"
    )
    assert rest == (Options("web", (), ("--security-opt seccomp=unconfined",)),)
    assert project.services == {"web": {"security_opt": ["no-new-privileges"]}}
    assert project.replaced == ()


def test_words_of_a_host_are_no_yaml() -> None:
    """What a container was created with steers neither YAML nor variables of Compose."""
    found = container(SecurityOpt=["seccomp=unconfined", "label=user: {x}", "label=${HOME}", "label=!reset"])
    (project,), _ = made({"web": found}, "container_has_a_seccomp_filter")
    told = yaml.load(project.text, _Loader)["services"]["web"]["security_opt"]
    assert told == ("!override", ["label=user: {x}", "label=$${HOME}", "label=!reset"])


def test_capability_that_is_given_is_left() -> None:
    """The engine gives what is added, though it is dropped as well; a list of Compose cannot take it away."""
    control = "container_capabilities_are_needed"
    remedy = REMEDIES[control]
    assert isinstance(remedy, ContainerOptions)
    found = [(failure("has or can get NET_RAW", control=control), remedy)]
    for added, left in ((["NET_RAW"], 1), (["cap_net_raw"], 1), (["ALL"], 1), (["CHOWN"], 0), (None, 0)):
        options, outcome = containers.options(found, {"web": container(CapAdd=added)})
        assert (len(options), len(outcome.left)) == (1 - left, left)
