"""audit.html: what stands in the document, and what is embedded in it. How a browser shows it is tested beside."""

import re
import subprocess
import sys
import zlib
from base64 import b64decode, b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from hullcheck.facts.engine.identity import Identity
from hullcheck.recording import Recording
from hullcheck.results import Audit, AuditedTarget, Control, Finding, Result, Run, SwitchedOff, User
from hullcheck.verdicts import Verdict
from hullcheck.writers import audit_page
from hullcheck.writers.audit_page import blocks
from selftests import REPOSITORY
from selftests.kit.audit_pages import (
    ATTESTATION,
    EXPIRED,
    HOSTILE,
    UNANSWERED,
    WAIVER,
    Example,
    accepted,
    block,
    demo,
    hostile,
)
from selftests.kit.running import clean_environment

SCRIPTED = ("#control/", "#target/", "#requirement/", "#finding/")
"""Beginnings of addresses whose views a script draws."""


class Reader(HTMLParser):
    """The elements with their attributes, and the text outside of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.quiet = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.quiet = tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        self.quiet = ""

    def handle_data(self, data: str) -> None:
        if not self.quiet:
            self.words.append(data)

    @property
    def text(self) -> str:
        """The text with single spaces."""
        return " ".join("".join(self.words).split())


def small(verdict: Verdict, findings: tuple[Finding, ...] = (), **changes: object) -> Example:
    """One control on one target with this verdict."""
    run = Run("r", "2026-11-25T03:22:57Z", "2026-11-25T03:22:58Z", "0", (), 0)
    control = Control("c", "No cow flies.", "high", "Cows fall.", "tie `cow` down.", {"cis": ("5.1",)})
    result = Result("c", "web1", verdict, "moo", findings or (Finding("target", "web1", verdict, "moo"),))
    audit = Audit(run, (AuditedTarget("web1", "local://", "host", "1", "os"),), (control,), (result,))
    return Example(replace(audit, **changes), ())  # type: ignore[arg-type]


def several(*verdicts: Verdict) -> Example:
    """As many controls on one target, with these verdicts."""
    one = small(verdicts[0]).audit
    names = [f"c{number}" for number, _ in enumerate(verdicts)]
    controls = tuple(replace(one.controls[0], id=name) for name in names)
    results = tuple(
        Result(name, "web1", verdict, "moo", (Finding("target", "web1", verdict, "moo"),))
        for name, verdict in zip(names, verdicts, strict=True)
    )
    return Example(replace(one, controls=controls, results=results), ())


def headline(example: Example) -> str:
    """The first words of the page."""
    found = re.search(r'<h1 class="headline">.*?<span>(.*?)</span>', example.page, re.DOTALL)
    assert found is not None
    return found[1]


# ---- the first sentence


NA = Verdict.NOT_APPLICABLE
SEVERAL = [
    ((Verdict.FAIL,), "1 of 1 controls fails"),
    ((Verdict.WAIVED,), "No control fails that the site has not accepted"),
    ((Verdict.PASS, Verdict.ATTESTED), "No control fails, and none is left open"),
    ((Verdict.ERROR, Verdict.ERROR), "Nothing could be judged: 2 of 2 controls are errors"),
    ((Verdict.ERROR, Verdict.MANUAL, NA), "Nothing could be judged: 1 of 3 controls is an error"),
    ((Verdict.ERROR, Verdict.PASS), "1 of 2 controls could not be judged; of the rest, none fails"),
    (
        (Verdict.ERROR, Verdict.ERROR, Verdict.WAIVED),
        "2 of 3 controls could not be judged; of the rest, none fails",
    ),
    (
        (Verdict.FAIL, Verdict.ERROR, Verdict.PASS),
        "1 of 3 controls fails; 1 could not be judged",
    ),
    ((Verdict.MANUAL, Verdict.MANUAL, NA), "Nothing was judged: 2 controls are left to a person"),
    ((Verdict.MANUAL, Verdict.PASS), "No control fails; one control is left to a person"),
    ((NA, NA), "Nothing was there to be judged"),
]


@pytest.mark.parametrize(("verdicts", "said"), SEVERAL)
def test_headline_says_what_was_judged_first(verdicts: tuple[Verdict, ...], said: str) -> None:
    """Before anything is said of failures: a page of errors alone never begins with "No control fails"."""
    example = several(*verdicts)
    assert headline(example) == said
    judged = not said.startswith("Nothing")
    assert ("No control was judged: " in Reader(example.page).text) is not judged


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ((Verdict.ERROR, Verdict.ERROR), "Nothing could be judged: no target gave an answer"),
        ((Verdict.ERROR, Verdict.PASS), "1 of 2 targets gave no answer; of the rest, none fails"),
        ((Verdict.ERROR, Verdict.FAIL), "1 of 1 controls fails; 1 of 2 targets gave no answer"),
        ((Verdict.ERROR, NA), "Nothing was judged: 1 of 2 targets gave no answer"),
    ],
)
def test_headline_tells_of_targets_without_an_answer(verdicts: tuple[Verdict, ...], said: str) -> None:
    """A target that gave no answer is no control that fails, and is in the first sentence all the same."""
    example = small(Verdict.ERROR)
    targets = tuple(
        replace(example.audit.targets[0], name=f"web{number}") for number, _ in enumerate(verdicts, 1)
    )
    results = tuple(
        Result("c", target.name, verdict, "moo", (Finding("target", target.name, verdict, "moo"),))
        for target, verdict in zip(targets, verdicts, strict=True)
    )
    silent = len(verdicts) if said.endswith("no target gave an answer") else 1
    recordings = tuple(Recording(each.name, "ssh", failure=UNANSWERED) for each in targets[:silent])
    assert headline(Example(replace(example.audit, targets=targets, results=results), recordings)) == said


def test_what_is_switched_off_is_no_pass() -> None:
    """A control that the inventory takes out is said first, and leads to its reason."""
    example = small(Verdict.NOT_APPLICABLE)
    judged = replace(example.audit.results[0], control="d", verdict=Verdict.PASS, findings=())
    off = replace(
        example.audit.results[0], switched_off=SwitchedOff("site.yml:3", "Moo is wanted.", Verdict.FAIL)
    )
    controls = (*example.audit.controls, replace(example.audit.controls[0], id="d"))
    example = Example(replace(example.audit, controls=controls, results=(judged, off)), ())
    assert headline(example) == "No control fails that the site has not accepted or switched off"
    text = Reader(example.page).text
    assert "1 result is switched off by the inventory." in text
    assert "Not judged 1 " in text
    assert "Whatever was asked could be judged." not in text


def test_nothing_judged_is_never_all_judged() -> None:
    """Where no target answered, or nothing was there, the page does not say that all could be judged."""
    example = small(Verdict.ERROR)
    silent = Example(example.audit, (Recording("web1", "ssh", failure=UNANSWERED),))
    empty = small(Verdict.PASS, results=(), controls=())
    for page in (silent.page, empty.page, small(Verdict.NOT_APPLICABLE).page):
        text = Reader(page).text
        assert "Whatever was asked could be judged." not in text
        assert "Everything could be judged." not in text
        assert "c-pass" not in page.split('id="open"')[1].split("</section>")[0]
    assert "By severity" not in Reader(empty.page).text
    assert "Whatever was asked could be judged." in Reader(small(Verdict.PASS).page).text


def test_one_cause_of_many_errors_is_one_row() -> None:
    """A reason that keeps several controls from being judged stands there once, with their number, and first."""
    text = Reader(several(Verdict.ERROR, Verdict.ERROR, Verdict.ERROR).page).text
    assert "3 controls could not be judged for one cause: moo. Which" in text
    assert text.split("For a person")[2].count("moo") == 0
    example = several(Verdict.ERROR, Verdict.ERROR, Verdict.ERROR, Verdict.PASS)
    other = replace(example.audit.results[2], findings=(Finding("target", "web1", Verdict.ERROR, "baa"),))
    audit = replace(example.audit, results=(*example.audit.results[:2], other, example.audit.results[3]))
    text = Reader(Example(audit, ()).page).text
    assert "2 controls could not be judged for one cause: moo; 1 more control for others. Which" in text
    rows = text.split("Not judged")[2]
    assert "2 controls moo" in rows
    assert "--sudo" not in text
    denied = tuple(
        replace(each, findings=(Finding("target", "web1", Verdict.ERROR, "dial unix: Permission denied"),))
        for each in example.audit.results
    )
    text = Reader(Example(replace(example.audit, results=denied), ()).page).text
    assert text.count("Run as root, or with --sudo.") == 2
    assert "web1: baa" in rows


def test_what_is_not_judged_is_not_what_waits_for_a_person() -> None:
    """Errors and questions to a person are two lists with two figures."""
    page = several(Verdict.ERROR, Verdict.MANUAL, Verdict.MANUAL, Verdict.PASS).page
    text = Reader(page).text
    assert "Not judged 1 For a person 2 " in text
    assert page.split('id="open"')[1].split("</section>")[0].count('class="problem"') == 1
    assert page.split('id="manual"')[1].split("</section>")[0].count('class="problem"') == 2


def test_failure_is_a_sentence_and_its_demand_is_named_so() -> None:
    """The number and the subject come first, then what was found; the title of the control is called a demand."""
    findings = (
        Finding("container", "agent", Verdict.FAIL, "runs with --privileged"),
        Finding("container", "web", Verdict.FAIL, "no limit is in force"),
        Finding("step", "it runs", Verdict.FAIL, "no process of it"),
    )
    text = Reader(small(Verdict.FAIL, findings).page).text
    assert "CIS 5.1 container agent runs with --privileged" in text
    assert "container web: no limit is in force" in text
    assert "not met: it runs: no process of it" in text
    assert "Demand No cow flies Remedy tie cow down." in text
    assert text.count("No cow flies") == text.count("Demand No cow flies") == 1


def test_silent_target_is_no_list_of_failures() -> None:
    """A target without an answer is named once with the reason, not once for every control."""
    text = Reader(accepted().page).text
    assert "1 target gave no answer and was not judged" in text
    assert text.count(UNANSWERED) == 1


# ---- what stands in the document


def test_summary_counts_what_the_audit_has() -> None:
    """The figures are those of the results."""
    example = demo()
    text = Reader(example.page).text
    for verdict in (Verdict.FAIL, Verdict.MANUAL, Verdict.PASS):
        count = sum(each.verdict is verdict for each in example.audit.results)
        assert f"{count} {verdict}" in text
    fails = {each.control for each in example.audit.results if each.verdict is Verdict.FAIL}
    assert f"{len(fails)} of {len(example.audit.controls)} controls fail" in text


def test_every_failure_stands_in_the_document() -> None:
    """Title, reason and subject of each finding that fails can be read and printed without scripts."""
    example = demo()
    text = Reader(example.page).text
    titles = {each.id: each.title.removesuffix(".").replace("`", "") for each in example.audit.controls}
    for result in example.audit.results:
        for each in result.findings:
            if each.verdict in (Verdict.FAIL, Verdict.ERROR, Verdict.MANUAL):
                assert titles[result.control] in text
                assert " ".join(audit_page.fit(each.reason).split()) in text


def test_every_requirement_stands_in_the_document() -> None:
    """All frameworks with all their requirements, those that no control speaks for too."""
    example = demo()
    reader = Reader(example.page)
    ids = {attributes["id"] for _, attributes in reader.elements if attributes.get("id")}
    wanted = [each.id for rollup in example.audit.requirements for each in rollup.requirements]
    assert len([each for each in ids if each and each.startswith("requirement/")]) == len(wanted) == 557


def test_what_was_accepted_says_by_whom_and_until_when() -> None:
    """Waivers and attestations with person, day, place and state; what is expired is not in force."""
    text = Reader(accepted().page).text
    for each in (WAIVER.reason, WAIVER.risk, WAIVER.ticket, ATTESTATION.statement, *ATTESTATION.evidence):
        assert each in text
    assert "A. Example, 2 October 2026" in text
    assert "31 January 2027" in text
    assert "C. Example, 20 October 2026" in text
    assert f"expired {EXPIRED.reason}" in text


def test_page_says_who_ran_it_where_and_how() -> None:
    """Person, machine and arguments; where they are not known, the page says so."""
    run = Run("r", "2026-11-25T03:22:57Z", "2026-11-25T03:22:58Z", "0", ("-m", "cis or guide"), 0)
    known = replace(run, user=User("ann", 1000), machine="audit-1")
    text = Reader(small(Verdict.PASS, run=known).page).text
    assert "25 November 2026, 03:22 UTC · by ann on audit-1" in text
    assert "-m 'cis or guide'" in text
    assert "Run bynot said" in Reader(small(Verdict.PASS, run=run).page).text
    nameless = replace(known, user=User("", 1000))
    assert (
        "by the user with the number 1000 on audit-1" in Reader(small(Verdict.PASS, run=nameless).page).text
    )


def test_page_says_which_machine_a_target_is() -> None:
    """The ids of machine and engine from the recording; of a target without an answer there are none."""
    example = accepted()
    text = Reader(example.page).text
    for each in example.recordings[:2]:
        known = Identity.of(each)
        assert f"Machine id {known.machine_id}" in text
        assert f"Engine id {known.engine_id}" in text
        assert known.engine_id != "unknown"
    assert [bool(each["identity"]) for each in block(example.page, "index")["targets"]] == [True, True, False]


def test_page_claims_no_compliance() -> None:
    """It supports and does not prove, and is no certificate."""
    text = Reader(demo().page).text
    assert "A pass supports a requirement; it does not prove it." in text
    assert not re.search(r"\bcompliant\b|\bis certified\b", text, re.IGNORECASE)


def test_ids_are_there_once() -> None:
    """No two elements have one id, and every link of the document leads somewhere, but to what scripts draw."""
    reader = Reader(accepted().page)
    ids = [attributes["id"] for _, attributes in reader.elements if attributes.get("id")]
    assert len(ids) == len(set(ids))
    links = {attributes["href"] for tag, attributes in reader.elements if tag == "a"}
    pages = {each for each in links if each and not each.startswith(SCRIPTED)}
    lost = {str(each).partition("?")[0] for each in pages if each and each[1:] not in ids}
    assert lost == {"#findings", "#map"}


# ---- what is embedded


def test_embedded_results_are_those_of_the_audit() -> None:
    """Every result with every finding, whole."""
    example = accepted()
    page, verdicts = example.page, list(Verdict)
    index = block(page, "index")
    for number, target in enumerate(example.audit.targets):
        results = [each for each in example.audit.results if each.target == target.name]
        embedded = block(page, f"results-{number}")
        assert [index["controls"][each[0]]["id"] for each in embedded] == [each.control for each in results]
        for (_, verdict, _, evidence, findings, _, _), result in zip(embedded, results, strict=True):
            found = tuple(Finding(a, b, verdicts[c], d, e) for a, b, c, d, e in findings)
            assert (verdicts[verdict], tuple(evidence), found) == (
                result.verdict,
                result.evidence,
                result.findings,
            )


def test_embedded_answers_are_those_of_the_recordings() -> None:
    """Every command and every answer, to the last byte; a command that two targets share is there once."""
    example = demo()
    commands = block(example.page, "commands")
    assert len(commands) == len({tuple(each) for each in commands})
    for number, recording in enumerate(example.recordings):
        answers = block(example.page, f"answers-{number}")
        found = [(commands[at][0], commands[at][1], status, out, err) for at, status, out, err in answers]
        assert found == [
            (each.name, recording.commands.get(each.name, ""), each.status, each.stdout, each.stderr)
            for each in recording.answers.values()
        ]


def test_answers_of_a_large_fleet_stay_in_the_recordings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above a number of targets the page says that the answers are not in it; the results are."""
    whole = demo().page
    monkeypatch.setattr(blocks, "MOST_TARGETS", 1)
    page = demo().page
    assert (block(page, "answers-0"), block(page, "index")["answers"]) == ([], False)
    assert block(page, "results-0") == block(whole, "results-0")
    assert "the answers of more than 1 targets are not embedded here" in Reader(page).text


