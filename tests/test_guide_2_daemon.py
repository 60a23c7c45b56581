"""Docker Hardening Guide, section 2: the daemon, its file, its logs and its remote API.

Measures that a control of the CIS benchmark judges have their marker there, and no control here.
"""

from typing import NoReturn

import pytest

from hullcheck.criteria.daemon import (
    described,
    pending,
    pending_addresses,
    shown,
    shown_addresses,
    validity_flaw,
    weakness,
)
from hullcheck.facts.containers.logs import Log, Options
from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.engine.daemon_options import KINDS
from hullcheck.facts.engine.endpoints import shown as shown_endpoint
from hullcheck.facts.engine.files import EngineFiles
from hullcheck.facts.host.file import FileFact, State
from hullcheck.facts.registry import Later
from hullcheck.parsing.times import day
from hullcheck.parsing.values import go_size, is_loopback
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, Manual, NotApplicable

_HARDENED = {"icc": False, "live-restore": True, "no-new-privileges": True, "userns-remap": True}

_LOCAL = {"max-size": "20m", "max-file": "5"}  # the defaults of the driver local, by Docker's documentation


def _described(log: Log) -> str:
    """Return the driver of a log and its options, except secrets."""
    if log.own is not None:
        return f"{log.driver}, options {shown(log.own)}"
    return f"{log.driver}, {described(log.default)}{pending(log.daemon.setting('log-driver'))}"


@pytest.mark.nist("CM-14", "SI-7", "SR-11", sp="800-53")
@pytest.mark.nist("4.4.1", "4.4.3", sp="800-190")
@pytest.mark.pci("6.5.1")
@pytest.mark.hipaa("164.308(a)(5)(ii)(B)")
@pytest.mark.guide("2.1.rootless_install")
@pytest.mark.severity("low", "A replaced installer runs as one account, and only during the installation.")
def test_rootless_engine_is_from_a_verified_source(daemon: Daemon) -> NoReturn:
    """A rootless engine comes from a verified source.

    The guide runs a script from the network, which anyone in between can change. Its origin needs a manual check.

    Remedy: install the package with the rootless parts (docker-ce-rootless-extras) and run its
    dockerd-rootless-setuptool.sh as the account; record that.
    """
    if not daemon.rootless:
        raise NotApplicable("the daemon does not run in rootless mode (docker info)")
    program = daemon.process.executable or "dockerd"
    raise Manual(f"check that {program} is from a signed package (dpkg -S, rpm -qf) or a verified script")


@pytest.mark.nist("AC-3", "CM-2", "CM-5", "CM-6", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1", "2.2.6")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)", "164.312(a)(1)")
@pytest.mark.guide("2.2.daemon_json", "5.cis.daemon_json")
@pytest.mark.severity("low", "Settings on the command line are overlooked; what they do is judged elsewhere.")
def test_daemon_is_configured_by_its_file(daemon: Daemon) -> str:
    """The daemon is configured in daemon.json.

    A file can be compared, versioned and rolled out; options in a unit or script are overlooked. An option in both
    places keeps the daemon from starting, and command line options must not weaken the file.

    Remedy: write the settings into /etc/docker/daemon.json, and remove them from the unit of dockerd and its drop-ins.
    """
    file = daemon.config
    assert file.state != "absent", f"{file.path} does not exist"
    assert file.state != "read" or file.document is not None, f"{file.path} is not JSON"
    written = file.values()
    given = dict(daemon.process.flags)
    against = [f"--{name} (also in the file, so the daemon will not start)" for name in given if name in written]
    against += [
        f"--{name}={given[name]}"
        for name, good in _HARDENED.items()
        if name in given and KINDS[name].from_flags([given[name]]) != good
    ]
    assert not against, f"the command line has {', '.join(against)}"
    assert written, f"{file.path} sets nothing"
    if file.rewritten:
        raise EvidenceError(daemon.doubt)
    return f"{file.path} sets {', '.join(sorted(written))}"


