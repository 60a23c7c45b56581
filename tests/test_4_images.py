"""CIS Docker Benchmark v1.8.0, section 4: images and what runs from them."""

from collections.abc import Mapping, Sequence
from typing import NoReturn

import pytest

from hullcheck.criteria.judgement import NO_REPORTS, listed, scan_doubt, shown_report
from hullcheck.data.health_checks import CANNOT_FAIL
from hullcheck.facts.containers import Container
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.images import Image, content_names, package_steps
from hullcheck.facts.images.content_names import COMPILER, MANAGER
from hullcheck.facts.images.contents import Contents, ImageContents
from hullcheck.facts.images.layers import UNKNOWN
from hullcheck.facts.images.reports import ON, ScanReports
from hullcheck.facts.registry import Later
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.confinement import BELOW_ROOT
from hullcheck.policy import Policy
from hullcheck.policy import ScanReports as ScanLimits
from hullcheck.verdicts import EvidenceError, Manual, NotApplicable

_LAST_WITH_CONTENT_TRUST = 28


@pytest.mark.cis("4.1", level=1)
@pytest.mark.nist("AC-6", "CM-6", sp="800-53")
@pytest.mark.nist("4.1.2", sp="800-190")
@pytest.mark.pci("2.2.6", "7.2.5")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("high", "An intruder in its program is root in the container, one kernel flaw from the host.")
def test_container_user_is_not_root(container: Container) -> str:
    """No container process runs as root.

    Anyone who breaks into a root process controls the container, and is one kernel flaw away from the host. The running
    processes count, because a program may change its user.

    Remedy: set `USER` to a number other than 0 in the build file, or run the container with `--user`.
    """
    if container.running:
        runtime = container.runtime
        roots = {runtime.root_uid, 0}  # by /etc/subuid any user of a container may be root of the host
        root = sorted({each.name for each in runtime.processes if roots & {*each.uids}})
        assert not root, _root_reason(container, f"runs {', '.join(root)} as root")
        users = sorted({uid for each in runtime.processes for uid in each.uids})
        return f"processes run as uid {', '.join(map(str, users))}"
    user = container.user or "not set"
    as_root = user == "root" or container.user_id == 0
    assert not as_root, _root_reason(container, f"would start as root (user {user})")
    return f"does not run; would start as user {user}"


def _root_reason(container: Container, found: str) -> str:
    unnamed = not container.source.inside and not container.user
    return f"image {container.image.name} names no user, so it runs as root" if unnamed else found


def _users(image: Image) -> str:
    """Return which containers use the image, as the end of a sentence."""
    return f" (used by {', '.join(image.used_by)})" if image.used_by else ""


def _require_history(image: Image, *, silent: bool = False) -> None:
    """Raise Manual unless the history shows what each step did; with *silent*, also of a step without words."""
    done = [step for step in image.steps if not step.is_for_later]
    if not any(step.created_by for step in done):
        raise Manual("the image has no build history: check how it was built before it was imported")
    hidden = [step.shown for step in image.steps if (step.silent if silent else step.hidden)]
    if hidden:
        raise Manual(f"check what these steps did, which the history does not show: {'; '.join(hidden)}")


@pytest.mark.cis("4.2", level=1)
@pytest.mark.nist("CM-7(5)", "SR-11", sp="800-53")
@pytest.mark.nist("4.1.2", "4.1.5", sp="800-190")
@pytest.mark.pci("6.3.2")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)", "164.308(a)(5)(ii)(B)")
@pytest.mark.guide("3.1.trusted_base_images")
@pytest.mark.severity("medium", "The image's author runs code in that container, with its data.")
def test_image_comes_from_a_trusted_registry(image: Image, policy: Policy) -> str:
    """Images come from trusted registries.

    The maker of an image chooses what runs. Anyone can give an image any tag, so only a digest that a registry knows
    counts. An image that was built, imported or loaded on the host needs a manual check.

    Remedy: pull the image from a registry in `allowed_registries` of the policy, or rebuild it from one and push it.
    """
    repositories = image.origins or image.claims
    shown = ", ".join(repositories)
    trusted = [each for each in repositories if policy.allows_registry(each)]
    without_port = [each for each in image.pulled if each in image.origins]
    if not image.origins:
        is_foreign = policy.allowed_registries is not None and repositories and not trusted
        assert not is_foreign, f"is named {shown}, which is not allowed{_users(image)}"
        base = f"; by its labels it was built from {' '.join(image.base)}" if image.base else ""
        doubt = f"no registry has it: check what it was built from, or push it to one of allowed_registries{base}"
    elif policy.allowed_registries is None:
        doubt = f"comes from {shown}: name trusted registries in `allowed_registries: [...]` of the policy"
    elif not trusted and any(map(policy.allows_registry_at_a_port, without_port)):
        doubt = f"comes from {shown}: check the port, which Docker does not report"
    else:
        assert trusted, f"comes from {shown}, which is not allowed{_users(image)}"
        return f"comes from {', '.join(trusted)}"
    raise Manual(doubt)


