"""The hardening guide, section 2, on real engines: the daemon's file, logs, and the remote API."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from hullcheck.policy import Policy
from selftests.kit.judging import facts_inside, facts_of_engine, judge_engine, judged
from selftests.rig.shell import LabError

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.engines.rootless import RootlessEngine
    from selftests.rig.hosts.host import Host

EngineFactory = Callable[..., "Engine"]

pytestmark = pytest.mark.lab

DEFAULT = "(default of the daemon)"
LIMITED = {"max-size": "10m", "max-file": "3"}
LOGS = ("log_options_are_set_for_all", "log_files_are_small", "log_files_are_few")
OF_LOGS = f"log_driver_is_json_file_or_approved {' '.join(LOGS)}"


def verdicts(control: str, facts: Facts) -> dict[str, str]:
    """The verdict by subject."""
    return {name: verdict for name, (verdict, _) in judged(control, facts).items()}


def whole(control: str, engine: Engine, policy: Policy | None = None) -> tuple[str, str]:
    """Verdict and reason on the target as a whole."""
    (found,) = judge_engine(control, engine.socket, policy).values()
    return found


# ---- 2.1


def test_source_of_a_rootless_engine(rootless_engine: RootlessEngine, engine: EngineFactory) -> None:
    """The program is named."""
    control = "rootless_engine_is_from_a_verified_source"
    verdict, reason = whole(control, rootless_engine)
    assert (verdict, "/usr/sbin/dockerd is from a signed package" in reason) == ("manual", True)
    assert whole(control, engine())[0] == "not applicable"


# ---- 2.2


@pytest.mark.needs_engine("<29", "from then on each file of the laboratory names the image store")
def test_file_of_the_daemon(engine: EngineFactory) -> None:
    """A file passes, and an option of the command line that undoes hardening fails."""
    control = "daemon_is_configured_by_its_file"
    good = engine(icc=False)
    assert whole(control, good) == ("pass", f"{good.config_path} sets icc")
    late = engine(fresh=True, flags=("--icc=false",))
    late.configure({"log-level": "warn"})
    assert whole(control, late)[0] == "error"  # which it has never read
    assert whole(control, engine(flags=("--icc",)))[1] == "the command line has --icc=true"
    assert whole(control, engine(flags=("--no-new-privileges=false",)))[0] == "fail"
    assert whole(control, engine(flags=("--no-new-privileges",)))[0] == "fail"  # its file sets nothing
    assert whole(control, engine(flags=("--no-new-privileges",), debug=False))[0] == "pass"


def test_unit_that_systemd_has_not_read(lab_host: Callable[..., Host]) -> None:
    """What the next start will do is unknown until then, and so is whether it opens the API to all (2.8)."""
    host = lab_host(icc=False)

    def found() -> list[str]:
        facts = facts_inside(host, of="2.8 daemon_is_configured_by_its_file")
        return [judged(each, facts)["host"][0] for each in ("2.8", "daemon_is_configured_by_its_file")]

    assert found() == ["not applicable", "pass"]
    command = "ExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// -H tcp://0.0.0.0:2375 --icc=true\n"
    host.write("/etc/systemd/system/docker.service.d/x.conf", f"[Service]\n{command}")
    assert found() == ["error", "error"]
    host.exec("systemctl", "daemon-reload")
    assert found() == ["fail", "fail"]
    host.exec("rm", "-r", "/etc/systemd/system/docker.service.d")
    host.exec("systemctl", "daemon-reload")
    host.write("/etc/systemd/system/docker.socket.d/x.conf", "[Socket]\nListenStream=0.0.0.0:2375\n")
    assert found() == ["error", "error"]
    host.exec("systemctl", "daemon-reload")
    assert judged("2.8", facts_inside(host, of="2.8"))["host"] == (
        "fail",
        "restart pending: will take commands on tcp://0.0.0.0:2375 without TLS",
    )


def test_containers_keep_their_logs_options(engine: EngineFactory) -> None:
    """The daemon's options are those of new containers; one that was created before keeps what it got."""
    one = engine(fresh=True)
    one.run("old")
    one.create("own", "--log-opt", "max-size=1m", "--log-opt", "max-file=2")
    one.create("wide", "--log-opt", "max-size=11m", "--log-opt", "max-file=4")
    one.create("none", "--log-driver", "none")
    before = facts_of_engine(one.socket, of=OF_LOGS)
    expected = {DEFAULT: "fail", "none": "not applicable", "old": "fail", "own": "pass"}
    assert verdicts(LOGS[0], before) == expected | {"wide": "pass"}
    for control in LOGS[1:]:
        assert verdicts(control, before) == expected | {"wide": "fail"}
    driver = verdicts("log_driver_is_json_file_or_approved", before)
    assert driver == {DEFAULT: "pass", "none": "fail", "old": "pass", "own": "pass", "wide": "pass"}

    one.configure({"log-opts": LIMITED})
    one.restart()
    one.run("new")
    one.create("local", "--log-driver", "local")
    after = facts_of_engine(one.socket, of=OF_LOGS)
    for control in LOGS:
        found = verdicts(control, after)
        assert (found[DEFAULT], found["old"], found["new"], found["own"]) == ("pass", "fail", "pass", "pass")
        assert found["local"] == "fail"  # it got none of the daemon's options, which are json-file's


