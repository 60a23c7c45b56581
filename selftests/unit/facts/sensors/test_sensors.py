"""Falco, Sysdig and Aqua Security on a host."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.images.probe import IMAGES
from hullcheck.facts.logs import SHIPPERS
from hullcheck.facts.sensors.probe import SENSORS
from hullcheck.policy import Policy, PolicyError
from selftests.kit.facts.tools import (
    CONFIG,
    DAY,
    ID,
    METRICS,
    NOW,
    PARTS,
    SECRET,
    process,
    said,
    target,
)
from selftests.kit.judging import judged

IMAGE = "sha256:" + "cd" * 32


TO_CONSOLE = (
    "net:7/net/tcp:  1: 0100000A:9999 0A0A0A0A:192B 01 00000000:00000000 00:00000000 00000000 0 0 98 1"
)


TO_THIS_HOST = TO_CONSOLE.replace("0A0A0A0A:", "0500000A:")


TO_ITSELF = TO_CONSOLE.replace("0A0A0A0A:", "0100007F:")


def given(*arguments: str) -> dict[str, str]:
    """The options with which it was started."""
    return {"arguments": "\n".join(f"argument:{each}" for each in ("/usr/bin/falco", *arguments))}


def watched(
    *said_of: str,
    processes: tuple[str, ...] = (process(7, "/usr/bin/falco"),),
    installed: str = "installed:/usr/bin/falco\n",
    containers: tuple[str, ...] = (),
    image: dict[str, Any] | None = None,
    monitors: tuple[str, ...] | None = None,
    user: int = 0,
) -> Facts:
    """A host of which the probe says this."""
    kept = SENSORS.keep(f"auditor:{user}\n{installed}" + "".join(said_of))
    assert SECRET not in kept
    images = (
        f"{IMAGE}\nimage {json.dumps({'Id': IMAGE, 'Config': {}, 'RootFS': {}} | (image or {}))}\n--blobs\n"
    )
    shippers = '{"AsRoot": true, "Own": ["10.0.0.5"]}'
    answers = {SENSORS.name: kept, SHIPPERS.name: shippers, IMAGES.name: IMAGES.keep(images)}
    return target(Policy(runtime_monitors=monitors), answers, *processes, containers=containers)


def in_container(restart: str = "always", image: str = IMAGE, **more: Any) -> str:
    """A container called falco, as the engine describes it."""
    document = {
        "Id": ID,
        "Name": "/falco",
        "Image": image,
        "HostConfig": {"RestartPolicy": {"Name": restart}},
        "Service": None,
    }
    return "container " + json.dumps(document | more)


INSIDE = process(7, "/usr/bin/falco", cgroup=f"/docker/{ID}")


OF_ITS_MAKERS = {
    "RepoDigests": [f"falcosecurity/falco@sha256:{'12' * 32}"],
    "RepoTags": ["falcosecurity/falco:0.41"],
}


def falco(facts: Facts, step: str = "") -> dict[str, str] | tuple[str, str]:
    """The verdicts by step, or verdict and reason of one."""
    found = judged("falco_sees_and_reports", facts)
    return found[step] if step else {name: verdict for name, (verdict, _) in found.items()}


def test_falco_in_order() -> None:
    """All steps pass, and another tool is not needed."""
    facts = watched(said())
    verdicts = falco(facts)
    assert isinstance(verdicts, dict)
    assert set(verdicts.values()) == {"pass"}, verdicts
    assert falco(facts, "it sees events and loses few") == (
        "pass",
        "100000 events between two readings, 0 lost",
    )
    assert falco(facts, "an output leaves the host") == (
        "pass",
        "its reports go to alerts.example.com",
    )
    found = {
        name: verdict for name, (verdict, _) in judged("something_watches_the_containers", facts).items()
    }
    assert found == {"Falco": "pass", "Sysdig": "not applicable", "Aqua Security": "not applicable"}
    found = judged("behaviour_of_containers_is_analysed", facts)
    assert found["Sysdig"] == ("not applicable", "Falco watches this host")


@pytest.mark.parametrize(
    ("step", "changed", "expected", "words"),
    [
        ("it runs", {"unit": ""}, "fail", "is not that of a unit"),
        (
            "it runs",
            {"unit": PARTS["unit"].replace("MainPID=7", "MainPID=8")},
            "fail",
            "is not that of a unit",
        ),
        ("it runs", {"unit": PARTS["unit"].replace("=active", "=failed")}, "fail", "is not that of a unit"),
        (
            "it starts with the host",
            {"unit": PARTS["unit"].replace("=enabled", "=disabled")},
            "fail",
            "is disabled",
        ),
        (
            "its driver is loaded",
            {"fds": "fd:socket:[99]\nfd:anon_inode:[eventpoll]"},
            "fail",
            "no eBPF program",
        ),
        ("its driver is loaded", {"fds": "fd:/dev/falco0\nfd:socket:[99]"}, "pass", "/dev/falco0"),
        ("its driver is loaded", {"fds": ""}, "error", "are you root"),
        ("its rules are loaded", {"rules": "rules:0:aa:/etc/falco/falco_rules.yaml"}, "fail", "no file"),
        ("its rules are loaded", {"rules": "rules:9:aa:/etc/falco/other.yaml"}, "fail", "no file"),
        (
            "its rules are loaded",
            {"rules": "rules:9:aa:/etc/falco/rules.d/x.yaml\nrule:0:- rule: x"},
            "pass",
            "rules.d/x.yaml",
        ),
        (
            "its rules are loaded",
            {"rules": "rules:9:bb:/etc/falco/falco_rules.yaml\nrule:0:- rule: x"},
            "fail",
            "another",
        ),
        ("its rules are loaded", {"first": "", "second": ""}, "pass", "does not show"),
        ("its rules are loaded", given("-r", "/etc/falco/other.yaml"), "fail", "no file"),
        ("its rules are loaded", given("-r", "/etc/falco/falco_rules.yaml"), "pass", "falco_rules.yaml"),
        ("an output leaves the host", given("-o", "http_output.enabled=false"), "manual", "syslog_output"),
        ("an output leaves the host", given("-ohttp_output.enabled=false"), "manual", "syslog_output"),
        (
            "an output leaves the host",
            given(f"--option=http_output.url=http://{SECRET}:x@127.0.0.1/{SECRET}"),
            "manual",
            "127.0.0.1",
        ),
        ("an output leaves the host", given("-o", "http_output.url=http://[x"), "manual", "http_output"),
        ("an output leaves the host", given("-o", "engine.kind=modern_ebpf"), "pass", "alerts.example.com"),
        ("its rules are loaded", {"config": "a: [b"}, "error", "could not be read"),
        ("its rules are loaded", {"config": ""}, "error", "could not be read"),
        ("it sees events and loses few", {"second": PARTS["first"]}, "fail", "sees nothing"),
        (
            "it sees events and loses few",
            {"second": PARTS["second"].replace("_total 3", "_total 1004")},
            "fail",
            "lost",
        ),
        (
            "it sees events and loses few",
            {"second": PARTS["second"].replace("_total 3", "_total 900")},
            "pass",
            "897 lost",
        ),
        ("it sees events and loses few", {"second": ""}, "error", "no counter"),
        ("it sees events and loses few", {"first": "", "second": ""}, "error", "no counter"),
        ("it sees events and loses few", {"net": ""}, "error", "not shown to be this process"),
        ("it sees events and loses few", {"second": "falcosecurity_x 1"}, "error", "no counter"),
        (
            "an output leaves the host",
            {"config": CONFIG.replace("alerts.example.com", "localhost")},
            "manual",
            "localhost",
        ),
        (
            "an output leaves the host",
            {"config": CONFIG.replace("alerts.example.com", "10.0.0.5:2801")},
            "manual",
            "10.0.0.5",
        ),
        (
            "an output leaves the host",
            {"config": CONFIG.replace("http_output: {enabled: true", "http_output: {enabled: false")},
            "manual",
            "syslog_output",
        ),
        (
            "an output leaves the host",
            {"config": CONFIG.replace("_output: {enabled: true", "_output: {enabled: false")},
            "fail",
            "no output",
        ),
        ("it reported something", {"first": "", "second": ""}, "manual", "nothing shows"),
        (
            "it reported something",
            {"first": "", "second": "", "rest": f"alerts:{NOW - DAY}"},
            "pass",
            "1 days ago",
        ),
        (
            "it reported something",
            {"first": "", "second": "", "rest": f"alerts:{NOW - 40 * DAY}"},
            "manual",
            "nothing",
        ),
        (
            "it reported something",
            {"first": "", "second": "", "rest": f"alerts:{NOW + DAY}"},
            "error",
            "a clock is wrong",
        ),
        ("it reported something", {}, "pass", "matched 5 times"),
        ("it reported something", {"age": "age:8640000.50 100"}, "manual", "may be long ago"),
        ("it reported something", {"age": "age:?"}, "manual", "may be long ago"),
        (
            "it reported something",
            {
                "age": "age:8640000.50 100",
                "second": METRICS.format(digest="aa", events=1.8e6, drops=3, matches=5),
            },
            "pass",
            "matched 6 times",
        ),
    ],
)
def test_falco_with_one_thing_changed(step: str, changed: dict[str, str], expected: str, words: str) -> None:
    """Each step fails on the flaw that it names; what is not shown is an error, or left to a person."""
    verdict, reason = falco(watched(said(**changed)), step)
    assert (verdict, words in reason) == (expected, True), reason


TAGLESS = PARTS["rules"].replace("tags: [a, b]", "tags:").replace("tags: [b]", "tags:")


OFF = ("fail", "all 2 rules are switched off, by its options, its configuration or their files")


UNKNOWN = ("error", "its rules are switched by tags or in files that could not be read")


def on(count: int) -> tuple[str, str]:
    """That so many rules are on."""
    return "pass", f"/etc/falco/falco_rules.yaml (sha256 aa), {count} of 2 rules on, as it says itself"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, on(2)),
        (given("-T", "a"), on(1)),
        (given("-T", "b"), OFF),
        (given("-Tb"), OFF),
        (given("-T", "c"), on(2)),
        (given("-t", "a"), on(1)),
        (given("-t", "c"), OFF),
        (given("-t", "c", "-t", "b"), on(2)),
        (given("-D", "Shell"), on(1)),
        (given("-D", "Shell", "-D", "d"), OFF),
        (given("-D", "d", "-t", "a"), on(1)),
        (given("-o", "rules[].disable.rule=*"), OFF),
        (given("-o", "rules[].disable.rule=*", "-o", "rules[].enable.tag=a"), on(1)),
        (given("-o", "rules[].enable.tag=a", "-o", "rules[].disable.rule=*"), OFF),
        ({"config": CONFIG + "rules: [{disable: {tag: b}}]"}, OFF),
        ({"config": CONFIG + "rules: [{disable: {rule: 'Shell*'}}]"}, on(1)),
        ({"config": CONFIG + "rules: [{disable: {rule: '*'}}, {enable: {rule: Odd}}]"}, on(1)),
        ({"config": CONFIG + "rules: {disable: {rule: '*'}}"}, on(2)),
        ({"config": CONFIG + "rules: [{disable: {rule: '*'}}]"} | given("-t", "b"), OFF),
        ({"rules": PARTS["rules"].replace("  tags: [b]", "  enabled: false # x")}, on(1)),
        (
            {
                "rules": PARTS["rules"]
                .replace("tags: [a, b]", "enabled: no")
                .replace("tags: [b]", "enabled: Off")
            },
            OFF,
        ),
        ({"rules": TAGLESS}, on(2)),
        ({"rules": TAGLESS} | given("-T", "b"), UNKNOWN),
        ({"rules": TAGLESS} | given("-t", "b"), UNKNOWN),
        ({"rules": TAGLESS} | given("-D", "d"), on(1)),
    ],
)
def test_rules_that_are_switched(changed: dict[str, str], expected: tuple[str, str]) -> None:
    """Options come before the configuration, -t leaves nothing else on, and a rule that is off is not loaded."""
    assert falco(watched(said(**changed)), "its rules are loaded") == expected


@pytest.mark.parametrize(
    ("least", "expected"),
    [
        ("debug", on(2)),
        ("informational", on(2)),
        ("notice", on(1)),
        ("WARNING", on(1)),
        ("error", OFF),
        ("x", on(2)),
    ],
)
def test_rules_of_too_little_weight(least: str, expected: tuple[str, str]) -> None:
    """Falco loads those alone that are at least of the priority that its configuration names."""
    rules = (
        PARTS["rules"]
        .replace("  tags: [a, b]", "  priority: WARNING")
        .replace("  tags: [b]", "  priority: INFO")
    )
    for changed in ({"config": f"{CONFIG}priority: {least}"}, given("-o", f"priority={least}")):
        assert falco(watched(said(rules=rules, **changed)), "its rules are loaded") == expected


def test_rules_whose_weight_is_not_told() -> None:
    """A rule of which no priority is read may be below the least one, and does not count as loaded."""
    verdict, _ = falco(watched(said(config=f"{CONFIG}priority: error")), "its rules are loaded")
    assert verdict == "error"
    verdict, _ = falco(watched(said(config=f"{CONFIG}priority: debug")), "its rules are loaded")
    assert verdict == "pass"


def test_rule_that_a_later_file_switches() -> None:
    """It is the same rule, and has its tags still; one of a file that is not loaded is not counted."""
    later = "\nrules:1:bb:/etc/falco/rules.d/x.yaml\nrule:2:- rule: Odd\nrule:2:  enabled: {}"
    metrics = (
        PARTS["second"].replace('falco_rules.yaml",sha256="aa"', 'x",sha256="bb"') + "\n" + PARTS["second"]
    )

    def found(state: str, place: str = "rules.d/x.yaml") -> str:
        rules = PARTS["rules"] + later.format(state).replace("rules.d/x.yaml", place)
        return falco(watched(said(rules=rules, second=metrics, **given("-T", "a"))), "its rules are loaded")[
            1
        ]

    assert ", 1 of 2 rules on" in found("true")
    assert found("false") == OFF[1]
    assert ", 1 of 2 rules on" in found("false", "y.yaml")


def snapshot(events: int, *, ago: int, start: int = 5) -> str:
    """A line of the file of Falco's counters."""
    fields = {
        "evt.time": (NOW - ago) * 10**9,
        "scap.n_evts": events,
        "scap.n_drops": 0,
        "falco.start_ts": start,
    }
    fields |= {"falco.hostname": SECRET}
    return "snapshot:" + json.dumps({"hostname": SECRET, "output_fields": fields})


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((snapshot(5, ago=1000), snapshot(9, ago=100)), "pass"),
        ((snapshot(5, ago=1000), snapshot(5, ago=100)), "fail"),
        ((snapshot(5, ago=1000), snapshot(9, ago=-DAY)), "error"),
        ((snapshot(5, ago=9000), snapshot(9, ago=8000)), "fail"),
        ((snapshot(5, ago=1000), snapshot(9, ago=100, start=6)), "error"),
        ((snapshot(9, ago=100),), "error"),
        ((snapshot(5, ago=1000), snapshot(9, ago=100).replace(": 9", ': "9"')), "error"),
        (('snapshot:{"output_fields": "x"}', 'snapshot:{"output_fields": [1]}'), "error"),
        ((snapshot(5, ago=1000), snapshot(9, ago=100)[:-9]), "error"),
    ],
)
def test_counters_of_a_file(lines: tuple[str, ...], expected: str) -> None:
    """The last two lines of one start count, if the last one is as young as the interval says."""
    facts = watched(said(first="", second="", rest="\n".join(lines)))
    assert falco(facts, "it sees events and loses few")[0] == expected