@pytest.mark.cis("4.3", level=1)
@pytest.mark.nist("CM-7", sp="800-53")
@pytest.mark.nist("4.1.2", sp="800-190")
@pytest.mark.pci("2.2.4")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("low", "Intruders find tools, but need another flaw to get in.")
def test_image_holds_needed_packages_alone(image: Image, image_contents: ImageContents, policy: Policy) -> str:
    """Images hold only packages that the workload needs.

    Intruders use package managers and compilers, and each package has flaws of its own. An image without packages
    passes, even if it holds a shell.

    Remedy: use a smaller base image, copy the program from a build stage, or remove build dependencies; name what an
    image may hold in `allowed_packages` of the policy.
    """
    contents = image_contents.of(image.id)
    if policy.allowed_packages is None:
        if contents.packages or contents.databases or contents.tools_of(MANAGER) or contents.tools_of(COMPILER):
            raise Manual(
                f"holds {_held(contents)}: check what is needed, then name it in `allowed_packages` of the policy"
            )
        return f"holds {_held(contents)}"
    held = {*contents.packages, *contents.tool_names}
    unlisted = sorted(held - set(policy.allowed_packages))
    assert not unlisted, f"holds what allowed_packages does not name: {listed(unlisted, 20)}{_users(image)}"
    if contents.databases:
        raise EvidenceError(f"hullcheck cannot read its package database: {', '.join(contents.databases)}")
    return f"allowed_packages names what it holds: {_held(contents)}"


def _held(contents: Contents) -> str:
    databases = "".join(f", packages of {each} (not counted)" for each in contents.databases)
    tools = ", ".join(contents.tool_names) or "no known package manager, shell or compiler"
    return f"{len(contents.packages)} packages{databases}; {tools}"


@pytest.mark.cis("4.4", level=1)
@pytest.mark.nist("RA-5", "SI-2", sp="800-53")
@pytest.mark.nist("4.1.1", "4.1.3", sp="800-190")
@pytest.mark.pci("6.3.1", "6.3.3", "11.3.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(A)", "164.308(a)(1)(ii)(B)")
@pytest.mark.guide("3.1.image_scanning", "3.1.image_scanning.trivy", "3.1.image_scanning.clair")
@pytest.mark.severity("medium", "A published flaw in a package lets an attacker into that container.")
def test_image_is_scanned_and_rebuilt(
    image: Image,
    scan_reports: Later[ScanReports | None],
    container: Later[Subjects[Container]],
    policy: Policy,
) -> str:
    """Images are scanned for vulnerabilities and rebuilt with fixes.

    An image keeps the vulnerabilities that are found after its build. hullcheck runs no scanner: it reads reports of
    Trivy, Clair and Grype on the host, and finds an image's newest report by its digest. A report without
    vulnerabilities, or with options that may hide some, needs a manual check.

    Remedy: scan images regularly, as with `trivy image --scanners vuln --show-suppressed --format json --output FILE
    IMAGE`, keep the reports in the folder `scan_reports` of the policy, rebuild images with `--pull --no-cache`, and
    create the containers again; set the greatest age of an image with `image_max_age_days` of the policy.
    """
    days, limit = image.days_old, policy.image_max_age_days
    too_old = limit is not None and days is not None and days > limit
    assert not too_old, f"was built {days:.0f} days ago; at most {limit} are allowed{_users(image)}"
    reports = scan_reports.get()
    if limit is not None and days is None:
        doubt = "has no build time, and the policy limits its age: check when it was built"
    elif policy.scan_reports and reports is not None:
        return _require_good_reports(image, reports, policy.scan_reports, container)
    else:
        age = f"was built {max(days, 0):.0f} days ago; " if image.origins and days is not None else ""
        doubt = f"{age}{NO_REPORTS}"
    raise Manual(doubt)


