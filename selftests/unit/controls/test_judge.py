"""Judging: one finding for each subject, a verdict for each way to end, the worst counts."""

from collections.abc import Callable
from typing import NoReturn

import pytest

from hullcheck.controls.judge import judge, summary
from hullcheck.controls.metadata import control_of
from hullcheck.facts.subjects import DAEMON_DEFAULT, Subjects
from hullcheck.messages import hide_passwords
from hullcheck.results import Finding
from hullcheck.verdicts import EvidenceError, Manual, NoDaemon, NotApplicable, Verdict


def _raiser(raised: BaseException) -> Callable[[], NoReturn]:
    def control() -> NoReturn:
        raise raised

    return control


@pytest.mark.parametrize(
    ("raised", "verdict", "reason"),
    [
        (AssertionError("is bad"), Verdict.FAIL, "is bad"),
        (AssertionError("is bad\nassert not True"), Verdict.FAIL, "is bad"),
        (AssertionError(), Verdict.FAIL, "what the control asserts is not so"),
        (pytest.fail.Exception("is bad"), Verdict.FAIL, "is bad"),
        (EvidenceError("unread"), Verdict.ERROR, "unread"),
        (NotApplicable("none"), Verdict.NOT_APPLICABLE, "none"),
        (pytest.skip.Exception("none"), Verdict.NOT_APPLICABLE, "none"),
        (Manual("look"), Verdict.MANUAL, "look"),
        (KeyError("x"), Verdict.ERROR, "the control broke: KeyError: 'x'"),
        (RecursionError("deep"), Verdict.ERROR, "the control broke: RecursionError: deep"),
    ],
)
def test_each_way_to_end(raised: BaseException, verdict: Verdict, reason: str) -> None:
    """What a control raises decides; a fault of its own is no verdict on the host."""
    assert judge(_raiser(raised), {}, "web1") == (Finding("target", "web1", verdict, reason),)


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [("container", "error"), ("image", "error"), ("log", "error"), ("file", "not applicable")],
)
def test_engine_without_a_daemon(kind: str, verdict: str) -> None:
    """What speaks of the daemon does not apply; of a container it is not known then."""
    raised = NoDaemon("Podman")
    assert judge(_raiser(raised), {}, "web1") == (Finding("target", "web1", Verdict.NOT_APPLICABLE, "Podman"),)

    def control(thing: int) -> NoReturn:
        raise raised

    (finding,) = judge(control, {"thing": Subjects(kind, (("a", 1),))}, "web1")
    assert (str(finding.verdict), finding.reason) == (verdict, "Podman")


def test_each_subject_has_its_finding() -> None:
    """A control is called once for each subject, and passes with the text that it returns."""

    def control(thing: int) -> str | int:
        assert thing < 2, f"is {thing}"
        return thing or "zero"

    things = Subjects("thing", (("a", 1), ("b", 2), ("c", 0), ("d", 0)), unread=(("e", "torn"),))
    findings = judge(control, {"thing": things}, "web1")
    assert findings == (
        Finding("thing", "a", Verdict.PASS, ""),
        Finding("thing", "b", Verdict.FAIL, "is 2"),
        Finding("thing", "c", Verdict.PASS, "zero"),
        Finding("thing", "d", Verdict.PASS, "zero"),
        Finding("thing", "e", Verdict.ERROR, "torn"),
    )
    assert summary(findings) == (Verdict.FAIL, "b: is 2")
    assert summary((findings[0], *findings[2:4])) == (Verdict.PASS, "zero")


def test_no_subject_is_not_applicable() -> None:
    """Nothing to judge is no pass, and the reason says that there is nothing."""
    findings = judge(lambda thing: None, {"thing": Subjects("thing", (), "there is no thing")}, "web1")
    assert findings == (Finding("target", "web1", Verdict.NOT_APPLICABLE, "there is no thing"),)


def test_two_kinds_of_subjects_are_refused() -> None:
    """A control judges subjects of one kind."""
    both = {"a": Subjects("a", ()), "b": Subjects("b", ())}
    with pytest.raises(TypeError, match="two kinds"):
        judge(lambda a, b: None, both, "web1")