@pytest.mark.parametrize(
    ("container", "image", "expected", "words"),
    [
        (in_container(), OF_ITS_MAKERS, "pass", "container falco"),
        (
            in_container(),
            {"RepoDigests": ["reg.example.com/mirror/falcosecurity/falco@sha256:12"]},
            "pass",
            "",
        ),
        (in_container(), {"RepoTags": ["bb:1"]}, "fail", "no known registry"),
        (
            in_container(),
            {"RepoTags": ["falcosecurity/falco:0.41"]},
            "manual",
            "named falcosecurity/falco:0.41",
        ),
        (in_container(), {"RepoDigests": ["evil/falco@sha256:12"]}, "fail", "docker.io/evil/falco"),
        (
            in_container(),
            {"RepoDigests": ["evil/x@sha256:12"], "RepoTags": ["falcosecurity/falco:1"]},
            "fail",
            "evil",
        ),
    ],
)
def test_falco_in_a_container(container: str, image: dict[str, Any], expected: str, words: str) -> None:
    """The image's repository counts, by a digest; neither the container's name nor a tag proves anything."""
    facts = watched(said(unit=""), processes=(INSIDE,), containers=(container,), image=image)
    verdict, reason = falco(facts, "it runs")
    assert (verdict, words in reason) == (expected, True), reason


