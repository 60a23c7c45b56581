"""The host's own logs."""

from __future__ import annotations

import pytest

from hullcheck.facts.logs import configs
from hullcheck.facts.logs.journald import OF_DAEMON
from hullcheck.recording.probe import Answer
from selftests.kit.facts.shippers import (
    CONFIGS,
    EXECUTABLES,
    FILEBEAT,
    ROOT,
    RSYSLOG,
    SYSTEM,
    facts,
    of,
    ship,
    verdicts,
)
from selftests.kit.facts.tools import process
from selftests.kit.judging import judged


def test_host_logs() -> None:
    """The journal and the audit log count where a shipper takes them; else a person has to say."""
    control = "host_logs_are_collected_centrally"
    found = judged(control, of("filebeat", FILEBEAT))
    assert found["the daemon's log"] == ("pass", "filebeat to es.example.com")
    assert found["the audit log"][0] == "manual"
    found = judged(control, of("filebeat", FILEBEAT.replace("/var/log/*.log", "/var/log/audit/audit.log")))
    assert found["the audit log"][0] == "manual"  # that input is off
    found = judged(control, of("filebeat", FILEBEAT, "held:/var/log/audit/audit.log\n"))
    assert found["the audit log"][0] == "pass"
    assert {verdict for verdict, _ in judged(control, facts()).values()} == {"manual"}
    assert judged(control, of("rsyslogd", RSYSLOG))["the daemon's log"][0] == "pass"
    assert (
        judged(control, of("rsyslogd", RSYSLOG.replace("*.*", "mail.*")))["the daemon's log"][0] == "manual"
    )


@pytest.mark.parametrize(
    ("program", "line", "more"),
    [
        ("filebeat", "- type: journald", "\n  include_matches: [_SYSTEMD_UNIT={}.service]"),
        ("fluent-bit", "Name systemd", "\n    Systemd_Filter _SYSTEMD_UNIT={}.service"),
        ("promtail", "  - job_name: a", "\n    journal: {{matches: _SYSTEMD_UNIT={}.service}}"),
        ("vector", "[sources.a]", '\ntype = "journald"\ninclude_units = ["{}"]\n[sources.b]'),
        (
            "fluentd",
            "@type forward\n</source>",
            '\n<source>\n@type systemd\nmatches [{{"U": "{}"}}]\n</source>',
        ),
    ],
)
def test_journal_of_some_units(program: str, line: str, more: str) -> None:
    """What takes the journal of other units alone does not take that of the engine."""
    for unit, expected in (("docker", "pass"), ("ssh", "manual")):
        config = CONFIGS[program].replace(line, line + more.format(unit), 1)
        found = judged("host_logs_are_collected_centrally", of(program, config))
        assert found["the daemon's log"][0] == expected, config


@pytest.mark.parametrize("head", ["if $syslogfacility-text == 'authpriv' then {", 'ruleset(name="x") {'])
def test_rsyslog_that_sends_some(head: str) -> None:
    """What stands in a block is of some messages alone."""
    for action in ('action(type="omfwd" target="logs.example.com")', "*.* @@logs.example.com"):
        for text, expected in ((action, "pass"), (f"{head}\n  {action}\n}}", "manual")):
            target = of("rsyslogd", f'module(load="imuxsock")\n{text}\n')
            found = judged("host_logs_are_collected_centrally", target)
            assert found["the daemon's log"][0] == expected, text


SENDING = "*.* @@logs.example.com\n"


SOCKET = 'module(load="imuxsock")\n'


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("/*\n", "manual"),  # a comment that ends after it
        ("/* x */\n", "pass"),
        ("stop\n", "manual"),
        ("*.* ~\n", "manual"),
        ("*.=debug stop\n", "pass"),
        ("daemon.* /var/log/x\n& stop\n", "manual"),
        ("mail.* /var/log/x\n& stop\n", "pass"),
        (':programname, isequal, "dockerd" /var/log/x\n& stop\n', "manual"),
        (':programname, isequal, "sshd" /var/log/x\n& stop\n', "pass"),
        ('if $programname == "dockerd" then stop\n', "manual"),
        ('if $programname == "dockerd" then {\n  stop\n}\n', "manual"),
        ('if $programname == "sshd" then {\n  stop\n}\n', "pass"),
        ('ruleset(name="x") {\n  stop\n}\n', "pass"),
    ],
)
def test_rsyslog_that_drops_before_it_sends(before: str, expected: str) -> None:
    """What is stopped before the output does not come there."""
    found = judged("host_logs_are_collected_centrally", of("rsyslogd", f"{SOCKET}{before}{SENDING}*/\n"))
    assert found["the daemon's log"][0] == expected


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("daemon.*", "pass"),
        ("auth,daemon.info", "pass"),
        ("daemon.err", "manual"),
        ("*.*;daemon.!info", "manual"),
    ],
)
def test_rsyslog_that_selects(selector: str, expected: str) -> None:
    """The facility of the engine is daemon, and most that it says is of the priority info."""
    for action in ("@@logs.example.com", 'action(target="logs.example.com" type="omfwd")'):
        found = judged("host_logs_are_collected_centrally", of("rsyslogd", f"{SOCKET}{selector} {action}\n"))
        assert found["the daemon's log"][0] == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"10-a.conf": "daemon.* stop", "20-b.conf": SENDING}, set()),
        ({"10-a.conf": SENDING, "20-b.conf": "daemon.* stop"}, {OF_DAEMON}),
    ],
)
def test_rsyslog_reads_its_folder_in_order(files: dict[str, str], expected: set[str]) -> None:
    """Where it is included; the rules of rsyslog.conf come after that."""
    texts = {"/etc/rsyslog.conf": f"{SOCKET}$IncludeConfig /etc/rsyslog.d/*.conf\nstop\n"}
    texts |= {f"/etc/rsyslog.d/{name}": text for name, text in files.items()}
    routes, _ = configs.read("rsyslogd", texts)
    assert {each for route in routes if route.sends for each in route.reads} & {OF_DAEMON} == expected