def test_driver_of_the_daemon(engine: EngineFactory) -> None:
    """Another driver than json-file is left to a person, or to the policy; and has its own default sizes."""
    one = engine(log_driver="local", log_opts={"max-file": "2"})
    one.create("web")
    facts = facts_of_engine(one.socket, of=OF_LOGS)
    control = "log_driver_is_json_file_or_approved"
    assert verdicts(control, facts) == {DEFAULT: "manual", "web": "manual"}
    approved = Facts(facts.recording, Policy(log_drivers=("local",)))
    assert verdicts(control, approved) == {DEFAULT: "pass", "web": "pass"}
    assert verdicts("log_files_are_small", facts) == {DEFAULT: "fail", "web": "fail"}
    assert verdicts("log_files_are_few", facts) == {DEFAULT: "pass", "web": "pass"}
    one.create("sent", "--log-driver", "syslog", "--log-opt", "syslog-address=udp://127.0.0.1:514")
    facts = facts_of_engine(one.socket, of="log_files_are_small")
    assert verdicts("log_files_are_small", facts)["sent"] == "not applicable"


# ---- 2.3

FILES = {"tlscacert": "ca.pem", "tlscert": "cert.pem", "tlskey": "key.pem"}
TLS_CONTROLS = ("client_ca_is_in_date", "server_certificate_is_in_date", "server_key_fits_its_certificate")
PAST = ("-not_before", "20200101000000Z", "-not_after", "20210101000000Z")


def make(folder: Path, **times: tuple[str, ...]) -> dict[str, str]:
    """A CA and a server certificate of it, each for a time, as settings of the daemon."""
    request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    by_ca = ["-CA", str(folder / "ca.pem"), "-CAkey", str(folder / "ca-key.pem")]
    named = ["-addext", "subjectAltName=DNS:web1.example,IP:127.0.0.1"]
    for name, key, file, others in (("ca", "ca-key", "ca", []), ("server", "key", "cert", by_ca + named)):
        files = ["-keyout", str(folder / f"{key}.pem"), "-out", str(folder / f"{file}.pem")]
        time_of_it = times.get(name, ("-days", "2"))
        command = [*request, "-subj", f"/CN={name}", *files, *time_of_it, *others]
        subprocess.run(command, check=True, capture_output=True)
    return {name: str(folder / file) for name, file in FILES.items()}


def of_tls(facts: Facts) -> list[tuple[str, str]]:
    """What the three controls say."""
    return [next(iter(judged(control, facts).values())) for control in TLS_CONTROLS]