def test_equal_audits_give_equal_bytes() -> None:
    """No time, no random number and no order of a set is in the page, in another process neither."""
    script = "import sys; from selftests.kit.audit_pages import hostile; sys.stdout.write(hostile().page)"
    environment = clean_environment() | {"PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8"}
    pages = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=environment | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert pages == {hostile().page.encode()}


# ---- nothing from outside, nothing from a host


def test_policy_of_the_page_lets_its_own_scripts_alone() -> None:
    """The hashes of the Content-Security-Policy are those of the only style and of the two scripts that run."""
    page = demo().page
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert (len(style), len(scripts)) == (1, 2)
    hashes = ["sha256-" + b64encode(sha256(each.encode()).digest()).decode() for each in (*style, *scripts)]
    policy = next(
        str(attributes["content"])
        for tag, attributes in Reader(page).elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; ")
    assert f"style-src '{hashes[0]}'; script-src '{hashes[1]}' '{hashes[2]}'" in policy
    assert "unsafe" not in policy


def test_page_asks_for_nothing() -> None:
    """No element loads anything, and no rule of the style does."""
    page = accepted().page
    for tag, attributes in Reader(page).elements:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "audio", "video")
        assert not {"src", "srcset", "action", "style"} & attributes.keys()
        assert all(not name.startswith("on") for name in attributes)
        assert str(attributes.get("href", "#")).startswith("#")
    assert set(re.findall(r"url\((.*?)\)", page)) == {"#p-error", "#p-incomplete"}


