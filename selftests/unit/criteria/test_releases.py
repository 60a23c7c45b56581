"""Which releases of the engine are maintained and mended, and which packages of a distribution are up to date."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from hullcheck.criteria.releases import ReleaseCriteria
from hullcheck.data.releases import SHIPPED, KnownReleases, numbers, order, shipped
from hullcheck.facts.engine.packages import Package, Packages
from hullcheck.facts.engine.release import Release
from hullcheck.facts.registry import Later
from hullcheck.verdicts import EvidenceError, Manual

COMMUNITY = "Docker Engine - Community"
KNOWN = shipped()
DAY = KNOWN.day
CURRENT = {"containerd": "v2.2.5", "runc": "1.4.3"}
DEBIAN = {"ID": "debian", "VERSION_ID": "13", "PRETTY_NAME": "Debian GNU/Linux 13"}
NEWEST = KNOWN.lines[0].latest


def epoch(when: date) -> float:
    """Noon of a day."""
    return datetime.combine(when, datetime.min.time()).timestamp() + 43200


def packages(when: date = DAY, **change: object) -> Packages:
    """Packages that are up to date, by lists of this day."""
    engine = Package("docker.io", "26.1.5+dfsg1-9+deb13u1", "26.1.5+dfsg1-9+deb13u1", offered=True)
    return replace(Packages("apt", (engine,), epoch(when), security=True), **change)  # type: ignore[arg-type]


def judged(
    version: str,
    vendor: str = COMMUNITY,
    today: date = DAY,
    components: dict[str, str] = CURRENT,
    own: Packages | None = None,
    known: KnownReleases = KNOWN,
    plugins: tuple[str, ...] | None = (),
    replaced: tuple[str, ...] = (),
    **system: str,
) -> tuple[str, str]:
    """What is said of an engine at a day."""
    wanted = ReleaseCriteria(
        known,
        components=Later(lambda: components),
        packages=Later(lambda: own or packages(today)),
        replaced=Later(lambda: replaced),
        days=30,
    )
    release = Release(version, vendor, system, today, plugins)
    try:
        flaw = wanted.flaw(release)
    except (Manual, EvidenceError) as undecided:
        return ("manual" if isinstance(undecided, Manual) else "error"), str(undecided)
    return ("fail", flaw) if flaw else ("pass", wanted.note(release))


def test_releases_of_docker() -> None:
    """Lines that ended and releases that are not mended fail; newer ones than the table are manual."""
    assert judged(NEWEST) == (
        "pass",
        f"engine {NEWEST} ({COMMUNITY}), maintained by what was known of releases on {DAY}",
    )
    assert judged("29.99.0")[0] == "pass"  # of a line whose newest releases mend all that is known
    assert judged("29.8.2")[0] == "pass"
    assert judged("29.8.1") == (
        "fail",
        f"engine 29.8.1 ({COMMUNITY}) is older than 29.8.2, which mends CVE-2026-92543 (high)",
    )
    found, reason = judged("29.0.0")
    assert found == "fail"
    for name in ("CVE-2026-92543", "CVE-2026-17106", "CVE-2026-41567"):
        assert name in reason
    assert "the line 27 has not been maintained since 2025-05-03" in judged("27.5.1")[1]
    assert "the line 28 has not been maintained since 2026-08-23" in judged("28.5.2")[1]
    for version in ("26.1.5", "20.10.24", "1.13.1", "17.03.2-ce"):
        assert judged(version)[0] == "fail"
    assert judged("30.0.0")[0] == "manual"
    assert judged("29.9.0-rc.1")[0] == "fail"
    assert judged("nonsense") == ("error", "'nonsense' is not a version of the engine")
    assert judged("25.0.9", "Mirantis Container Runtime")[0] == "manual"


def test_older_line_with_a_release_that_was_not_known() -> None:
    """Whether it mends what its line did not is a question; what the line did not mend by then is a flaw."""
    assert judged("25.0.17")[0] == "fail"
    found, reason = judged("25.0.18")
    assert (found, "does it mend CVE-2026-92543 (high), CVE-2026-17106 (high)?" in reason) == ("manual", True)
    assert judged("25.0.18", today=date(2026, 12, 5))[0] == "fail"


@pytest.mark.parametrize(("plugins", "counts"), [((), False), (("opa",), True), (None, True)])
def test_flaw_of_authorization_plugins(plugins: tuple[str, ...] | None, counts: bool) -> None:
    """It counts where there is one, and where the engine does not say."""
    only = tuple(each for each in KNOWN.vulnerabilities if each.name == "CVE-2026-34040")
    known = replace(KNOWN, vulnerabilities=only)
    assert judged("29.3.0", known=known, plugins=plugins)[0] == ("fail" if counts else "pass")
    assert judged("29.3.1", known=known, plugins=plugins)[0] == "pass"


@pytest.mark.parametrize(
    ("name", "version", "found"),
    [
        ("runc", "1.1.11", "CVE-2024-21626"),
        ("runc", "1.2.7", "CVE-2025-31133"),
        ("runc", "1.3.2", "CVE-2025-52881"),
        ("runc", "1.4.0-rc.2", "CVE-2025-52565"),
        ("containerd", "v1.7.28", "CVE-2024-25621"),
        ("containerd", "2.1.4", "CVE-2024-25621"),
        ("cli", "29.6.1", "CVE-2026-17106"),
        ("compose", "v5.3.9", "CVE-2026-17106"),
        ("compose", "2.40.1", "CVE-2025-62725"),
        ("compose", "v5.4.0", ""),
        ("runc", "1.2.8", ""),
        ("runc", "1.3.3", ""),
        ("runc", "1.4.0-rc.3", ""),
        ("containerd", "v1.7.29", ""),
        ("containerd", "v2.2.0", ""),
    ],
)
def test_components(name: str, version: str, found: str) -> None:
    """The engine is new, and what it starts containers with is not."""
    verdict, reason = judged(NEWEST, components={**CURRENT, name: version})
    assert verdict == ("fail" if found else "pass")
    assert found in reason
    assert not found or reason.startswith(f"{name} {version} is older than ")


def test_components_that_are_not_told() -> None:
    """Without their versions nothing is known of them, and a distribution's numbers say nothing of what it mended."""
    assert judged(NEWEST, components={"containerd": "2.2.5"}) == (
        "error",
        "the docker command does not tell the version of runc",
    )
    assert judged(NEWEST, components={**CURRENT, "runc": "1.1.15+ds1"})[0] == "manual"
    assert judged("27.5.1", components={})[0] == "fail"  # is known without