@pytest.mark.parametrize(
    ("restart", "expected"), [("always", "pass"), ("on-failure", "fail"), ("no", "fail"), ("", "fail")]
)
def test_falco_in_a_container_after_a_boot(restart: str, expected: str) -> None:
    """The engine has to start it again."""
    facts = watched(
        said(unit=""), processes=(INSIDE,), containers=(in_container(restart),), image=OF_ITS_MAKERS
    )
    assert falco(facts, "it starts with the host")[0] == expected


def test_output_to_a_container_beside_it() -> None:
    """A plain name in a container may be that of another container of this host."""
    config = CONFIG.replace("alerts.example.com", "sidekick:2801")
    facts = watched(
        said(unit="", config=config), processes=(INSIDE,), containers=(in_container(),), image=OF_ITS_MAKERS
    )
    assert falco(facts, "an output leaves the host")[0] == "manual"
    assert falco(watched(said(config=config)), "an output leaves the host")[0] == "pass"


def test_names_prove_nothing() -> None:
    """A container called falco, a process title, a program elsewhere and a program that does not run are no Falco."""
    named = process(7, "/usr/bin/sleep", name="falco")
    for facts in (
        watched(processes=(named,)),
        watched(processes=(named,), containers=(in_container(),), image=OF_ITS_MAKERS),
        watched(said(), processes=(process(7, "/tmp/falco"),), installed=""),
    ):
        assert falco(facts, "it runs")[0] == "fail"
        found = judged("something_watches_the_containers", facts)
        assert {verdict for verdict, _ in found.values()} == {"fail"}
    elsewhere = watched(said(), processes=(process(7, "/tmp/falco"),), installed="")
    assert falco(elsewhere, "it is installed")[0] == "fail"
    assert falco(watched(user=1000), "it runs")[0] == "error"
    assert falco(watched(installed=""), "it is installed") == ("fail", "no process of Falco")