def test_hostile_names_are_text() -> None:
    """Whatever is named anywhere, the document has the elements that it has anyway, and no hidden character."""
    page = hostile().page
    plain = {tag for tag, _ in Reader(accepted().page).elements}
    reader = Reader(page)
    assert {tag for tag, _ in reader.elements} <= plain
    assert HOSTILE[0] in reader.text
    assert "\\u202egnp.exe\\u2066" in reader.text
    assert not re.search("[\u202e\u2066\u200b\u2028\u2029\x00\x1b\r\ud800-\udfff]", page)
    assert "49" not in re.findall(r"7\*7|\b49\b", reader.text)
    assert all(all(not name.startswith("on") for name in attributes) for _, attributes in reader.elements)


def test_long_name_does_not_fill_the_page() -> None:
    """A name of a megabyte is cut in the document, and whole in what is embedded."""
    page = hostile().page
    assert max(map(len, Reader(page).text.split())) < 1000
    assert "(1000003 characters)" in page
    assert any(len(each[1]) == 1_000_003 for each in block(page, "results-0")[0][4])


# ---- written by a run


def test_blocks_are_alike_however_they_are_compressed() -> None:
    """Another library or level makes other bytes of the same data; other data are never alike, damaged ones refused."""
    page = demo().page
    found = re.search(r'id="data-commands">([^<]*)<', page)
    assert found is not None
    packed = found[1]
    plain = zlib.decompress(b64decode(packed))

    def changed(data: bytes) -> str:
        return page.replace(packed, b64encode(data).decode())

    assert changed(zlib.compress(plain, 1)) != page
    assert blocks.opened(changed(zlib.compress(plain, 1))) == blocks.opened(page)
    assert blocks.opened(changed(zlib.compress(plain + b" ", 6))) != blocks.opened(page)
    for damaged in (b"", b"no block", zlib.compress(plain)[:-1], zlib.compress(plain) + b"x"):
        with pytest.raises(ValueError, match="an embedded block is damaged"):
            blocks.opened(changed(damaged))
