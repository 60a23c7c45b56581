"""Files to copy: what is in them stands in the table of remedies; what has a condition is left to a person."""

import json
from collections.abc import Callable

import pytest

from hullcheck.controls.metadata import read_docstring
from hullcheck.remedies.offered import FixFile, file_of
from hullcheck.results import Audit, AuditedTarget, Control, Finding, Result, Run
from hullcheck.results.failures import fixes
from hullcheck.verdicts import Verdict
from hullcheck.writers import audit_page
from selftests.kit.audit_pages import demo
from selftests.kit.judging import controls

RUN = Run("r", "2026-11-25T03:22:57Z", "2026-11-25T03:22:58Z", "0", (), 1)
TARGETS = (
    AuditedTarget("web1", "local://", "host", "1", "os"),
    AuditedTarget("web2", "ssh://b", "host", "1", "os"),
)


def failing(*told: tuple[str, Finding]) -> Audit:
    """Controls of these names, each of which fails on web1 for the finding."""
    names = [name for name, _ in told]
    known = {each.__name__.removeprefix("test_"): each for each in controls()}
    controls_ = tuple(
        Control(
            name, f"Title {name}.", "high", "", remedy_of(known.get(name), name), {"cis": (f"2.{number}",)}
        )
        for number, name in enumerate(names)
    )
    results = tuple(Result(name, "web1", Verdict.FAIL, "", (finding,)) for name, finding in told)
    return Audit(RUN, TARGETS, controls_, results)


def remedy_of(control: Callable[..., object] | None, otherwise: str) -> str:
    """The remedy of a control's docstring."""
    return read_docstring(control.__doc__ or "")[2] if control else otherwise


WHOLE = Finding("target", "web1", Verdict.FAIL, "it is not so")


def made(*told: tuple[str, Finding]) -> FixFile | None:
    """The file of the only fix."""
    (fix,) = fixes(failing(*told))
    return file_of(fix)


def test_settings_of_the_daemon_are_one_object() -> None:
    """Each remedy that sets something adds it, and what is taken out is said; a condition is left to a person."""
    file = made(
        ("containers_gain_no_new_privileges_by_default", WHOLE),
        ("daemon_logs_at_level_info", WHOLE),
        ("containers_get_default_ulimits", WHOLE),
        ("containers_outlive_the_daemon", WHOLE),
        ("daemon_remaps_users", WHOLE),
        ("log_files_are_few", WHOLE),
        ("client_requests_are_authorized_by_a_plugin", WHOLE),
    )
    assert file is not None
    assert json.loads(file.text).keys() == {"no-new-privileges", "default-ulimits"}
    assert "without debug, log-level; then restart" in file.where
    assert [each.frameworks["cis"] for each in file.controls] == [("2.0",), ("2.1",), ("2.2",)]
    assert [each.frameworks["cis"] for each in file.by_hand] == [("2.3",), ("2.4",), ("2.5",), ("2.6",)]


@pytest.mark.parametrize(
    "name",
    [
        *("containers_outlive_the_daemon", "daemon_has_an_approved_seccomp_profile"),
        *("daemon_remaps_users", "default_bridge_isolates_its_containers", "userland_proxy_is_off"),
    ],
)
def test_setting_with_a_condition_is_left_to_a_person(name: str) -> None:
    """What takes something away, or holds for some hosts alone, is in no file."""
    assert made((name, WHOLE)) is None


def test_audit_rule_has_the_path_that_was_found() -> None:
    """A rule for the file of the finding; for a directory one for all that is in it."""
    file = made(
        (
            "daemon_program_is_audited",
            Finding("file", "/usr/sbin/dockerd", Verdict.FAIL, "no rule covers it"),
        ),
        ("data_root_is_audited", Finding("file", "/srv/docker", Verdict.FAIL, "no rule covers it")),
    )
    assert file is not None
    of_file, of_tree = "path=/usr/sbin/dockerd", "dir=/srv/docker"
    assert file.text.splitlines() == [
        "# CIS 2.0",
        f"-a always,exit -F {of_file} -F perm=wa -k docker",
        "# CIS 2.1",
        f"-a always,exit -F {of_tree} -F perm=wa -k docker",
    ]
    assert file.by_hand == []


@pytest.mark.parametrize(
    "finding",
    [
        WHOLE,
        Finding("step", "rule", Verdict.FAIL, "no rule"),
        Finding("file", "/a b", Verdict.FAIL, ""),
        Finding("file", "/a\n-w /b -p r -k x", Verdict.FAIL, ""),
        Finding("file", "relative", Verdict.FAIL, ""),
    ],
)
def test_rule_without_a_plain_path_is_left_to_a_person(finding: Finding) -> None:
    """A path that is not known, or that a rule could not hold, is in no file."""
    assert made(("daemon_program_is_audited", finding)) is None


def test_kernel_settings_are_lines() -> None:
    """The values of the table."""
    file = made(("privileged_programs_leave_no_core_dumps", WHOLE))
    assert file is not None
    assert file.text == "fs.suid_dumpable = 0"


# ---- on the page


def test_control_that_is_alone_is_called_by_its_remedy() -> None:
    """Its title would be read as a fact: the remedy stands there."""
    audit = failing(("mount a whole file system. Elsewhere, mount two.", WHOLE))
    page = audit_page.render(audit, ()).split('id="fixes"')[1].split("<h2>By severity")[0]
    assert ">Mount a whole file system.</h3>" in page
    assert "Title" not in page
    assert ">CIS 2.0</a>: web1: it is not so" in page


def test_change_with_a_file_is_always_shown() -> None:
    """The first six stand there, and of the others those with a file to copy; the rest can be unfolded."""
    page = demo().page.split('id="fixes"')[1].split("<h2>By severity")[0]
    found = fixes(demo().audit)
    files = [each for each in found if file_of(each)]
    shown = 6 + sum(each in files for each in found[6:])
    assert page.count('class="fix-first"') == shown > 6
    assert page.count('aria-label="Copy file for ') == len(files) > 1
    assert f"<summary>{len(found) - shown} more changes</summary>" in page