@pytest.mark.parametrize(
    ("verdicts", "worst"),
    [
        ("pass, not applicable", "pass"),
        ("pass, attested", "attested"),
        ("attested, waived", "waived"),
        ("waived, manual", "manual"),
        ("manual, error", "error"),
        ("error, fail, pass", "fail"),
        ("not applicable", "not applicable"),
    ],
)
def test_worst_counts(verdicts: str, worst: str) -> None:
    """fail, error, manual, waived, attested, pass, not applicable."""
    findings = tuple(Finding("thing", each, Verdict(each)) for each in verdicts.split(", "))
    assert summary(findings)[0] == worst


def test_words_of_a_host_are_made_fit_to_be_shown() -> None:
    """Escapes, other directions of writing, broken bytes and endless text go no further than the finding."""

    def control(thing: str) -> None:
        raise AssertionError(thing)

    evil = "\x1b[2J\x9b2J\u202e\udcff\x00\u2028"
    (finding,) = judge(control, {"thing": Subjects("thing", ((evil, evil + "x" * 10_000_000),))}, "web1")
    assert finding.subject == r"\x1b[2J\x9b2J\u202e\udcff\x00\u2028"
    assert finding.reason.startswith(finding.subject + "xxx")
    assert len(finding.reason) < 5000


def test_passwords_in_urls() -> None:
    """A URL shows its user and host; an image's digest is not taken for a password."""
    assert hide_passwords("proxy http://me:pw@p:80/ failed") == "proxy http://me:***@p:80/ failed"
    assert hide_passwords("nginx:1.27@sha256:00") == "nginx:1.27@sha256:00"
    assert hide_passwords("http://me:p,w/@x@p:80/, failed") == "http://me:***@p:80/, failed"
    assert hide_passwords("ssh://a:22,ssh://me@b") == "ssh://a:22,ssh://me@b"


def test_limits_on_subjects() -> None:
    """Others of the kind are left out, read or not; what the daemon gives by default is no container's, and stays."""

    def control(each: str) -> None:
        assert each != "bad"

    def judged(kind: str, *patterns: str) -> dict[str, Verdict]:
        named = ((DAEMON_DEFAULT, "bad"), ("web", "good"), ("db", "bad"))
        subjects = Subjects(kind, named[kind != "log" :], "nothing", (("torn", "cut off"),))
        found = judge(control, {"each": subjects}, "host", {"container": patterns})
        return {each.subject: each.verdict for each in found}

    assert judged("container", "w*") == {"web": Verdict.PASS}
    assert judged("container", "w*", "torn") == {"web": Verdict.PASS, "torn": Verdict.ERROR}
    assert judged("container", "gone") == {"host": Verdict.NOT_APPLICABLE}
    assert judged("log", "web") == {DAEMON_DEFAULT: Verdict.FAIL, "web": Verdict.PASS}
    assert judged("image", "web").keys() == {"web", "db", "torn"}


def test_control_by_its_docstring_and_markers() -> None:
    """Title, rationale and remedy are told apart; without a docstring the title is the words of the name."""

    def test_log_is_kept() -> None:
        pass

    bare = control_of(test_log_is_kept, ())
    assert (bare.title, bare.remedy, bare.severity) == ("Log is kept.", "", "medium")
    test_log_is_kept.__doc__ = "Demand.\n\nWhy,\nand more.\n\nAlso.\n\nRemedy: do\nthis.\n"
    marks = pytest.mark.severity("low", on_target="x"), pytest.mark.severity("high", "It matters.")
    ids = pytest.mark.cis(id="5.5", level=1), *(pytest.mark.nist(id="AC-6", sp="800-53") for _ in range(2))
    made = control_of(test_log_is_kept, [each.mark for each in (*marks, *ids)])
    assert (made.title, made.rationale, made.remedy) == ("Demand.", "Why, and more.\n\nAlso.", "do this.")
    assert (made.severity, made.severity_reason, made.cis_level) == ("high", "It matters.", 1)
    assert made.frameworks == {"cis": ("5.5",), "nist": ("800-53:AC-6",)}