@pytest.mark.parametrize(
    ("module", "files", "expected"),
    [
        (SOCKET, {}, True),
        (SOCKET, {"/etc/systemd/journald.conf": "[Journal]\n#ForwardToSyslog=no\n"}, False),
        (SOCKET, {"/etc/systemd/journald.conf": "[Journal]\n#ForwardToSyslog=yes\n"}, True),
        (SOCKET, {"/etc/systemd/journald.conf": "[Journal]\nForwardToSyslog = no\n"}, False),
        (
            'module(load="imjournal")\n',
            {"/etc/systemd/journald.conf": "[Journal]\nForwardToSyslog=no\n"},
            True,
        ),
        ('module(load="imuxsock" SysSock.Use="off")\n', {}, False),
        ("$ModLoad imuxsock\n$OmitLocalLogging on\n", {}, False),
        (
            SOCKET,
            {
                "/etc/systemd/journald.conf": "[Journal]\n#ForwardToSyslog=no\n",
                "/etc/systemd/journald.conf.d/x.conf": "ForwardToSyslog=yes\n",  # in no section
            },
            False,
        ),
        (SOCKET, {"/usr/lib/systemd/journald.conf.d/syslog.conf": "[Journal]\nForwardToSyslog=yes\n"}, True),
        (
            SOCKET,
            {
                "/etc/systemd/journald.conf": "[Journal]\n#ForwardToSyslog=no\n",
                "/usr/lib/systemd/journald.conf.d/syslog.conf": "[Journal]\nForwardToSyslog=yes\n",
                "/etc/systemd/journald.conf.d/syslog.conf": "",  # so it is masked
            },
            False,
        ),
    ],
)
def test_rsyslog_gets_the_journal(module: str, files: dict[str, str], expected: bool) -> None:
    """Where it reads the journal itself, or journald passes it on to the socket that it reads."""
    routes, _ = configs.read("rsyslogd", {"/etc/rsyslog.conf": f"{module}{SENDING}", **files})
    assert (OF_DAEMON in {each for route in routes for each in route.reads}) is expected


DISCOVERING = (
    "clients: [{{url: 'http://loki.example.com'}}]\nscrape_configs:\n- docker_sd_configs: [{{}}]\n  {}"
)


@pytest.mark.parametrize(
    ("program", "line", "more", "expected"),
    [
        ("filebeat", "- type: container", "\n  stream: stderr", "error"),
        ("filebeat", "- type: container", "\n  stream: all", "pass"),
        ("filebeat", "- type: container", "\n  exclude_files: ['-json.log$']", "error"),
        ("filebeat", "- type: container", "\n  exclude_files: ['\\.gz$']", "pass"),
        ("filebeat", "- type: container", "\n- type: docker\n  containers.ids: ['*']\n- x: ", "pass"),
        (
            "filebeat",
            "- type: container",
            "\n  enabled: false\n- type: docker\n  containers.ids: [abc]",
            "error",
        ),
        ("fluent-bit", "Name tail", "\n  Exclude_Path */containers/*", "error"),
        ("fluent-bit", "Name tail", "\n  Exclude_Path *.gz, *.zip", "pass"),
        ("fluentd", '["/x"]', '\n  exclude_path ["/containers/*"]', "error"),
        ("promtail", "- labels: {", '__path_exclude__: "/containers/*", ', "error"),
        ("promtail", "- job_name: a", "\n    relabel_configs: [{action: keep, regex: a}]", "error"),
        ("promtail", "- job_name: a", "\n    relabel_configs: [{regex: a, target_label: b}]", "pass"),
        ("vector", 'type = "file"', '\nexclude = ["/containers/a*"]', "error"),
        ("vector", 'type = "file"', '\nexclude = ["/containers/*.gz"]', "pass"),
    ],
)
def test_shipper_that_leaves_some_out(program: str, line: str, more: str, expected: str) -> None:
    """What takes some containers, files or streams alone takes the log of none for sure."""
    assert line in CONFIGS[program]
    found = verdicts(of(program, CONFIGS[program].replace(line, line + more, 1)))
    assert found[SYSTEM.get(program, "another system")] == expected