@pytest.mark.parametrize(("version", "vendor"), [(NEWEST, COMMUNITY), ("26.1.5+dfsg1", "")])
def test_release_that_was_not_there_yet(version: str, vendor: str) -> None:
    """A clock that is before the first release of the line proves nothing of it, whoever built it."""
    first = next(line.released for line in KNOWN.lines if version.startswith(line.name + "."))
    debian = {} if vendor else DEBIAN
    assert judged(version, vendor, today=first, **debian)[0] == "pass"
    for today in (date(1970, 1, 1), date(2000, 1, 1), first - timedelta(1)):
        found, reason = judged(version, vendor, today=today, own=packages(first), **debian)
        assert found == "error"
        assert f"began on {first}, and the clock says {today}" in reason


def test_releases_are_judged_at_the_time_of_the_recording() -> None:
    """What is maintained on one day is not on a later one, and an old table vouches for nothing."""
    assert "has not been maintained" not in judged("27.5.1", today=date(2025, 5, 3))[1]
    assert "has not been maintained" in judged("27.5.1", today=date(2025, 5, 4))[1]
    last = DAY + timedelta(KNOWN.good_for_days)
    assert judged(NEWEST, today=last)[0] == "pass"
    for version in (NEWEST, "29.99.0"):
        assert judged(version, today=last + timedelta(1)) == (
            "manual",
            f"engine {version} ({COMMUNITY}): what is known of releases is of {DAY}, too old to know whether the"
            " line 29 is still maintained; name a newer file by --releases, or update hullcheck",
        )
    assert judged("29.8.1", today=last + timedelta(1))[0] == "fail"


def test_distributions_that_get_updates() -> None:
    """They are as good as the distribution is alive: by its own word or by the table; else it is manual."""

    def found(name: str, version: str, today: date = DAY, **system: str) -> str:
        return judged("26.1.5", "", today, ID=name, VERSION_ID=version, **system)[0]

    assert found("debian", "12") == found("ubuntu", "26.04") == found("alpine", "3.24.1") == "pass"
    assert found("debian", "12", date(2028, 6, 30)) == "pass"
    assert found("debian", "12", date(2028, 7, 1)) == "fail"
    assert found("fedora", "42", SUPPORT_END="2026-12-02") == "pass"
    assert found("fedora", "42", SUPPORT_END="2026-03-31") == "fail"
    for name, version in (("debian", "10"), ("ubuntu", "23.10"), ("alpine", "3.2"), ("centos", "7")):
        assert found(name, version) == "fail"
    assert found("alpine", "3.99_alpha2") == found("debian", "") == found("arch", "") == "manual"
    assert judged("26.1.5-0ubuntu3", COMMUNITY, ID="ubuntu", VERSION_ID="24.04")[0] == "pass"
    reason = judged("18.09.1", "", ID="debian", VERSION_ID="10")[1]
    assert reason.endswith(f"which got its last updates before {DAY}")
    assert judged("18.09.1", "", date(2022, 1, 1), ID="debian", VERSION_ID="10")[0] == "manual"