@pytest.mark.nist("AU-12", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("10.2.1")
@pytest.mark.hipaa("164.312(b)")
@pytest.mark.guide("2.2.log_driver", "5.cis.daemon_json")
@pytest.mark.severity("medium", "Without a log nobody finds out what an intruder did in the container.")
def test_log_driver_is_json_file_or_approved(container_log: Log, policy: Policy) -> str:
    """The log driver is json-file or an approved one.

    Without the right driver there is no log when it is needed. json-file keeps the log on the host: see 2.14.

    Remedy: set `"log-driver": "json-file"` in daemon.json and recreate the containers, or add the driver to
    `log_drivers` in the policy.
    """
    driver, approved = container_log.driver, policy.log_drivers
    setting = None if container_log.own is not None else container_log.daemon.setting("log-driver")
    note = pending(setting) if setting else ""
    assert driver != "none", f"keeps no log (driver none){note}"
    if driver == "json-file":
        return f"uses json-file; for CIS 2.14 a log shipper has to read its files{note}"
    if approved is None:
        raise Manual(f"uses {driver} instead of json-file: check it, then name it in `log_drivers` of the policy")
    assert driver in approved, f"uses {driver}; the policy approves {', '.join(approved) or 'none'}"
    return f"uses {driver}, as the policy allows{note}"


@pytest.mark.nist("AU-4", "SC-5", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.312(b)")
@pytest.mark.guide("2.2.log_opts", "2.2.log_max_size", "2.2.log_max_file", "5.cis.daemon_json")
@pytest.mark.severity("medium", "One container that writes without limit fills the host's disk and stops everything.")
def test_log_files_are_limited(container_log: Log, policy: Policy) -> str:
    """Container log files are limited.

    A container that writes without limit fills the host's disk and stops all others. The limit is three files of 10 MB,
    or `log_limits` of the policy. A container that was created before the daemon had limits has none; the driver local
    keeps five files of 20 MB unless its options say otherwise.

    Remedy: set `"log-opts": {"max-size": "10m", "max-file": "3"}` in daemon.json, restart, and recreate the containers.
    """
    most = policy.log_limits
    of_driver = _LOCAL if container_log.driver == "local" else {}

    def limited(options: Options) -> bool:
        options = {**of_driver, **options}
        size, count = go_size(options.get("max-size", "")) or 0, options.get("max-file", "")
        return 0 < size <= most.max_size and count.isdecimal() and 1 <= int(count) <= most.max_file

    if not container_log.is_file:
        raise NotApplicable(f"the driver {container_log.driver} keeps no file")
    found = _described(container_log) + (f"; the driver's defaults are {shown(of_driver)}" if of_driver else "")
    wanted = f"set max-size to at most {most.max_size} bytes, and max-file to at most {most.max_file}"
    assert container_log.always(limited), f"{found}; {wanted}"
    return found


def _file_of_tls(daemon: Daemon, files: Later[EngineFiles], option: str) -> FileFact:
    """Return the file that the daemon uses for the remote API."""
    api = daemon.remote_api
    if not api.offered:
        raise NotApplicable(f"the daemon does not listen on TCP{pending_addresses(api)}")
    found = [file for _, file in files.get().of_tls(option)]
    assert found, f"no {option} is set, but the daemon takes commands on {shown_addresses(api)}"
    assert found[0].state is not State.ABSENT, f"{found[0].path} does not exist"
    used = not api.flaw if option == "tlscacert" else api.encrypted
    assert used, f"{found[0].path} is not used: {weakness(api)}"
    assert found[0].node  # raises where it could not be looked at
    _ = daemon.setting(option).value  # raises where the daemon may have started with another file
    return found[0]


def _require_in_date(files: EngineFiles, clock: Recording, file: FileFact) -> str:
    """Return until when a file's certificates are valid; fail if one is not valid by target's and auditor's clocks."""
    found = files.certificates(file)
    flaw = validity_flaw(found, clock.times)
    assert not flaw, f"a certificate in {file.path} {flaw}"
    files.require_unchanged(file)
    return f"{file.path} is valid until {day(min(each.not_after for each in found))}"


@pytest.mark.nist("IA-5(2)", "SC-12", "SC-17", sp="800-53")
@pytest.mark.nist("4.3.2", sp="800-190")
@pytest.mark.pci("2.2.7")
@pytest.mark.hipaa("164.312(d)")
@pytest.mark.guide("2.3.tlscacert")
@pytest.mark.severity("medium", "Clients are locked out when the CA expires, and someone switches the check off.")
def test_client_ca_is_in_date(daemon: Daemon, engine_files: Later[EngineFiles], clock: Recording) -> str:
    """The CA for clients of the remote API is set and not expired.

    Without its own CA the daemon accepts other clients; with an expired one nobody can connect.

    Remedy: create a new CA certificate, put it at the path of `tlscacert`, and restart the daemon.
    """
    file = _file_of_tls(daemon, engine_files, "tlscacert")
    return _require_in_date(engine_files.get(), clock, file)


@pytest.mark.nist("IA-3", "SC-12", "SC-17", sp="800-53")
@pytest.mark.nist("4.3.2", sp="800-190")
@pytest.mark.pci("2.2.7")
@pytest.mark.hipaa("164.312(d)", "164.312(e)(1)")
@pytest.mark.guide("2.3.tlscert")
@pytest.mark.severity("medium", "When it expires, clients switch the check off and trust a false host.")
def test_server_certificate_is_in_date(daemon: Daemon, engine_files: Later[EngineFiles], clock: Recording) -> str:
    """The certificate of the remote API is set and not expired.

    Clients recognize the daemon by its certificate; when it expires, people switch the check off. The reason shows the
    names in the certificate: check that they are those of the host.

    Remedy: create a certificate with the names of the host, put it at the path of `tlscert`, and restart the daemon.
    """
    file = _file_of_tls(daemon, engine_files, "tlscert")
    held = _require_in_date(engine_files.get(), clock, file)
    names = ", ".join(engine_files.get().certificates(file)[0].names)
    return f"{held}, for {names or 'no host name, so clients will refuse it'}"


@pytest.mark.nist("AC-3", "IA-5", "SC-12", sp="800-53")
@pytest.mark.nist("4.3.2", "4.5.4", sp="800-190")
@pytest.mark.pci("2.2.6", "7.3.1")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("2.3.tlskey")
@pytest.mark.severity("low", "The daemon does not start again; nobody gains access.")
def test_server_key_fits_its_certificate(daemon: Daemon, engine_files: Later[EngineFiles]) -> str:
    """The TLS key of the remote API is set and fits its certificate.

    With the key of another certificate the daemon cannot restart. The key is not read: it fits if it is unchanged since
    the daemon started. Owner and mode are judged by 3.13 and 3.14.

    Remedy: put the key of the certificate at the path of `tlskey`, and restart the daemon.
    """
    key = _file_of_tls(daemon, engine_files, "tlskey")
    certificate = _file_of_tls(daemon, engine_files, "tlscert")
    api = daemon.remote_api
    if not api.addresses:
        raise EvidenceError(f"whether {key.path} fits is unknown until the daemon uses it")
    engine_files.get().require_unchanged(key)
    engine_files.get().require_unchanged(certificate)
    return f"the daemon started with {key.path} and {certificate.path}, so they fit"


@pytest.mark.nist("AC-17", "CM-7", "SC-7", sp="800-53")
@pytest.mark.nist("4.3.2", sp="800-190")
@pytest.mark.pci("1.2.5", "1.3.1")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("2.3.tls_listener")
@pytest.mark.severity("high", "Anyone who reaches the port can try to become root; without TLS it takes one command.")
def test_remote_api_listens_on_the_tls_port_alone(daemon: Daemon, policy: Policy) -> str:
    """The remote API listens only on the TLS port.

    Port 2375 is known for APIs without TLS, so attackers try it first. Use an address in the management network.

    Remedy: set `hosts` in daemon.json (or -H) to `tcp://ADDRESS:2376`, and name it in `api_listeners` of the policy.
    """
    api, wanted = daemon.remote_api, policy.api_listeners
    if not api.offered:
        raise NotApplicable(f"the daemon does not listen on TCP{pending_addresses(api)}")
    found = {shown_endpoint(*each): each for each in api.endpoints}
    if wanted is None:
        other = [name for name, (_, port) in found.items() if port != 2376]
    else:
        other = [name for name, each in found.items() if each[1] == 2375 or each not in wanted]
    allowed = "port 2376" if wanted is None else "the api_listeners of the policy, and never port 2375"
    assert not other, f"takes commands on {', '.join(other)}; allowed is {allowed}"
    assert api.encrypted, weakness(api)
    if api.doubt:
        raise EvidenceError(api.doubt)
    reached = [name for name, (address, _) in found.items() if not is_loopback(address)]
    if wanted is None and reached:
        line = f"`api_listeners: [{', '.join(chr(34) + each + chr(34) for each in reached)}]`"
        raise Manual(f"check that {', '.join(reached)} is a management address; then write {line} into the policy")
    return f"takes commands on {', '.join(found)}{pending_addresses(api)}"
