"""Section 2 on real engines: each control passes and fails for what the daemon really does."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck import facts as fact_modules
from hullcheck.facts import Facts
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.script import render
from selftests.kit.judging import facts_inside, facts_of_engine, facts_of_guest, judged
from selftests.rig.engines import versions

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.engines.rootless import RootlessEngine
    from selftests.rig.hosts.host import Host
    from selftests.rig.laboratory import Laboratory

EngineFactory = Callable[..., "Engine"]
CONTROLS = [f"2.{number}" for number in range(1, 20)]


def verdict(number: str, facts: Facts) -> tuple[str, str]:
    """Verdict and reason on the target as a whole."""
    (found,) = judged(number, facts).values()
    return found


def audit(number: str, engine: Engine, policy: Policy | None = None) -> tuple[str, str]:
    """Verdict and reason on a running engine."""
    return verdict(number, facts_of_engine(engine.socket, policy, of=number))


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with ca.pem, cert.pem and key.pem."""
    folder = tmp_path_factory.mktemp("tls")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=lab"]
    for name, others in (
        ("ca", []),
        ("", ["-CA", str(folder / "ca.pem"), "-CAkey", str(folder / "ca-key.pem")]),
    ):
        cert, private = (
            (folder / "ca.pem", folder / "ca-key.pem") if name else (folder / "cert.pem", folder / "key.pem")
        )
        command = ["openssl", "req", "-x509", *key, *others, "-keyout", str(private), "-out", str(cert)]
        subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture
def tls(lab: Laboratory, certificates: Path) -> dict[str, str]:
    """The three files as settings."""
    files = {"tlscacert": "ca.pem", "tlscert": "cert.pem", "tlskey": "key.pem"}
    return {name: str(certificates / file) for name, file in files.items()}


GOOD = {
    "icc": False,
    "userland-proxy": False,
    "no-new-privileges": True,
    "live-restore": True,
    "default-ulimits": {
        "nofile": {"Name": "nofile", "Soft": 1024, "Hard": 2048},
        "nproc": {"Name": "nproc", "Soft": 1024, "Hard": 2048},
    },
}
BAD = {
    "icc": True,
    "labels": ["icc=false", "no-new-privileges=true"],
    "log-level": "debug",
    "iptables": False,
    "insecure-registries": ["reg.example:5000", "10.0.0.0/8"],
    "cgroup-parent": "/weird",
    "default-ulimits": {
        "nofile": {"Name": "stack", "Soft": 1024, "Hard": 2048},
        "nproc": {"Name": "core", "Soft": 0, "Hard": 0},
    },
    "storage-opts": [],
    "experimental": True,
}


def test_settings_of_the_file(engine: EngineFactory) -> None:
    """Daemons whose daemon.json differs get verdicts that differ."""
    good, bad = facts_of_engine(engine(**GOOD).socket, of="2"), facts_of_engine(engine(**BAD).socket, of="2")
    both = {number: (verdict(number, good)[0], verdict(number, bad)[0]) for number in CONTROLS}
    assert {number for number, pair in both.items() if pair == ("pass", "fail")} == {
        "2.2", "2.3", "2.4", "2.5", "2.9", "2.11", "2.15", "2.16", "2.17", "2.19",
    }  # fmt: skip
    assert both["2.6"] == both["2.7"] == both["2.12"] == both["2.18"] == ("pass", "pass")
    assert both["2.1"] == both["2.10"] == both["2.13"] == both["2.14"] == ("fail", "fail")
    assert both["2.8"] == ("not applicable", "not applicable")


def test_null_in_the_file(engine: EngineFactory) -> None:
    """A null turns a switch off that is on by default, and leaves every other setting at its default."""
    one = engine(**{"iptables": None, "userland-proxy": None, "log-level": None, "log-opts": None})
    one.run("web", "--publish", "127.0.0.1:8080:80")
    assert audit("2.4", one)[0] == "fail"
    found = [audit(number, one) for number in ("2.3", "2.17")]
    assert [verdict for verdict, _ in found] == ["pass"] * 2, found
    assert facts_of_engine(one.socket, of="2").daemon.setting("log-opts").value == {}