def agent(executable: str, **parts: str) -> Facts:
    """A host with another agent."""
    unit = PARTS["unit"].replace("falco", "agent")
    no_falco = {"config": "", "rules": "", "first": "", "second": "", "net": TO_CONSOLE, "unit": unit}
    return watched(said(**(no_falco | parts)), processes=(process(7, executable),), installed="")


@pytest.mark.parametrize(
    ("title", "executable"), [("Sysdig", "/opt/draios/bin/dragent"), ("Aqua Security", "/opt/aquasec/slk")]
)
def test_other_agents(title: str, executable: str) -> None:
    """They run, start with the host and are connected to another machine; then Falco is not asked for."""
    good = agent(executable)
    for key in ("something_watches_the_containers", "behaviour_of_containers_is_analysed"):
        found = judged(key, good)
        assert found[title][0] == "pass", found
        assert "connected to 10.10.10.10 6443" in found[title][1]
        assert {verdict for verdict, _ in found.values()} == {"pass", "not applicable"}
    assert falco(good, "it runs") == ("not applicable", f"{title} watches this host")
    asked = Facts(good.recording, Policy(runtime_monitors=("falco",)))
    assert falco(asked, "it runs")[0] == "fail"
    named = Policy(watched_by="Tetragon")
    assert falco(Facts(good.recording, named), "it runs")[1] == f"{title} watches this host"
    bad = Facts(agent(executable, unit="").recording, named)
    assert falco(bad, "it runs") == ("not applicable", "the policy says what watches this host: Tetragon")
    for key in ("something_watches_the_containers", "behaviour_of_containers_is_analysed"):
        assert {verdict for verdict, _ in judged(key, bad).values()} == {"not applicable"}
    found = judged("something_watches_the_containers", asked)
    assert (found["Falco"][0], found[title][0]) == ("fail", "not applicable")
    nets = ("", TO_ITSELF, TO_THIS_HOST, TO_CONSOLE.replace(" 98 ", " 97 "))
    for flaw in (*({"net": each} for each in nets), {"unit": ""}):
        found = judged("something_watches_the_containers", agent(executable, **flaw))
        assert {verdict for verdict, _ in found.values()} == {"fail"}, flaw
    found = judged(
        "something_watches_the_containers",
        agent(executable, unit=PARTS["unit"].replace("=enabled", "=static\nunit:WantedBy=x")),
    )
    assert found[title][0] == "pass"
    disabled = agent(executable, unit=PARTS["unit"].replace("=enabled", "=disabled"))
    verdict, reason = judged("behaviour_of_containers_is_analysed", disabled)[title]
    assert (verdict, reason.partition(":")[0]) == ("fail", f"{title} does not start with the host")


