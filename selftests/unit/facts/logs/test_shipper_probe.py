"""The probe for shippers on processes of this machine: which files it takes as theirs, and what wins over these."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hullcheck.facts.logs.configs.options import override
from hullcheck.facts.logs.probe import SHIPPERS
from hullcheck.recording.script import parse, render
from selftests.needs import need
from selftests.rig.removal import temporary

SHELLS = [("dash",), ("busybox", "sh")]
SENDING = 'module(load="imuxsock")\n*.* @@logs.example\n'
LOG_PATH = 'log {{ source {{ tcp(); }}; destination {{ tcp("logs.example"); }}; }};\n'


def asked(shell: tuple[str, ...], pid: int, api: str = "/run/docker.sock") -> dict[str, Any]:
    """What is kept of the answer on a process, on a host with such a socket of the engine."""
    need(shell[0])
    script = render((SHIPPERS,)).replace("/run/docker.sock", api)
    for _ in range(5):  # a busy machine may end it before its end
        said = subprocess.run([*shell, "-c", script], capture_output=True, text=True, check=True)
        answer = parse(said.stdout)["shippers"]
        if not answer.status:
            break
    document = json.loads(SHIPPERS.keep(answer.stdout))
    (found,) = [each for each in document["Shippers"] if each["Pid"] == pid]
    return dict(found)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Any]:
    """Starts a process whose program has this name and that was given these words."""
    running = []

    def start(program: str, *words: str, zeroth: str = "x", **more: Any) -> int:
        path = tmp_path / program
        shutil.copy(str(shutil.which("sh")), path)
        process = subprocess.Popen(
            [zeroth, "-c", "read x", *words], executable=path, stdin=subprocess.PIPE, **more
        )
        running.append(process)
        time.sleep(0.2)
        return process.pid

    yield start
    for each in running:
        each.kill()
        each.wait()


def written(path: Path, text: str) -> Path:
    """The file, with a folder for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
@pytest.mark.parametrize(
    ("program", "words", "text"),
    [
        ("rsyslogd", ["-f{}/own.x"], SENDING),
        ("rsyslogd", ["-n", "-f", "{}/own.x"], SENDING),
        ("rsyslogd", ["-f", "own.x"], SENDING),
        ("syslog-ng", ["-F", "--cfgfile", "own.x"], LOG_PATH),
        ("promtail", ["-config.file=own.x"], "client: {{url: http://logs.example}}\n"),
        (
            "vector",
            ["--config-yaml", "{}/own.x"],
            "sinks: {{a: {{type: loki, endpoint: http://logs.example}}}}\n",
        ),
        (
            "filebeat",
            ["-c", "own", "--path.config", "{}"],
            "output.elasticsearch: {{hosts: [logs.example]}}\n",
        ),
    ],
)
def test_file_that_the_command_names(
    tmp_path: Path, started: Any, shell: tuple[str, ...], program: str, words: list[str], text: str
) -> None:
    """In whatever way; no other file beside it."""
    name = "own.yml" if program == "filebeat" else "own.x"
    written(tmp_path / name, text.replace("{{", "{").replace("}}", "}"))
    written(tmp_path / "other.yml", "output.elasticsearch: {hosts: [other.example]}\n")
    pid = started(program, *(each.format(tmp_path) for each in words), cwd=tmp_path)
    found = asked(shell, pid)
    assert {host for _, sends in found["Routes"] for host in sends} == {"logs.example"}
    assert (found["Understood"], found["Doubt"], found["Halted"]) == (True, "", False)


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_included_files(tmp_path: Path, started: Any, shell: tuple[str, ...]) -> None:
    """They are found by their patterns, in files that were included too, in folders with a blank in their names.

    A file may have no line feed at its end.
    """
    main = written(
        tmp_path / "main.conf", f'include(file="none.d/*")\n$IncludeConfig {tmp_path}/in side/*.conf'
    )
    written(tmp_path / "in side/a.conf", f"$IncludeConfig {tmp_path}/deeper/\n")
    written(tmp_path / "in side/b.off", "*.* @@off.example\n")
    written(tmp_path / "deeper/x", SENDING)
    found = asked(shell, started("rsyslogd", "-f", str(main)))
    assert {host for _, sends in found["Routes"] for host in sends} == {"logs.example"}
    assert found["Understood"]


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_included_folder_of_syslog_ng(tmp_path: Path, started: Any, shell: tuple[str, ...]) -> None:
    """All its files count, in whatever quotes it stands and with whatever behind it."""
    text = f'@version: 4.8\n@include "scl.conf"\n@include "{tmp_path}/in side" # all\n'
    main = written(tmp_path / "main.conf", text + f"@include '{tmp_path}/one.conf';\n")
    written(tmp_path / "in side/a.txt", 'destination d_net { tcp("logs.example"); };\n')
    written(tmp_path / "one.conf", "log { source { tcp(); }; destination(d_net); };\n")
    found = asked(shell, started("syslog-ng", "-f", str(main)))
    assert {host for _, sends in found["Routes"] for host in sends} == {"logs.example"}