def _require_good_reports(
    image: Image, reports: ScanReports, limits: ScanLimits, containers: Later[Subjects[Container]]
) -> str:
    known, now = reports.about(image.known_digests), image.recorded
    newest = reports.newest(image.known_digests, now).values()
    fresh = [each for each in newest if each.days(now) <= limits.max_age_days]
    if not fresh:
        old = [f"{shown_report(each, now)}; at most {limits.max_age_days} days are allowed" for each in newest]
        future = [f"is from the future ({each.file})" for each in known]
        _require_unused(image, reports, old or future, containers)
    worse = {shown_report(each, now): each.above(limits.highest_severity) for each in fresh}
    bad = [f"{name}: {_counted(counts)}" for name, counts in worse.items() if counts]
    assert not bad, f"{'; '.join(bad)}; at most {limits.highest_severity} is allowed{_users(image)}"
    doubts = [f"{shown_report(each, now)}: {doubt}" for each in fresh if (doubt := scan_doubt(each, limits))]
    if doubts:
        raise Manual("; ".join(doubts))
    return "; ".join(f"{shown_report(each, now)}: {_counted(each.counts)}" for each in fresh)


def _require_unused(
    image: Image, reports: ScanReports, faults: Sequence[str], containers: Later[Subjects[Container]]
) -> NoReturn:
    """Raise NotApplicable for an image without a valid report that no container uses; else fail."""
    lack = "has no scan report by its digest"
    if faults:
        lack = f"has no valid report: {'; '.join(faults)}"
    containers.get()  # raises if the containers are unknown
    if not image.used_by:
        raise NotApplicable(f"no container uses it, and it {lack}")
    if unread := [f"{each.file} ({each.fault})" for each in reports.faults]:
        raise EvidenceError(f"{lack}, but some files could not be read: {listed(unread, 20)}")
    pytest.fail(lack + _users(image), pytrace=False)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {word}" for word, count in counts.items()) or "no vulnerability"


@pytest.mark.cis("4.5", level=2)
@pytest.mark.nist("CM-14", "SI-7(15)", sp="800-53")
@pytest.mark.nist("4.1.5", sp="800-190")
@pytest.mark.pci("2.2.6")
@pytest.mark.hipaa("164.308(a)(5)(ii)(B)")
@pytest.mark.severity("medium", "Someone who takes over a registry account decides what runs in the containers.")
def test_content_trust_is_on_for_all_who_pull(
    content_trust: Later[Mapping[str, str]], engine: Engine, policy: Policy
) -> str:
    """Images are pulled with content trust or another signature check.

    Without a signature check, anyone who takes over a registry decides what runs. Docker has retired Content Trust:
    Compose, swarm services and BuildKit never used it, and version 29 removed it. Cosign and Notation replace it.

    Remedy: verify signatures with cosign or Notation before images are used, and write how into the policy
    (`image_verification`). Up to version 28, DOCKER_CONTENT_TRUST=1 in /etc/environment counts too.
    """
    if policy.image_verification is not None:
        return f"by the policy, signatures are checked by {policy.image_verification}"
    if engine.major is not None and engine.major <= _LAST_WITH_CONTENT_TRUST:
        states = content_trust.get()
        if {*states.values()} == {ON}:
            return f"DOCKER_CONTENT_TRUST is on in {', '.join(states)}; Compose, services and BuildKit ignore it"
    raise Manual(
        "Docker has retired Content Trust (DOCKER_CONTENT_TRUST): check that cosign or Notation verifies signatures,"
        " then write `image_verification: HOW` into the policy"
    )


