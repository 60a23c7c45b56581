"""What CI relies on: one list of checks, and the same versions in every run."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from selftests import REPOSITORY

CONSTRAINTS = REPOSITORY / ".ci/constraints.txt"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
RENEW = "renew the constraints: tox -e constraints"


def _constraints() -> dict[str, Requirement]:
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return {canonicalize_name(each.name): each for each in found}


def _required() -> list[Requirement]:
    """The requirements of pyproject.toml for CI and for a release."""
    document = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    project, groups = document["project"], document["dependency-groups"]
    extras = project["optional-dependencies"]
    used = [each for name in ("docs", "lint", "selftest") for each in extras[name]]
    build = document["build-system"]["requires"]
    return [Requirement(each) for each in (*project["dependencies"], *used, *groups["ci"], *groups["release"], *build)]


def _needed_here(requirement: Requirement, seen: set[str]) -> Iterator[metadata.Distribution]:
    """The installed packages that a requirement leads to."""
    name = canonicalize_name(requirement.name)
    if name in seen or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
        return
    seen.add(name)
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return
    yield found
    for each in found.requires or ():
        yield from _needed_here(Requirement(each), seen)


def _lint_commands() -> str:
    tox = configparser.ConfigParser()
    tox.read(REPOSITORY / "tox.ini")
    return tox["testenv:lint"]["commands"]


# ---- versions


def test_constraints() -> None:
    """Each line names one version, which fits what the project asks for, and nothing that is needed is missing."""
    known = _constraints()
    for each in known.values():
        (specifier,) = each.specifier
        assert (specifier.operator, "*" in specifier.version) == ("==", False), each
    for each in _required():
        (specifier,) = known[canonicalize_name(each.name)].specifier
        assert each.specifier.contains(specifier.version), f"{each}; {RENEW}"
    seen: set[str] = set()
    here = [found for each in _required() for found in _needed_here(each, seen)]
    assert len(here) > 20
    assert {canonicalize_name(each.name) for each in here} <= known.keys(), RENEW
    for each in here:  # those that are installed in this version run on all Pythons
        if known[canonicalize_name(each.name)].specifier.contains(each.version):
            pythons = SpecifierSet(each.metadata.get("Requires-Python", ""))
            assert all(pythons.contains(f"{version}.99") for version in PYTHONS), f"{each.name}; {RENEW}"


def test_ci_uses_the_constraints() -> None:
    """`.ci/run` has pip obey them, in every environment that it makes."""
    script = (REPOSITORY / ".ci/run").read_text(encoding="utf-8")
    (path,) = re.findall(r"^export PIP_CONSTRAINT=\$PWD/(\S+)", script, re.MULTILINE)
    assert REPOSITORY / path == CONSTRAINTS
    assert script.index("PIP_CONSTRAINT") < script.index('pip" install')


# ---- checks


def test_every_shell_script_is_checked() -> None:
    """`tox -e lint` gives shellcheck each script of the project: those of the library have names in `.sh`."""
    scripts = []
    for folder, folders, names in os.walk(REPOSITORY):
        folders[:] = [each for each in folders if each not in ("reports", "mutants") and not _is_made_here(each)]
        for name in names:
            path = REPOSITORY / folder / name
            shebang = path.is_file() and re.match(rb"#!.*\b(ba|da|k)?sh\b", path.open("rb").readline())
            if path.suffix == ".sh" or shebang:
                scripts.append(path.relative_to(REPOSITORY))
    of_library = {each for each in scripts if each.parts[0] == "hullcheck" and each.suffix == ".sh"}
    assert len(of_library) > 20
    assert re.search(r"^find hullcheck -name \*.sh -exec shellcheck ", _lint_commands(), re.MULTILINE)
    assert re.search("^shfmt --diff .* hullcheck$", _lint_commands(), re.MULTILINE)
    (line,) = re.findall("^shellcheck (.+)$", _lint_commands(), re.MULTILINE)
    assert {*map(Path, line.split())} == {*scripts} - of_library


def test_site_is_built() -> None:
    """CI builds the documentation, and what its checks find there fails CI."""
    tox = configparser.ConfigParser()
    tox.read(REPOSITORY / "tox.ini")
    assert "--strict" in tox["testenv:docs"]["commands"]
    script = (REPOSITORY / ".ci/run").read_text(encoding="utf-8")
    assert re.search(r"^ *tox docs \|\| checked=1$", script, re.MULTILINE)


def _is_made_here(folder: str) -> bool:
    return folder.startswith(".") and folder != ".ci"


def test_hook_before_a_commit_runs_what_ci_runs() -> None:
    """pre-commit has one check, `tox -e lint`, and fetches none from anywhere."""
    document = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (repository,) = document["repos"]
    (hook,) = repository["hooks"]
    assert repository["repo"] == "local"
    assert re.fullmatch("tox (-q )?-e lint", hook["entry"])
    assert hook["pass_filenames"] is False
    assert re.search(r"^ *tox lint ", (REPOSITORY / ".ci/run").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("module", ["selftests.rig.__main__", "selftests.rig.bare"])
def test_commands_that_need_only_python(module: str) -> None:
    """.ci/run makes the bare machine, and a newcomer removes what a laboratory left, with Python alone."""
    code = f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); import {module}"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)