@pytest.mark.parametrize(
    ("program", "text", "reads"),
    [
        ("promtail", DISCOVERING.format(""), {"docker"}),
        ("promtail", DISCOVERING.format("relabel_configs: [{action: keep, regex: promtail}]"), set()),
        ("promtail", "scrape_configs: [{journal: {}, relabel_configs: [{action: keep, regex: ssh}]}]", set()),
        (
            "promtail",
            "scrape_configs: [{journal: {}, relabel_configs: [{action: keep, regex: docker}]}]",
            {"journal"},
        ),
        ("promtail", "scrape_configs: [{journal: {}, relabel_configs: [{action: drop, regex: x}]}]", set()),
        ("vector", "sources.a = {type = 'journald', exclude_units = ['docker.service']}", set()),
        ("vector", "sources.a = {type = 'journald', exclude_units = ['ssh']}", {"journal"}),
    ],
)
def test_choice_of_what_is_taken(program: str, text: str, reads: set[str]) -> None:
    """The engine's log, or that of a container, may be what is left out."""
    routes, _ = configs.read(program, {"/x": text})
    assert {each for route in routes for each in route.reads} == reads


def test_review_is_left_to_a_person() -> None:
    """With what was found."""
    target = of("filebeat", FILEBEAT)
    target.recording.answers["sensors"] = Answer(
        "sensors", 0, '{"AsRoot": true, "Installed": [], "Processes": []}', ""
    )  # type: ignore[index]
    found = judged("logs_are_reviewed_and_kept", target)["host"]
    assert found == ("manual", "logs: filebeat to es.example.com; containers are watched by no known tool")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", "error"),
        ("daemon:socket:[1]\n", "pass"),
        ("daemon:/dev/null\n", "manual"),
        ("daemon:/var/log/docker.log\n", "manual"),
        ("daemon:pipe:[1]\n", "manual"),
        ("daemon:the journal other\n", "manual"),  # LogNamespace=other
        ("daemon:the journal 3\n", "manual"),  # LogLevelMax=err
        ("daemon:socket:[1]\ndaemon:/dev/null\n", "manual"),
    ],
)
def test_daemon_that_writes_elsewhere(written: str, expected: str) -> None:
    """Where its errors do not go to the journal, taking that takes nothing of it."""
    processes = (process(7, EXECUTABLES["filebeat"]),)
    target = facts(ship("filebeat", FILEBEAT), written=written, processes=processes)
    assert judged("host_logs_are_collected_centrally", target)["the daemon's log"][0] == expected


def test_uploader_of_the_journal() -> None:
    """It takes the daemon's log, and those of containers whose driver is journald."""
    target = of(
        "systemd-journal-upload", "[Upload]\nURL=https://logs.example.com\n", driver="journald", containers=()
    )
    expected = ("pass", "systemd-journal-upload to logs.example.com")
    assert judged("host_logs_are_collected_centrally", target)["the daemon's log"] == expected
    assert verdicts(target)["another system"] == "pass"


@pytest.mark.parametrize("driver", ["journald", "syslog"])
@pytest.mark.parametrize(("written", "expected"), [("socket:[1]", "pass"), ("the journal other", "fail")])
def test_driver_of_a_daemon_with_a_journal_of_its_own(driver: str, written: str, expected: str) -> None:
    """What its drivers say on this machine goes there too."""
    target = facts(
        ship("rsyslogd", RSYSLOG),
        written=f"daemon:{written}\n",
        processes=(process(7, EXECUTABLES["rsyslogd"]),),
        driver=driver,
        containers=(),
    )
    assert verdicts(target)["another system"] == expected


def test_daemon_that_writes_to_a_file_that_is_taken() -> None:
    """A shipper that reads this file takes its log."""
    config = FILEBEAT.replace(f"{ROOT}/containers/*/*.log", "/var/log/docker.log").replace("journald", "x")
    target = facts(
        ship("filebeat", config),
        written="daemon:/var/log/docker.log\n",
        processes=(process(7, EXECUTABLES["filebeat"]),),
    )
    assert judged("host_logs_are_collected_centrally", target)["the daemon's log"][0] == "pass"


@pytest.mark.parametrize(
    ("auditd", "expected"),
    [
        ("log:/var/log/audit/audit.log", "pass"),
        ("log:/srv/audit.log", "manual"),
        ("write:no\nlog:/var/log/audit/audit.log", "manual"),
        ("write:yes\nlog:/var/log/audit/audit.log\nunread:/var/log/audit/audit.log", "pass"),
        ("hidden:/etc/audit/auditd.conf\nlog:/var/log/audit/audit.log", "error"),
        ("", "error"),
        (None, "error"),
    ],
)
def test_audit_log_elsewhere(auditd: str | None, expected: str) -> None:
    """The file that auditd writes has to be read, and which one that is has to be known."""
    config = FILEBEAT.replace(f"{ROOT}/containers/*/*.log", "/var/log/audit/audit.log")
    found = judged("host_logs_are_collected_centrally", of("filebeat", config, auditd=auditd))
    assert found["the audit log"][0] == expected
