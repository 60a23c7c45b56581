"""The hardening guide, section 2, on facts made by hand: each control tells good from bad by one thing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace

from hullcheck.facts import Facts
from hullcheck.parsing.times import moment
from hullcheck.policy import LogLimits, Policy
from selftests.kit.facts.container_host import DESCRIPTION, HOST_CONFIG
from selftests.kit.facts.containers import containers as containers_said
from selftests.kit.facts.daemons import AFTER, BEFORE, NOW, REMOTE, Host
from selftests.kit.facts.engine_files import TLS, Target
from selftests.kit.judging import judged

DEFAULT = "(default of the daemon)"
LIMITED = {"max-size": "10m", "max-file": "3"}


def containers(**logs: tuple[str, dict[str, str]]) -> str:
    """What the probe prints of containers with these drivers and options."""
    return containers_said(
        *(
            DESCRIPTION
            | {"Id": f"{number}" * 64, "Name": f"/{name}"}
            | {"HostConfig": HOST_CONFIG | {"LogConfig": {"Type": driver, "Config": given}}}
            for number, (name, (driver, given)) in enumerate(logs.items())
        )
    )


def logged(options: dict[str, str], driver: str = "json-file", **logs: tuple[str, dict[str, str]]) -> Host:
    """A host whose daemon has these options for logs."""
    document = {"log-opts": options} if options else {}
    return Host(document=json.dumps(document), info={"LoggingDriver": driver}, containers=containers(**logs))


def verdicts(control: str, host: Host, **policy: Any) -> dict[str, str]:
    """The verdict by log."""
    return {name: verdict for name, (verdict, _) in judged(control, host.facts(**policy)).items()}


# ---- 2.2: the file


@pytest.mark.parametrize(
    ("host", "verdict", "why"),
    [
        (Host(document='{"icc": false}'), "pass", "/etc/docker/daemon.json sets icc"),
        (Host(document='{"icc": false}', changed=AFTER), "error", None),
        (Host(document='{"icc": false}', written=BEFORE, changed=AFTER), "pass", None),  # its mode alone
        (Host(document="{}", flags=("--icc=false",)), "fail", "/etc/docker/daemon.json sets nothing"),
        (Host(document=None), "fail", "/etc/docker/daemon.json does not exist"),
        (Host(document="{icc: false}"), "fail", "/etc/docker/daemon.json is not JSON"),
        (Host(document="unread"), "error", None),
        (Host(document="{}", flags=("--icc",)), "fail", "the command line has --icc=true"),
        (Host(document="{}", flags=("--live-restore=0",)), "fail", "the command line has --live-restore=0"),
        (Host(document='{"icc": false}', flags=("--no-new-privileges",)), "pass", None),
        (Host(document="{}", flags=("--userns-remap=",)), "fail", "the command line has --userns-remap="),
        (
            Host(document='{"debug": true}', flags=("--debug",), changed=AFTER),
            "fail",
            "the command line has --debug (in the file, too: the daemon will not start)",
        ),
    ],
)
def test_file_of_the_daemon(host: Host, verdict: str, why: str | None) -> None:
    """It has to be there and to be JSON, and nothing on the command line may undo it."""
    found = host.judge("daemon_is_configured_by_its_file")
    assert found[0] == verdict
    assert why in (None, found[1])


# ---- 2.2: logs


def test_file_that_may_not_be_read() -> None:
    """Without it the driver is still told by the engine; what only the file tells is an error."""
    host = Host(document="unread", containers=containers(web=("json-file", {"max-size": "1m"})))
    assert verdicts("log_driver_is_json_file_or_approved", host) == {DEFAULT: "pass", "web": "pass"}
    assert verdicts("log_files_are_small", host) == {DEFAULT: "error", "web": "pass"}


DRIVERS = [
    ("json-file", None, "pass"),
    ("json-file", ("syslog",), "pass"),
    ("syslog", None, "manual"),
    ("syslog", ("syslog",), "pass"),
    ("syslog", ("gelf",), "fail"),
    ("none", None, "fail"),
    ("none", ("none",), "fail"),
]


@pytest.mark.parametrize(("driver", "approved", "verdict"), DRIVERS)
def test_log_driver(driver: str, approved: tuple[str, ...] | None, verdict: str) -> None:
    """The daemon's driver and that of each container are judged alike, each for itself."""
    control = "log_driver_is_json_file_or_approved"
    other = logged({}, web=(driver, {}))
    assert verdicts(control, other, log_drivers=approved) == {DEFAULT: "pass", "web": verdict}
    assert verdicts(control, logged({}, driver), log_drivers=approved) == {DEFAULT: verdict}