OLD = Package("runc", "1.1.15+ds1-2", "1.1.15+ds1-2+deb13u1", offered=True)
UNKNOWN = Package("docker.io", "26.1.5", "26.1.5", offered=False)


@pytest.mark.parametrize(
    ("own", "found", "said"),
    [
        (packages(), "pass", "no newer one of docker.io 26.1.5+dfsg1-9+deb13u1 was offered on"),
        (packages(all=(OLD,)), "fail", "runc 1.1.15+ds1-2 where 1.1.15+ds1-2+deb13u1 is offered"),
        (packages(DAY - timedelta(99), all=(OLD,)), "fail", "is offered"),
        (packages(DAY - timedelta(31)), "manual", "The lists of packages are 31 days old"),
        (packages(DAY - timedelta(30)), "pass", ""),
        (packages(refreshed=0.0), "manual", "days old"),
        (packages(security=False), "manual", "No list of packages is of security updates"),
        (packages(all=(UNKNOWN,)), "manual", "No list of packages names docker.io"),
        (packages(all=()), "manual", "No package of an engine is"),
        (Packages(""), "manual", "The lists of its package manager are not read here"),
    ],
)
def test_packages_of_a_distribution(own: Packages, found: str, said: str) -> None:
    """The newest build that is offered is installed, by lists that are fresh and know of security updates."""
    verdict, reason = judged("26.1.5+dfsg1", "", own=own, **DEBIAN)
    assert (verdict, said in reason) == (found, True), reason


def test_older_program_that_still_runs() -> None:
    """A build of a distribution whose update is installed and not started fails; one of Docker has another version."""
    verdict, reason = judged("26.1.5+dfsg1", "", replaced=("/usr/sbin/dockerd",), **DEBIAN)
    assert (verdict, "/usr/sbin/dockerd was replaced" in reason) == ("fail", True), reason
    assert judged(NEWEST, replaced=("/usr/bin/dockerd",))[0] == "pass"


def test_program_that_is_of_no_package() -> None:
    """An engine that somebody built or unpacked gets no updates by the package that lies beside it."""
    verdict, reason = judged("20.10.24+dfsg1", "", **DEBIAN)
    said = "engine 20.10.24+dfsg1 runs, and its package is docker.io 26.1.5+dfsg1-9+deb13u1"
    assert (verdict, said in reason) == ("manual", True), reason
    runc = Package("runc", "1.1.15+ds1-2", "1.1.15+ds1-2", offered=True)
    verdict, reason = judged("26.1.5+dfsg1", "", own=packages(all=(runc,)), **DEBIAN)
    assert (verdict, "and its package is none" in reason) == ("manual", True), reason
    both = packages(all=(*packages().all, runc))
    assert judged("26.1.5+dfsg1", "", components={"runc": "1.1.15+ds1"}, own=both, **DEBIAN)[0] == "pass"
    assert judged("26.1.5+dfsg1", "", components={"runc": "1.1.5"}, own=both, **DEBIAN)[0] == "manual"
    assert judged("26.1.5+dfsg1", "", components={"runc": ""}, own=both, **DEBIAN)[0] == "pass"
    epoch = Package("docker.io", "5:26.1.5-1", "5:26.1.5-1", offered=True)
    assert judged("26.1.5", "", own=packages(all=(epoch,)), **DEBIAN)[0] == "pass"


def test_order_of_versions() -> None:
    """Numbers count as numbers, and a candidate of a release comes before it."""
    rising = ["1.2", "1.2.8", "1.2.10", "1.3.0-rc.1", "1.3.0-rc.2", "1.3.0", "v2.0.0-beta.0", "2.0.0"]
    assert sorted(rising, key=order) == rising
    assert (numbers("v29.10.0-x"), numbers("x")) == ((29, 10, 0), ())


def test_what_is_shipped() -> None:
    """Lines are in order, the newest first, and their days make sense."""
    released = [line.released for line in KNOWN.lines]
    assert released == sorted(released, reverse=True)
    assert all(line.ended is None or line.ended > line.released for line in KNOWN.lines)
    assert all(line.latest.startswith(line.name + ".") for line in KNOWN.lines)
    assert all(order(start) < order(end) for each in KNOWN.vulnerabilities for start, end in each.ranges)
    assert json.loads(SHIPPED.read_text())["day"] == str(DAY)


def test_what_is_shipped_is_young() -> None:
    """Whoever builds hullcheck later renews it first; docs/releases.md says how."""
    assert (date.today() - DAY).days <= KNOWN.good_for_days