def test_process_that_watches_syslog_ng(started: Any) -> None:
    """It has another name and reads no configuration."""
    with pytest.raises(ValueError, match="not enough values"):
        asked(SHELLS[0], started("syslog-ng", zeroth="supervising syslog-ng"))


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_ports(started: Any, shell: tuple[str, ...]) -> None:
    """Those that the process itself listens on; whom it asks by UDP, a name server, is none that it sends logs to."""
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.create_server(("127.0.0.1", 0)),  # not its own
        socket.socket(type=socket.SOCK_DGRAM) as udp,
        socket.socket(type=socket.SOCK_DGRAM) as asking,
    ):
        udp.bind(("127.0.0.1", 0))
        asking.connect(("127.0.0.2", 53))
        pid = started("rsyslogd", pass_fds=[each.fileno() for each in (tcp, udp, asking)])
        found = asked(shell, pid)
        ports = [f"{tcp.getsockname()[1]}/tcp", f"{udp.getsockname()[1]}/udp"]
        assert found["Listens"] == sorted(ports)
        assert found["Connected"] == []


@pytest.mark.skipif(os.getuid() != 0, reason="root alone gives its rights away")
@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
@pytest.mark.parametrize(
    ("user", "groups", "found"),
    [(None, [], (False, False)), (65534, [], (True, True)), (65534, [12345], (True, False))],
)
def test_process_without_rights(
    shell: tuple[str, ...], user: int | None, groups: list[int], found: tuple[bool, bool]
) -> None:
    """One of another user cannot read what is root's, nor ask the engine unless it is in the group of the socket."""
    with temporary() as folder:
        folder.chmod(0o755)  # for that user
        path, api = folder / "rsyslogd", written(folder / "docker.sock", "")
        shutil.copy(str(shutil.which("sh")), path)
        os.chown(api, 0, 12345)
        words = ["x", "-c", "read x", "-f", str(written(folder / "x", SENDING))]
        become = {"user": user, "group": user, "extra_groups": groups if user else None}
        with subprocess.Popen(words, executable=path, stdin=subprocess.PIPE, **become) as process:  # type: ignore[call-overload]
            told = asked(shell, process.pid, str(api))
            process.kill()
        assert (told["Confined"], told["Barred"]) == found


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_process_that_does_nothing(tmp_path: Path, started: Any, shell: tuple[str, ...]) -> None:
    """One that was stopped is told apart."""
    pid = started("rsyslogd", "-f", str(written(tmp_path / "x", SENDING)))
    os.kill(pid, signal.SIGSTOP)
    time.sleep(0.1)
    assert asked(shell, pid)["Halted"]
    os.kill(pid, signal.SIGCONT)
    assert not asked(shell, pid)["Halted"]