def test_log_options() -> None:
    """A container that was made before the daemon had options has none; one with a limit of its own needs none."""
    control = "log_options_are_set_for_all"
    logs = {
        "old": ("json-file", {}),
        "new": ("json-file", LIMITED | {"labels": "x"}),
        "own": ("local", {"max-size": "1m"}),
        "other": ("json-file", {"labels": "x"}),
        "remote": ("gelf", {}),
    }
    expected = {"old": "fail", "new": "pass", "own": "pass", "other": "fail", "remote": "not applicable"}
    assert verdicts(control, logged(LIMITED | {"labels": "x"}, **logs)) == {DEFAULT: "pass", **expected}
    nothing = verdicts(control, logged({}, old=("json-file", {}), own=("json-file", {"max-size": "1m"})))
    assert nothing == {DEFAULT: "fail", "old": "fail", "own": "pass"}


@pytest.mark.parametrize(
    ("control", "option", "good", "bad"),
    [
        ("log_files_are_small", "max-size", "10m 10MB 10000000 0.01g", "10000001 10.1m 1g -1 0 ten"),
        ("log_files_are_few", "max-file", "3 1", "4 0 -1 x"),
    ],
)
def test_limits_of_log_files(control: str, option: str, good: str, bad: str) -> None:
    """The value counts as the engine reads it; what sets none fails, and what keeps no file has none."""
    values = dict.fromkeys(good.split(), "pass") | dict.fromkeys(["", *bad.split()], "fail")
    for value, verdict in values.items():
        host = logged({option: value}, web=("local", {option: value}), unset=("local", {}), sent=("gelf", {}))
        expected = {DEFAULT: verdict, "web": verdict, "unset": "fail", "sent": "not applicable"}
        assert verdicts(control, host) == expected


@pytest.mark.parametrize(
    "control", ["log_options_are_set_for_all", "log_files_are_small", "log_files_are_few"]
)
def test_source_of_the_limits(control: str) -> None:
    """Those of the command line and of the policy count; those that only the next start takes do not."""
    flags = Host(flags=("--log-opt", "max-size=1m", "--log-opt=max-file=2"), containers=containers())
    assert flags.judge(control)[0] == "pass"
    changed = Host(document=json.dumps({"log-opts": LIMITED}), changed=AFTER, containers=containers())
    verdict, reason = changed.judge(control)
    assert (verdict, "restart pending" in reason) == ("fail", True)
    wide = logged({"max-size": "50m", "max-file": "5"}).judge(control, log_limits=LogLimits(50_000_000, 5))
    assert wide[0] == "pass"


# ---- 2.3: files of TLS

GATHERED, _ = moment(NOW) or (0.0, 0.0)
DAY = 86400
API = replace(REMOTE, flags=("-H=tcp://:2376", *TLS))
PLAIN = replace(API, flags=tuple(each for each in API.flags if each != "--tlsverify"))
NAMED = json.dumps({"tlscacert": "/tls/ca", "tlscert": "/tls/cert", "tlskey": "/tls/key"})
BY_FILE = replace(API, flags=("-H=tcp://:2376", "--tlsverify"), document=NAMED)
CONTROLS = {
    "ca": "client_ca_is_in_date",
    "cert": "server_certificate_is_in_date",
    "key": "server_key_fits_its_certificate",
}


def certificate(start: float = -DAY, end: float = DAY, *, names: tuple[str, ...] = ("web1.example",)) -> str:
    """A certificate that holds from and to these seconds from the time of the recording."""
    first, last = (datetime.fromtimestamp(GATHERED + each, UTC) for each in (start, end))
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, first, last)
    if names:
        made = made.add_extension(x509.SubjectAlternativeName(map(x509.DNSName, names)), critical=False)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


GOOD = certificate()


def of_tls(
    name: str,
    host: Host = API,
    *,
    pem: str = GOOD,
    touched: str = BEFORE,
    state: str = "",
    ahead: float | None = None,
    file: str = "",
) -> tuple[str, str]:
    """Verdict and reason on one of the three files, which differs in this from a right one.

    Args:
        ahead: seconds by which the auditor's clock is ahead of the target's; None if that is unknown.
        file: the one that was *touched*, if it is another.
    """
    target = Target(
        host,
        pems={"/tls/ca": GOOD, "/tls/cert": GOOD} | ({f"/tls/{name}": pem} if name != "key" else {}),
        times=dict.fromkeys(("/tls/ca", "/tls/cert", "/tls/key"), BEFORE) | {f"/tls/{file or name}": touched},
        states={f"/tls/{name}": state} if state else {},
    )
    asked = 0.0 if ahead is None else GATHERED + ahead
    recording = replace(target.facts().recording, gathered=GATHERED, asked=asked)
    (found,) = judged(CONTROLS[name], Facts(recording, Policy())).values()
    return found