def tls_verdicts(engine: Engine) -> list[str]:
    """The verdicts of the three controls on a running engine."""
    return [verdict for verdict, _ in of_tls(facts_of_engine(engine.socket, of=" ".join(TLS_CONTROLS)))]


def test_files_of_tls(engine: EngineFactory, tmp_path: Path) -> None:
    """All three files pass as they are; those that changed since the start are an error until it starts again."""
    tls = make(tmp_path)
    one = engine(fresh=True, tlsverify=True, hosts=["tcp://127.0.0.1:2376"], **tls)
    facts = facts_of_engine(one.socket)
    (ca, _), (certificate, names), (key, _) = of_tls(facts)
    assert [ca, certificate, key] == ["pass"] * 3
    assert names.endswith(", for web1.example, 127.0.0.1")
    assert whole("remote_api_listens_on_the_tls_port_alone", one)[0] == "pass"
    assert not [name for name, answer in facts.recording.answers.items() if "PRIVATE KEY" in answer.stdout]

    time.sleep(0.2)
    (tmp_path / "key.pem").chmod(0o400)
    assert tls_verdicts(one) == ["pass", "pass", "error"]
    one.restart()
    assert tls_verdicts(one) == ["pass"] * 3


@pytest.mark.parametrize("late", ["ca", "server"])
def test_certificates_that_ran_out(engine: EngineFactory, tmp_path: Path, late: str) -> None:
    """The daemon starts with a certificate that ran out long ago; the control does not pass it."""
    one = engine(fresh=True, tlsverify=True, hosts=["tcp://127.0.0.1:2376"], **make(tmp_path, **{late: PAST}))
    (ca, why), (certificate, reason), (key, _) = of_tls(
        facts_of_engine(one.socket, of=" ".join(TLS_CONTROLS))
    )
    assert (ca, certificate, key) == (("fail", "pass", "pass") if late == "ca" else ("pass", "fail", "pass"))
    assert f"{why}{reason}".count("ran out on 2021-01-01") == 1


def test_key_of_another_certificate(engine: EngineFactory, tmp_path: Path) -> None:
    """The daemon does not start with it: that is why one that was not changed since the start fits."""
    tls = make(tmp_path)
    one = engine(fresh=True, tlsverify=True, hosts=["tcp://127.0.0.1:2376"], **tls)
    time.sleep(0.2)
    shutil.copy(tmp_path / "ca-key.pem", tmp_path / "key.pem")
    assert tls_verdicts(one) == ["pass", "pass", "error"]
    with pytest.raises(LabError):
        one.restart()
    make(tmp_path)
    one.start()
    assert tls_verdicts(one) == ["pass"] * 3


def test_listeners(engine: EngineFactory, tmp_path: Path) -> None:
    """2375 fails whatever protects it; every address is left to a person; what the site chose passes."""
    control, tls = "remote_api_listens_on_the_tls_port_alone", make(tmp_path)
    plain = engine(tlsverify=True, hosts=["tcp://127.0.0.1:2375"], **tls)
    assert whole(control, plain)[0] == "fail"
    wide = engine(tlsverify=True, hosts=["tcp://0.0.0.0:2376"], **tls)
    verdict, reason = whole(control, wide)
    assert (verdict, "*:2376" in reason) == ("manual", True)
    assert whole(control, wide, Policy(api_listeners=(("*", 2376),)))[0] == "pass"
    assert whole(control, engine())[0] == "not applicable"
    missing = engine(hosts=["tcp://127.0.0.1:2376"])
    assert tls_verdicts(missing) == ["fail"] * 3
    unused = engine(hosts=["tcp://127.0.0.1:2376"], **tls)  # the files alone switch nothing on
    assert tls_verdicts(unused) == ["fail"] * 3
    assert whole(control, unused)[0] == "fail"