@pytest.mark.parametrize(
    ("flags", "passes", "fails"),
    [
        (
            ("--icc=0", "--no-new-privileges", "--userland-proxy=F", "--live-restore=t"),
            "2.2 2.15 2.16 2.17",
            "",
        ),
        (("--no-new-privileges=false", "--icc"), "", "2.2 2.15 2.17"),
        (("-l", "debug", "--iptables=f"), "", "2.3 2.4"),
        (("-D",), "", "2.3"),
        (("-Dlinfo", "--experimental"), "", "2.3 2.19"),
        (("--log-level=warn", "--storage-opt", "overlay2.size=0"), "2.12", "2.3"),
        (("--log-level=debug", "--log-level", "INFO"), "2.3", ""),
        (
            ("--default-ulimit", "nofile=1024:2048", "--default-ulimit=nproc=9", "--cgroup-parent=/weird"),
            "2.9",
            "2.11",
        ),
        (("--default-ulimit", "nofile=-1:-1", "--cgroup-parent=/docker"), "2.11", "2.9"),
        pytest.param(
            *(("--insecure-registry", "127.0.0.1:5000", "--seccomp-profile=unconfined"), "2.5", "2.18"),
            marks=pytest.mark.needs_engine(">=23", "a profile of this name"),
        ),
        (("--insecure-registry=reg.example", "--userns-remap=default"), "2.10", "2.5"),
    ],
)
def test_command_line(engine: EngineFactory, flags: tuple[str, ...], passes: str, fails: str) -> None:
    """Options are read as the daemon reads them: short, joined, repeated, with Go's booleans."""
    facts = facts_of_engine(engine(flags=flags).socket, of="2")
    wanted = dict.fromkeys(passes.split(), "pass") | dict.fromkeys(fails.split(), "fail")
    found = {number: verdict(number, facts) for number in wanted}
    assert {number: word for number, (word, _) in found.items()} == wanted, found


def test_no_default_bridge(engine: EngineFactory) -> None:
    """Without a default bridge 2.2 has nothing to judge."""
    assert audit("2.2", engine(bridge="none"))[0] == "not applicable"


# ---- 2.8: what a client without a certificate was really answered is said beside each case

VERIFIED = [
    (("--tls",), {}),  # refused: --tls alone verifies since engine 23
    (("--tlsverify",), {}),
    ((), {"tlsverify": True}),
    ((), {"tls": True}),
]
UNVERIFIED = [
    (("--tls", "--tlsverify=false"), {}),  # answered
    (("--tlsverify=false",), {}),
    (("--tls=false",), {}),
    ((), {"tlsverify": False}),
    ((), {"tls": True, "tlsverify": False}),
]