def test_counters_of_falco_that_are_not_shown() -> None:
    """Without the counter of what it saw, or of what it lost, nobody knows that it sees."""
    step = "it sees events and loses few"
    for word in ("first", "second"):
        for counter, why in (
            ("n_evts_total", "counter of events"),
            ("n_drops_total", "counter of what it lost"),
        ):
            shown = "\n".join(line for line in PARTS[word].split("\n") if counter not in line)
            verdict, reason = falco(watched(said(**{word: shown})), step)
            assert (verdict, why in reason) == ("error", True), (word, counter, reason)


@pytest.mark.parametrize("wrong", [[], ["tripwire"], "falco"])
def test_wrong_policy_of_monitors(wrong: object) -> None:
    """Only tools that are known can be asked for, and at least one."""
    with pytest.raises(PolicyError):
        Policy.from_mapping({"runtime_monitors": wrong})


STALE = "started:1000\nchanged:2000\n"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("", ("pass", "pass")),
        ("base_syscalls: {custom_set: [clone, close]}", ("manual", "pass")),
        ("base_syscalls: {custom_set: ['!execve']}", ("manual", "pass")),
        ("base_syscalls: {custom_set: [clone, close], repair: true}", ("pass", "pass")),
        ("base_syscalls: {custom_set: [], repair: false}", ("pass", "pass")),
        ("config_files: [/etc/falco/config.d]", ("pass", "pass")),
        ("config_files: [{path: /x, strategy: append}]", ("pass", "pass")),
        ("config_files: [{path: /x, strategy: override}]", ("error", "error")),
        ("watch_config_files: true", ("pass", "pass")),
        ("watch_config_files: false", ("error", "error")),
    ],
)
def test_configuration_that_blinds(config: str, expected: tuple[str, str]) -> None:
    """Calls that it does not see, files that are merged in another way, and files that it has not read."""
    found = falco(watched(said(config=f"{CONFIG}{config}\n", rest=STALE)))
    assert (found["its driver is loaded"], found["its rules are loaded"]) == expected


