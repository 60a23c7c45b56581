"""Files to copy: what is in them stands in the table of remedies; what has a condition is left to a person."""

import json

import pytest
from msgspec.structs import replace

from hullcheck.controls.metadata import read_docstring
from hullcheck.remedies.offered import FixFile, file_of
from hullcheck.results import Audit, Finding, Result
from hullcheck.results.failures import fixes
from hullcheck.verdicts import Verdict
from selftests.kit.audit_pages import Example, small
from selftests.kit.judging import controls

WHOLE = Finding("target", "web1", Verdict.FAIL, "it is not so")


def failing(*told: tuple[str, Finding]) -> Audit:
    """Controls of these names, each of which fails on web1 for the finding."""
    remedies = {each.__name__: read_docstring(each.__doc__ or "")[2] for each in controls()}
    audit = small()
    made = [
        replace(
            audit.controls[0],
            id=name,
            remedy=remedies.get(f"test_{name}", name),
            frameworks={"cis": (f"2.{number}",)},
        )
        for number, (name, _) in enumerate(told)
    ]
    results = tuple(Result(name, "web1", Verdict.FAIL, "", (finding,)) for name, finding in told)
    return replace(audit, controls=tuple(made), results=results)


def made(*told: tuple[str, Finding]) -> FixFile | None:
    """The file of the only fix."""
    (fix,) = fixes(failing(*told))
    return file_of(fix)


def test_settings_of_the_daemon_are_one_object() -> None:
    """Each remedy that sets something adds it, and what is taken out is said; a condition is left to a person."""
    names = (
        *("containers_gain_no_new_privileges_by_default", "daemon_logs_at_level_info"),
        *("containers_get_default_ulimits", "containers_outlive_the_daemon", "daemon_remaps_users"),
    )
    file = made(*((name, WHOLE) for name in names))
    assert file is not None
    assert json.loads(file.text).keys() == {"no-new-privileges", "default-ulimits"}
    assert "without debug, log-level; then restart" in file.where
    assert [each.id for each in file.controls] == [*names[:3]]
    assert [each.id for each in file.by_hand] == [*names[3:]]
    assert made((names[-1], WHOLE)) is None
    kernel = made(("privileged_programs_leave_no_core_dumps", WHOLE))
    assert kernel is not None
    assert kernel.text == "fs.suid_dumpable = 0"


def test_audit_rule_has_the_path_that_was_found() -> None:
    """A rule for the file of the finding; for a directory one for all that is in it."""
    program, root = (Finding("file", path, Verdict.FAIL, "no rule") for path in ("/usr/sbin/dockerd", "/srv/docker"))
    file = made(("daemon_program_is_audited", program), ("data_root_is_audited", root))
    assert file is not None
    assert file.text.splitlines() == [
        "# CIS 2.0",
        "-a always,exit -F path=/usr/sbin/dockerd -F perm=wa -k docker",
        "# CIS 2.1",
        "-a always,exit -F dir=/srv/docker -F perm=wa -k docker",
    ]


@pytest.mark.parametrize("path", ["/a b", "/a\n-w /b -p r -k x", "relative"])
def test_rule_without_a_plain_path_is_left_to_a_person(path: str) -> None:
    """A path that a rule could not hold is in no file, nor is one that is not known."""
    assert made(("daemon_program_is_audited", Finding("file", path, Verdict.FAIL, ""))) is None
    assert made(("daemon_program_is_audited", WHOLE)) is None


def test_control_that_is_alone_is_called_by_its_remedy() -> None:
    """Its title would be read as a fact: the remedy stands there."""
    page = Example(failing(("mount a whole file system. Elsewhere, mount two.", WHOLE))).page
    part = page.split('id="fixes"')[1].split("<h2>By severity")[0]
    assert ">Mount a whole file system.</h3>" in part
    assert "No cow flies" not in part
    assert ">CIS 2.0</a>: web1: it is not so" in part