def get(engine: Engine, *options: str) -> str:
    """The HTTP status that a client without a certificate gets, or 000."""
    command = ["curl", "-sk", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", *options]
    with contextlib.suppress(Exception):
        return engine.nsenter(*command)
    return "000"


@pytest.mark.parametrize(("flags", "settings"), VERIFIED)
def test_verified_tls(
    engine: EngineFactory, tls: dict[str, str], flags: tuple[str, ...], settings: dict[str, object]
) -> None:
    """Where a client without a certificate is refused, 2.8 passes."""
    one = engine(flags=flags, hosts=["tcp://127.0.0.1:2376"], **settings, **tls)
    assert get(one, "https://127.0.0.1:2376/_ping") == "000"
    assert get(one, "http://127.0.0.1:2376/_ping") == "400"
    assert audit("2.8", one)[0] == "pass"


@pytest.mark.parametrize(("flags", "settings"), UNVERIFIED)
def test_unverified_tls(
    engine: EngineFactory, tls: dict[str, str], flags: tuple[str, ...], settings: dict[str, object]
) -> None:
    """Where a client without a certificate is served, 2.8 fails."""
    one = engine(flags=flags, hosts=["tcp://127.0.0.1:2376"], **settings, **tls)
    assert "200" in (get(one, "https://127.0.0.1:2376/_ping"), get(one, "http://127.0.0.1:2376/_ping"))
    found, reason = audit("2.8", one)
    assert (found, "127.0.0.1:2376 (listening)" in reason) == ("fail", True), reason


def test_tls_without_a_ca_of_the_site(engine: EngineFactory, tls: dict[str, str]) -> None:
    """tlsverify without tlscacert lets in the holder of any certificate that the host trusts."""
    del tls["tlscacert"]
    found, reason = audit("2.8", engine(tlsverify=True, hosts=["tcp://127.0.0.1:2376"], **tls))
    assert found == "fail"
    assert "tlscacert" in reason


def test_hosts_of_the_file(lab: Laboratory, engine: EngineFactory) -> None:
    """A TCP host on a line of its own in daemon.json is a listener like any other."""
    second = lab.root / "second.sock"
    blank = "" if versions.chosen().at_least(29) else " "
    one = engine(hosts=[f"{blank}tcp://0.0.0.0:2375", f"unix://{second}"])
    found, reason = audit("2.8", one)
    assert (found, reason) == ("fail", "takes commands on [::]:2375 (listening) without TLS")
    sockets = facts_of_engine(one.socket, of="2").daemon.endpoints.api_sockets
    assert sockets == tuple(sorted((str(one.socket), str(second))))


def test_socket_activation(engine: EngineFactory) -> None:
    """A TCP address of a socket unit is found though neither command line nor file names it."""
    one = engine(fresh=True)
    one.stop()
    activate = ["systemd-socket-activate", "--listen", "127.0.0.1:2375", "--listen", str(one.socket)]
    options = [each for each in one._options() if each != "--host" and not each.startswith("unix://")]
    with _daemon(one, [*one._enter(), *activate, "dockerd", *options, "--host", "fd://"]) as pid:
        facts = facts_of_engine(one.socket, of="2")
        assert verdict("2.8", facts) == ("fail", "takes commands on 127.0.0.1:2375 (listening) without TLS")
        assert facts.daemon.endpoints.api_sockets == (str(one.socket),)
        assert facts.daemon.pid == pid


# ---- files that changed after the start


def test_remapping_to_root(lab_host: Callable[..., Host]) -> None:
    """2.10: subordinate ids that begin with root's own leave root what it is, though the engine says `userns`."""
    files = {"/etc/subuid": "dockremap:0:65536\n", "/etc/subgid": "dockremap:100000:65536\n"}
    host = lab_host(files=files, userns_remap="default")
    assert "name=userns" in host.docker("info", "--format", "{{.SecurityOptions}}")
    host.docker("run", "--detach", "--name", "web", "bb:1", "sleep", "999")
    pid = host.docker("inspect", "--format", "{{.State.Pid}}", "web").strip()
    assert host.exec("cat", f"/proc/{pid}/uid_map").split()[:2] == ["0", "0"]
    facts = facts_of_guest(host)
    assert verdict("2.10", facts) == ("fail", "userns-remap is false (docker info)")
    assert judged("5.31", facts)["web"][1] == "the daemon remaps no users, so this isolates nothing: see 2.10"


def test_restart_pending(engine: EngineFactory) -> None:
    """A daemon.json edited to good values does not make a daemon good that has not read it."""
    one = engine(fresh=True)
    time.sleep(0.2)
    one.configure(GOOD | {"userns-remap": "default"})
    facts = facts_of_engine(one.socket, of="2")
    for number in ("2.2", "2.9", "2.10", "2.15", "2.16", "2.17"):
        found, reason = verdict(number, facts)
        assert (number, found, "restart pending" in reason) == (number, "fail", True)
    assert verdict("2.11", facts)[0] == "error"  # the file that the daemon did read may have set it
    one.restart()
    facts = facts_of_engine(one.socket, of="2")
    for number in ("2.2", "2.9", "2.10", "2.11", "2.15", "2.16", "2.17"):
        assert verdict(number, facts)[0] == "pass"


def test_pending_tcp_host(engine: EngineFactory) -> None:
    """A TCP host that the next start will open is told, and fails where it will be open to all."""
    one = engine(fresh=True)
    one.stop()
    # the address comes from the file, not from the command line, which excludes one in the file
    options = [each for each in one._options() if each != "--host" and not each.startswith("unix://")]
    own = f"unix://{one.socket}"
    one.configure({"hosts": [own]})
    with _daemon(one, [*one._enter(), "dockerd", *options]):
        assert audit("2.8", one)[0] == "not applicable"
        time.sleep(0.2)
        one.configure({"hosts": [own, "tcp://127.0.0.1:2375"]})
        expected = "restart pending: will take commands on tcp://127.0.0.1:2375 without TLS"
        assert audit("2.8", one) == ("fail", expected)
    with _daemon(one, [*one._enter(), "dockerd", *options]):
        assert audit("2.8", one) == ("fail", "takes commands on 127.0.0.1:2375 (listening) without TLS")
        time.sleep(0.2)
        one.configure({"hosts": [own]})
        assert audit("2.8", one)[0] == "fail"  # it listens there until it starts again


def test_configuration_that_went_away(engine: EngineFactory) -> None:
    """A daemon.json that does not exist any more may have been read; it is no proof of defaults."""
    one = engine(fresh=True, userland_proxy=False)
    assert audit("2.17", one)[0] == "pass"
    time.sleep(3.5)
    one.config_path.unlink()
    assert audit("2.17", one)[0] == "fail"
    assert audit("2.11", one)[0] == "error"


@contextlib.contextmanager
def _daemon(one: Engine, command: list[str]) -> Iterator[int]:
    """A daemon at the socket of an engine that was stopped."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
    try:
        for _ in range(200):
            if one.socket.exists():
                with contextlib.suppress(Exception):
                    one.docker("version", timeout=20)
                    break
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def test_reload_is_seen(engine: EngineFactory) -> None:
    """What the daemon takes over at a reload, it reports: that counts, whatever the file's time."""
    one = engine(fresh=True)
    time.sleep(0.2)
    one.configure({"debug": True, "live-restore": True})
    one.reload()
    time.sleep(0.5)
    assert audit("2.3", one)[0] == "fail"
    assert audit("2.16", one)[0] == "pass"


# ---- which process is the daemon


def test_daemons_side_by_side(engine: EngineFactory) -> None:
    """Each daemon is judged by its own process and file."""
    good, bad = engine(**GOOD), engine(**BAD)
    assert facts_of_engine(good.socket, of="2").daemon.pid == good.pid
    assert facts_of_engine(bad.socket, of="2").daemon.pid == bad.pid


def test_a_process_that_looks_like_dockerd(engine: EngineFactory) -> None:
    """Arguments of another program, and even its name, decide nothing."""
    one = engine(**BAD)
    words = ["dockerd", "--no-new-privileges", "--icc=false", "--userland-proxy=false", "--log-level=info"]
    rename = (
        "import ctypes, time; ctypes.CDLL(None).prctl(15, b'dockerd'); print(1, flush=True); time.sleep(60)"
    )
    with _running([sys.executable, "-c", rename, *words]):
        facts = facts_of_engine(one.socket, of="2")
        assert facts.daemon.pid == one.pid
        assert [verdict(number, facts)[0] for number in ("2.2", "2.3", "2.15", "2.17")] == ["fail"] * 4


@contextlib.contextmanager
def _running(command: list[str]) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield
    finally:
        process.kill()
        process.communicate()


# ---- who asks


def _as_user(user: str, one: Engine, policy: Policy | None = None) -> Facts:
    """The facts as this user gathers them."""
    script = render(fact_modules.PROBES, docker_host=f"unix://{one.socket}")
    entry = pwd.getpwnam(user)
    done = subprocess.run(
        ["setpriv", "--reuid", str(entry.pw_uid), "--regid", str(entry.pw_gid), "--clear-groups", "/bin/sh"],
        input=script, capture_output=True, text=True, check=True, cwd="/",
        env={"PATH": os.environ["PATH"], "HOME": "/"},
    )  # fmt: skip
    recording = Recording.from_output(
        done.stdout, fact_modules.PROBES, target="local", backend="local", asked=time.time()
    )
    return Facts(recording, policy or Policy())


def test_user_of_the_socket(engine: EngineFactory) -> None:
    """A user of the socket who is not root gets true verdicts or errors, never a pass by ignorance."""
    one = engine(hosts=["tcp://127.0.0.1:2375"], fresh=True, **GOOD)
    one.socket.chmod(0o666)
    facts = _as_user("nobody", one)
    found = {number: verdict(number, facts) for number in CONTROLS}
    errors = {number: result[1] for number, result in found.items() if result[0] == "error"}
    assert list(errors) == ["2.14"], errors  # only root sees which programs ship logs
    assert errors["2.14"].endswith("only root sees the programs of others; are you root?")
    assert found["2.8"] == ("fail", "takes commands on tcp://127.0.0.1:2375 (command line) without TLS")
    assert found["2.9"][0] == found["2.17"][0] == "pass"
    one.config_path.chmod(0o600)
    facts = _as_user("nobody", one)
    assert [verdict(number, facts)[0] for number in ("2.9", "2.17")] == ["error", "error"]
    assert "may not be read" in verdict("2.9", facts)[1]


def test_endpoint_on_a_tcp_port(engine: EngineFactory) -> None:
    """A loopback address leads to the daemon in the auditor's own network; another one to no process here."""
    one = engine(hosts=["tcp://127.0.0.1:2375"])
    script = render(fact_modules.PROBES, docker_host="tcp://127.0.0.1:2375")
    recording = Recording.from_output(
        one.nsenter("sh", "-c", script),
        fact_modules.PROBES,
        target="local",
        backend="local",
        asked=time.time(),
    )
    facts = Facts(recording, Policy())
    assert facts.daemon.pid == one.pid
    answer = recording.answers["daemon"]
    elsewhere = replace(answer, stdout=answer.stdout.replace("tcp://127.0.0.1:2375", "tcp://10.9.9.9:2375"))
    far = replace(recording, answers={**recording.answers, "daemon": elsewhere})
    reports = one.version.at_least(23)  # before, what the file says may be another machine's
    assert verdict("2.15", Facts(far, Policy()))[0] == ("fail" if reports else "error")
    assert verdict("2.17", Facts(far, Policy())) == (
        "error",
        "the engine runs on another machine (tcp://10.9.9.9:2375): its process is not seen here",
    )


def test_rootless(rootless_engine: RootlessEngine) -> None:
    """A rootless engine passes 2.1 and 2.10, and its own daemon.json is read."""
    facts = facts_of_engine(rootless_engine.socket, of="2")
    assert facts.daemon.pid == rootless_engine.daemon_pid
    assert verdict("2.1", facts)[0] == "pass"
    assert verdict("2.10", facts)[0] == "pass"
    assert verdict("2.17", facts)[0] == "fail"


def test_sockets_of_a_rootless_engine(rootless_engine: RootlessEngine) -> None:
    """It keeps its own sockets in its user's runtime directory; 5.32 sees its containerd there."""
    own = f"{Path(rootless_engine.socket).parent}/docker/containerd/containerd.sock"
    rootless_engine.create("quiet")
    rootless_engine.create("reaching", "-v", f"{own}:/c.sock")
    facts = facts_of_engine(rootless_engine.socket, of="2")
    assert facts.daemon.endpoints.api_sockets == (str(rootless_engine.socket),)
    assert facts.daemon.endpoints.containerd_sockets == (own,)
    found = judged("5.32", facts)
    assert found["quiet"][0] == "pass"
    assert found["reaching"] == ("fail", f"can reach {own}")


# ---- others


def test_log_driver_that_sends_away(engine: EngineFactory) -> None:
    """Only the site knows its central store; the address is shown, other options of the driver are not."""
    here = engine(log_driver="syslog", log_opts={"syslog-address": "udp://127.0.0.1:5514"})
    assert audit("2.14", here)[0] == "fail"
    assert audit("2.14", here, Policy(log_drivers=("syslog",)))[0] == "fail"
    one = engine(log_driver="syslog", log_opts={"syslog-address": "udp://192.0.2.1:5514", "tag": "s3cret"})
    facts = facts_of_engine(one.socket)
    found, reason = verdict("2.14", facts)
    assert found == "manual"
    assert "udp://192.0.2.1:5514" in reason
    assert "s3cret" not in json.dumps([answer.stdout for answer in facts.recording.answers.values()])
    assert audit("2.14", one, Policy(log_drivers=("syslog",)))[0] == "pass"
    assert audit("2.14", one, Policy(log_drivers=("splunk",)))[0] == "fail"
    one.create("silent", "--log-driver", "none")
    found, reason = audit("2.14", one, Policy(log_drivers=("syslog",)))
    assert found == "fail"
    assert "silent (none)" in reason


def test_swarm_node_cannot_restore(engine: EngineFactory) -> None:
    """A swarm node has no live restore, and swarm's own ports are not the API's."""
    one = engine(fresh=True)
    one.docker("swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:2400")
    facts = facts_of_engine(one.socket, of="2")
    assert verdict("2.16", facts)[0] == "not applicable"
    assert verdict("2.8", facts)[0] == "not applicable", verdict("2.8", facts)


PLUGIN = """
import http.server, json, os, socketserver, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = {"Implements": ["authz"]} if "Activate" in self.path else {"Allow": True}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def address_string(self): return ""
    def log_message(self, *_): pass
with socketserver.ThreadingUnixStreamServer(sys.argv[1], Handler) as server:
    print(1, flush=True); server.serve_forever()
"""


def test_authorization_plugin(engine: EngineFactory) -> None:
    """A plugin is for a person to judge; one whose rules the policy calls reviewed passes, and no other."""
    folder = Path("/run/docker/plugins")
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    name = f"hcauthz{os.getpid()}"
    try:
        with _running([sys.executable, "-c", PLUGIN, str(folder / f"{name}.sock")]):
            one = engine(fresh=True, authorization_plugins=[name])
            assert audit("2.13", one)[0] == "manual"
            assert audit("2.13", one, Policy(authorization_plugins=(name,)))[0] == "pass"
            assert audit("2.13", one, Policy(authorization_plugins=("other",)))[0] == "fail"
            one.down()
    finally:
        (folder / f"{name}.sock").unlink(missing_ok=True)
        if made:
            folder.rmdir()


def test_link_to_another_file(engine: EngineFactory, tmp_path: Path) -> None:
    """A link to a file that is older than the daemon is younger than it: what it read is not known."""
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text('{"log-level": "info", "userland-proxy": false}')
    bad.write_text('{"log-level": "error", "cgroup-parent": "/weird"}')
    one = engine(fresh=True)
    one.stop()
    link = one.config_path
    link.unlink()
    link.symlink_to(bad)
    one.start()
    assert verdict("2.3", facts_of_engine(one.socket, of="2.3"))[0] == "fail"
    time.sleep(0.3)
    link.unlink()
    link.symlink_to(good)
    facts = facts_of_engine(one.socket, of="2")
    for number in ("2.3", "2.11", "2.17"):
        assert (number, verdict(number, facts)[0] in ("fail", "error")) == (number, True)
    link.unlink()
    facts = facts_of_engine(one.socket, of="2")
    assert verdict("2.11", facts)[0] == "error"


def test_sockets_of_a_unit_that_changed(lab_host: Callable[..., Host]) -> None:
    """An address that docker.socket no longer names is found, because the daemon still listens on it."""
    host = lab_host()
    host.write("/etc/systemd/system/docker.socket.d/x.conf", "[Socket]\nListenStream=0.0.0.0:2375\n")
    host.exec("systemctl", "daemon-reload")
    host.exec("systemctl", "stop", "docker", "docker.socket")
    host.exec("systemctl", "start", "docker.socket", "docker")
    assert verdict("2.8", facts_inside(host, of="2"))[0] == "fail"
    host.exec("rm", "-r", "/etc/systemd/system/docker.socket.d")
    host.exec("systemctl", "daemon-reload")
    assert verdict("2.8", facts_inside(host, of="2")) == (
        "fail",
        "takes commands on 0.0.0.0:2375 (listening) without TLS",
    )
    host.exec("systemctl", "stop", "docker", "docker.socket")
    host.exec("systemctl", "start", "docker.socket", "docker")
    assert verdict("2.8", facts_inside(host, of="2"))[0] == "not applicable"