def test_files_that_are_read_later() -> None:
    """What they list of rules comes beside what the first file lists; options take the place of both."""
    later = "config:/etc/falco/config.d/x.yaml\n:rules_files: [/opt/more.yaml]\n:priority: debug"
    rules = PARTS["rules"] + "\nrules:1:cc:/opt/more.yaml\nrule:2:- rule: Third"
    seen = (
        PARTS["second"] + '\nfalcosecurity_falco_sha256_rules_files_info{file_name="more.yaml",sha256="cc"} 1'
    )

    def shown(**parts: str) -> str:
        text = said(rules=f"{later}\n{rules}", second=seen, **parts)
        return falco(watched(text), "its rules are loaded")[1]

    assert "3 of 3 rules on" in shown()
    assert "1 of 1 rules on" in shown(**given("-r", "/opt/more.yaml"))


@pytest.mark.parametrize(
    ("executable", "title"),
    [
        ("/usr/local/bin/tetragon", "Tetragon"),
        ("/usr/bin/tetragon", "Tetragon"),
        ("/var/ossec/bin/wazuh-agentd", "Wazuh"),
        ("/opt/osquery/bin/osqueryd", "osquery"),
        ("/opt/CrowdStrike/falcon-sensor-bpf", "CrowdStrike Falcon"),
        ("/opt/microsoft/mdatp/sbin/wdavdaemon", "Microsoft Defender"),
        ("/tracee/tracee", "Tracee"),
    ],
)
def test_tool_of_another_kind(executable: str, title: str) -> None:
    """Whether it watches the containers only people know; a name elsewhere, and one of no root, is nobody's."""
    status = "\n7/status:Uid:\t{0}\t{0}\t{0}\t{0}"
    facts = watched(processes=(process(7, executable) + status.format(0),), installed="")
    said_of_it = f"{title} runs, and is not judged; if it watches the containers, say so in watched_by"
    for key in (
        "something_watches_the_containers",
        "behaviour_of_containers_is_analysed",
        "falco_sees_and_reports",
    ):
        assert set(judged(key, facts).values()) == {("manual", said_of_it)}
        asked = Facts(facts.recording, Policy(runtime_monitors=("falco", "sysdig", "aqua")))
        assert {verdict for verdict, _ in judged(key, asked).values()} <= {"fail", "error"}
        told = Facts(facts.recording, Policy(watched_by=title))
        assert {verdict for verdict, _ in judged(key, told).values()} == {"not applicable"}
    for program, user in (("/tmp/tetragon", 0), (executable, 9)):
        other = process(7, program) + status.format(user)
        nothing = watched(processes=(other,), installed="")
        found = judged("something_watches_the_containers", nothing)
        assert {verdict for verdict, _ in found.values()} == {"fail"}