@pytest.mark.cis("4.6", level=1)
@pytest.mark.nist("CM-6", sp="800-53")
@pytest.mark.nist("4.1.2", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("low", "A service that hangs goes unnoticed; nobody gains access.")
def test_image_has_a_health_check(image: Image) -> str:
    """Images define a health check.

    Without one Docker knows that a process exists, but not whether it works. A check that always succeeds, such as
    `true`, `exit 0` or `curl … || true`, does not count. The check is not run.

    Remedy: add a `HEALTHCHECK` to the build file, with a command that fails if the service does.
    """
    kind = image.healthcheck
    flaws = {
        "": "has no health check",
        "NONE": "switches off the health check of its base",
        CANNOT_FAIL: "has a health check that cannot fail",
    }
    flaw = flaws.get(kind, "has a health check that Docker does not run")
    assert kind in ("CMD", "CMD-SHELL"), f"{flaw}{_users(image)}"
    return f"has a health check ({kind}); its command was not run"


@pytest.mark.cis("4.7", level=1)
@pytest.mark.nist("SI-2", sp="800-53")
@pytest.mark.nist("4.1.1", sp="800-190")
@pytest.mark.pci("6.3.3")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("low", "Builds may install stale packages, which a scan of the image still shows.")
def test_image_updates_and_installs_in_one_step(image: Image) -> str:
    """Build steps that update the package index also install.

    Builders cache layers: if an update has a layer of its own, later steps install old packages from its index. Steps
    of the base image and `ONBUILD` steps count too.

    Remedy: join the commands into one `RUN`, as in `apt-get update && apt-get install --yes PACKAGE`.
    """
    alone = [step for step in image.steps if package_steps.updates_alone(step)]
    certain = "; ".join(step.shown for step in alone if not package_steps.may_install(step))
    assert not certain, f"updates without installing: {certain}{_users(image)}"
    if alone:
        doubt = "check whether these steps also install something: "
        raise Manual(doubt + "; ".join(step.shown for step in alone))
    _require_history(image)
    return f"none of its {len(image.steps)} steps updates without installing"


@pytest.mark.cis("4.8", level=2)
@pytest.mark.nist("AC-6", "CM-7", sp="800-53")
@pytest.mark.nist("4.1.2", sp="800-190")
@pytest.mark.pci("2.2.6")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("medium", "A flaw in such a file makes an intruder root of that container.")
def test_image_holds_no_needless_setuid_file(image: Image, image_contents: ImageContents, policy: Policy) -> str:
    """Images hold only approved setuid and setgid files.

    Such a program runs with the rights of its owner or group, so a flaw in it makes any user root in the container.
    Files with capabilities count too, except NET_BIND_SERVICE, NET_RAW, IPC_LOCK and SYS_NICE.

    Remedy: remove the bits in the build (`RUN chmod a-s FILE`, `setcap -r FILE`) or the file; name those that are
    needed in `allowed_setuid_files` of the policy.
    """
    contents, allowed = image_contents.of(image.id), policy.allowed_setuid_files
    special = [f"{path} ({mode})" for path, mode in contents.special if path not in allowed]
    capable = {path: given for path, given in contents.capable if path not in allowed}
    unknown = [path for path, given in capable.items() if UNKNOWN in given]
    shown = {path: f"{path} ({', '.join(given)})" for path, given in capable.items() if path not in unknown}
    found = special + [words for path, words in shown.items() if not BELOW_ROOT.issuperset(capable[path])]
    assert not found, f"holds {listed(found, 20)}{_users(image)}"
    if unknown:
        raise Manual(f"check the capabilities of these files, which containerd does not report: {listed(unknown, 20)}")
    approved = sorted({path for path, _ in (*contents.special, *contents.capable)}.intersection(allowed))
    parts = [f"approved: {', '.join(approved)}" if approved else "no setuid or setgid file"]
    parts += [f"with capabilities: {listed([*shown.values()], 20)}"] if shown else []
    return "; ".join(parts)


@pytest.mark.cis("4.9", level=1)
@pytest.mark.nist("CM-6", "SI-7", sp="800-53")
@pytest.mark.nist("4.1.2", sp="800-190")
@pytest.mark.pci("6.2.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("low", "An unchecked download may have been replaced, but only during the build.")
def test_image_is_built_with_copy(image: Image) -> str:
    """Images are built with COPY, not ADD.

    ADD also downloads files without a check, and unpacks archives. Only the first step may add the base file system.
    Steps of the base image and `ONBUILD` steps count too.

    Remedy: use `COPY`; download with a `RUN` that checks the file's checksum and unpacks it.
    """
    filling = [step for step in image.steps if step.fills]
    base = filling[0] if filling and filling[0].brings_file_system else None
    added = [step.shown for step in image.steps if step.keyword == "ADD" and step is not base]
    assert not added, f"was built with {'; '.join(added)}{_users(image)}"
    _require_history(image, silent=True)
    return f"none of its {len(image.steps)} steps is an ADD" + " except that of its base" * bool(base)


@pytest.mark.cis("4.10", level=1)
@pytest.mark.nist("IA-5(7)", "SC-28", sp="800-53")
@pytest.mark.nist("4.1.4", sp="800-190")
@pytest.mark.pci("8.3.2", "8.6.2")
@pytest.mark.hipaa("164.308(a)(5)(ii)(D)", "164.312(a)(1)")
@pytest.mark.severity("high", "Everyone who can pull the image reads the secret, even if a later step removed it.")
def test_image_holds_no_secret(image: Image, image_contents: ImageContents) -> str:
    """Images hold no secrets.

    Anyone who can pull an image can read all of it, even files that a later step removed. History, environment, labels,
    commands and the names of all files are searched; the contents of files are not. No secret is shown.

    Remedy: change the secret; build with `RUN --mount=type=secret`, and give secrets to containers when they run.
    """
    found = list(image.secrets)
    for step in image.steps:
        files = [f"the file {name}" for name in step.files if content_names.is_key_file(name)]
        found += [f"{each} in {step.shown}" for each in (*step.secrets, *files)]
    assert not found, "; ".join(dict.fromkeys(found)) + _users(image)
    named = image_contents.of(image.id).keys
    keys = [path for path in named if content_names.is_key_file(path)]
    assert not keys, f"holds {listed(keys, 20)}{_users(image)}"
    _require_history(image)
    perhaps = [name for step in image.steps for name in step.files if content_names.looks_like_key(name)]
    if names := tuple(dict.fromkeys((*perhaps, *named))):
        raise Manual(f"check whether these files are secrets, as their names suggest: {listed(names, 20)}")
    return "none in history, environment, labels, commands and file names; the contents of files were not read"


@pytest.mark.cis("4.11", level=2)
@pytest.mark.nist("CM-14", "SI-7", "SR-11", sp="800-53")
@pytest.mark.nist("4.1.5", sp="800-190")
@pytest.mark.pci("6.3.2")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)", "164.308(a)(5)(ii)(B)")
@pytest.mark.severity("medium", "Someone between the build and its mirror can slip in a package of their own.")
def test_image_installs_verified_packages(image: Image) -> str:
    """Packages are verified when an image is built.

    Without a verified signature a package may come from a compromised mirror or from anyone on the network. The history
    is searched for options and variables that switch verification off. Package sources, their keys and the checksums of
    downloads need a manual review.

    Remedy: remove the option that switches verification off, import the key of the source, and check the checksum of a
    download, as with `sha256sum --check`.
    """
    switches = [f"{each} in {step.shown}" for step in image.steps for each in package_steps.switches(step)]
    assert not switches, "; ".join(dict.fromkeys(switches)) + _users(image)
    _require_history(image)
    fetching = [step.shown for step in image.steps if package_steps.fetches(step)]
    if fetching:
        raise Manual(f"review the sources and checks of what these steps download: {'; '.join(fetching)}")
    return f"none of its {len(image.steps)} steps installs packages or downloads files"


@pytest.mark.cis("4.12", level=1)
@pytest.mark.nist("CM-14", "SI-7", "SI-7(15)", sp="800-53")
@pytest.mark.nist("4.1.5", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)", "164.308(a)(5)(ii)(B)")
@pytest.mark.severity("medium", "A replaced image runs unnoticed, as long as nobody looks at its signature.")
def test_image_signature_is_checked(image: Image, policy: Policy) -> NoReturn:
    """Image signatures are checked before use.

    Docker keeps no record of such a check, so look the image up in the record of the tool that made it.

    Remedy: verify signatures before use, as with `cosign verify`, and write how into the policy (`image_verification`).
    """
    known, how = ", ".join(image.digests) if image.origins else "no registry has it", policy.image_verification
    way = (
        f"by the policy, signatures are checked by {how}"
        if how
        else "then write `image_verification: HOW` into the policy"
    )
    raise Manual(f"look it up in the record of signature checks ({known}); {way}")