@pytest.mark.parametrize(
    ("program", "arguments", "option"),
    [
        ("filebeat", ("filebeat", "-e", "-E", "output.console.enabled=true"), "-E output.console.enabled"),
        ("filebeat", ("filebeat", "--E=filebeat.inputs=[]"), "-E filebeat.inputs"),
        ("filebeat", ("filebeat", "-E", "setup.ilm.enabled=false", "-E", "name=x"), ""),
        ("filebeat", ("filebeat", "-N"), "-N"),
        ("promtail", ("promtail", "-dry-run"), "-dry-run"),
        ("promtail", ("promtail", "--dry-run=false"), ""),
        ("promtail", ("promtail", "-config.expand-env=true"), ""),
        ("vector", ("vector", "--config-dir", "/x"), "--config-dir"),
        ("logstash", ("java", "-e", "input {}"), "-e"),
        ("fluentd", ("ruby", "-i", "<match **>"), "-i"),
        ("fluent-bit", ("fluent-bit", "-F", "grep"), "-F"),
        ("fluent-bit", ("fluent-bit", "-c", "/x"), ""),
        ("syslog-ng", ("syslog-ng", "-F", "-f", "/x", "--no-caps"), ""),
        ("syslog-ng", ("syslog-ng", "-Ff", "/x"), "-Ff"),
        ("syslog-ng", ("syslog-ng", "-C", "/srv"), "-C"),
        ("syslog-ng", ("syslog-ng", "--chroot=/srv"), "--chroot"),
        ("systemd-journal-upload", ("systemd-journal-upload", "--save-state"), ""),
        ("systemd-journal-upload", ("systemd-journal-upload", "--url=http://x"), "--url"),
        ("systemd-journal-upload", ("systemd-journal-upload", "/srv/some.journal"), "/srv/some.journal"),
    ],
)
def test_option_that_wins_over_files(program: str, arguments: tuple[str, ...], option: str) -> None:
    """It is named, without what it is set to."""
    assert override(program, arguments) == option


SHIP = "process:7 {}\n{}started:1000\nchanged:{}\nconfig:/x\n:{}\n"
VECTOR = 'sinks.a = {type = "loki", endpoint = "https://a.example"}'


@pytest.mark.parametrize(
    ("more", "changed", "doubt"),
    [
        ("", 1060, ""),
        ("", 1061, "its configuration was changed after it started"),
        ("argument:vector\nargument:--watch-config\n", 2000, ""),
        ("argument:vector\nargument:-C\nargument:/x\n", 0, "its option -C is not followed"),
    ],
)
def test_file_that_it_has_not_read(more: str, changed: int, doubt: str) -> None:
    """What was written after it started, and is not taken over by itself, tells of the next start."""
    kept = json.loads(SHIPPERS.keep("auditor:0\n" + SHIP.format("vector", more, changed, VECTOR)))
    (found,) = kept["Shippers"]
    assert (found["Doubt"], found["Understood"], bool(found["Routes"])) == (doubt, not doubt, not doubt)


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("systemd-journal-upload", "[Upload]\n:URL=https://a.example"),
        (
            "vector",
            "sources.a.type = 'journald'\n:sinks.b = {type = 'loki', inputs = ['a'], endpoint = 'a.example'}",
        ),
        ("filebeat", "filebeat.inputs: [{type: journald}]\n:output.elasticsearch.hosts: [a.example]"),
    ],
)
@pytest.mark.parametrize(
    ("setting", "kept"),
    [
        ("Storage=auto", True),
        ("Storage=none", False),
        ("MaxLevelStore=crit", False),
        ("#Storage=none", False),
    ],
)
def test_journal_that_keeps_nothing(program: str, text: str, setting: str, kept: bool) -> None:
    """Who reads it gets nothing, and what is only held open tells nothing either."""
    own = SHIP.format(program, "held:/run/log/journal/x/system.journal\n", 0, text)
    of_journald = f"journal:config:/etc/systemd/journald.conf\njournal::[Journal]\njournal::{setting}\n"
    (found,) = json.loads(SHIPPERS.keep(f"auditor:0\n{of_journald}{own}"))["Shippers"]
    assert found["Understood"]
    assert any("journal" in reads for reads, _ in found["Routes"]) is kept
    assert found["HoldsJournal"] is kept


@pytest.mark.parametrize(
    ("started", "path", "doubt"),
    [
        ("", "/etc/systemd/journald.conf", ""),  # it does not say
        ("started:4940\n", "/etc/systemd/journald.conf", ""),
        ("started:4939\n", "/etc/systemd/journald.conf", "that of journald was changed after it started"),
        ("started:4939\n", "/usr/lib/systemd/journald.conf.d/syslog.conf", ""),  # by an update of rsyslog
    ],
)
def test_file_of_journald_is_none_of_its_own(started: str, path: str, doubt: str) -> None:
    """journald is another process, that reads its files when it starts itself."""
    text = (
        SHIP.format("rsyslogd", "", 0, "*.* @@a.example")
        + f"journald:\n{started}changed:5000\nconfig:{path}\n"
    )
    (found,) = json.loads(SHIPPERS.keep("auditor:0\n" + text))["Shippers"]
    assert (found["Doubt"], found["Understood"]) == (doubt, not doubt)