@pytest.mark.parametrize("name", CONTROLS)
@pytest.mark.parametrize(
    ("host", "change", "verdict", "words"),
    [
        (API, {}, "pass", "/tls/{0}"),
        (API, {"state": "absent"}, "fail", "/tls/{0} does not exist"),
        (API, {"state": "unread"}, "error", ""),
        (API, {"touched": AFTER}, "error", ""),
        (API, {"touched": "-"}, "error", ""),
        (replace(API, changed=AFTER), {}, "pass", ""),
        (BY_FILE, {}, "pass", ""),
        (replace(BY_FILE, changed=AFTER), {}, "error", ""),  # it may have started with others
        (PLAIN, {}, "fail", "/tls/{0} is not used: takes commands on 127.0.0.1:2376 (listening) without TLS"),
        (replace(API, flags=API.flags[:1], document='{"tlsverify": true}'), {}, "fail",
         "no tls{1} is set, and the daemon takes commands on 127.0.0.1:2376 (listening)"),
        (Host(), {}, "not applicable", ""),
    ],
)  # fmt: skip
def test_files_of_tls(name: str, host: Host, change: dict[str, str], verdict: str, words: str) -> None:
    """Not there, not set and not used fail; what may not be looked at, or changed since the start, is an error."""
    found, reason = of_tls(name, host, **change)
    assert (found, words.format(name, {"ca": "cacert"}.get(name, name)) in reason) == (verdict, True), reason


@pytest.mark.parametrize("name", ["ca", "cert"])
@pytest.mark.parametrize(
    ("pem", "ahead", "verdict", "words"),
    [
        (certificate(end=60), None, "pass", "holds until 2026-01-01"),
        (certificate(60), None, "fail", "does not hold before 2026-01-01"),
        (GOOD + certificate(end=-60), None, "fail", "ran out on 2026-01-01"),
        ("", None, "error", "holds no certificate that could be read"),
        (GOOD[:200], None, "error", "could not be read"),
        (certificate(end=60), 120, "fail", "ran out on 2026-01-01"),
        (certificate(-60), -120, "fail", "does not hold before 2026-01-01"),
    ],
    ids=["minute", "early", "one late", "none", "cut", "target behind", "auditor behind"],
)
def test_time_of_a_certificate(name: str, pem: str, ahead: float | None, verdict: str, words: str) -> None:
    """Each certificate in the file has to hold at the time of the recording, by both clocks."""
    found, reason = of_tls(name, pem=pem, ahead=ahead)
    assert (found, words in reason) == (verdict, True)


def test_certificates_and_their_clients() -> None:
    """The names are told, and without tlsverify no client is asked for a certificate of the CA."""
    assert of_tls("cert")[1] == "/tls/cert holds until 2026-01-02, for web1.example"
    assert "no host by name" in of_tls("cert", pem=certificate(names=()))[1]
    assert of_tls("key", touched=AFTER, file="cert")[0] == "error"  # it fits the one of the start
    unverified = replace(PLAIN, flags=(*PLAIN.flags, "--tlsverify=false"))
    assert [of_tls(name, unverified)[0] for name in CONTROLS] == ["fail", "pass", "pass"]


# ---- 2.3: the listener


def on_port(port: int) -> Host:
    """One that offers its API with TLS at this port."""
    return replace(REMOTE, flags=(f"-H=tcp://:{port}", *REMOTE.flags[1:]), tcp=(port,))


USER = replace(REMOTE, as_root=False)  # which alone knows what the daemon was told


@pytest.mark.parametrize(
    ("host", "listed", "verdict"),
    [
        (REMOTE, None, "pass"),  # it listens on 127.0.0.1
        (REMOTE, (("127.0.0.1", 2376),), "pass"),
        (REMOTE, (("10.0.0.5", 2376),), "fail"),
        (replace(REMOTE, flags=REMOTE.flags[:1]), None, "fail"),  # without TLS at that port
        (on_port(2375), None, "fail"),
        (on_port(2375), (("127.0.0.1", 2375),), "fail"),
        (on_port(2377), None, "fail"),
        (on_port(2377), (("127.0.0.1", 2377),), "pass"),
        (USER, None, "manual"),
        (replace(USER, flags=("-H=tcp://localhost:2376", *REMOTE.flags[1:])), None, "pass"),
        (USER, (("*", 2376),), "pass"),
        (Host(), None, "not applicable"),
    ],
)
def test_listener(host: Host, listed: tuple[tuple[str, int], ...] | None, verdict: str) -> None:
    """The port of TLS alone, unless the site chose another; never that without TLS."""
    assert host.judge("remote_api_listens_on_the_tls_port_alone", api_listeners=listed)[0] == verdict
