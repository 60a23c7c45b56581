"""Section 4 on images made by hand: each control fails on the flaw that it names, and no secret is stored."""

from __future__ import annotations

import pytest

from hullcheck.criteria.judgement import NO_REPORTS
from hullcheck.policy import Policy, PolicyError
from selftests.kit.facts.images import (
    BASE,
    SECRET,
    facts,
    verdict,
)

# ---- 4.4


def test_age_of_an_image() -> None:
    """An old image fails where the policy says what old is, by the time of the recording; none passes."""
    assert verdict("4.4", facts(Created="2020-01-01T00:00:00Z"))[0] == "manual"
    policy = Policy(image_max_age_days=30)
    fresh, old = "2026-05-31T13:00:00Z", "2026-05-31T11:00:00+00:00"
    assert verdict("4.4", facts(Created=fresh, policy=policy))[0] == "manual"
    found = verdict("4.4", facts(Created=old, policy=policy))
    assert found == ("fail", "was built 30 days ago, allowed are 30")
    ahead = verdict("4.4", facts(Created="2026-07-01T12:00:00Z"))  # by a clock that goes before
    assert ahead == ("manual", f"was built 0 days ago; {NO_REPORTS}")


@pytest.mark.parametrize(
    "created", ["0001-01-01T00:00:00Z", "1980-01-01T00:00:01Z", "", None, "2099-01-01T00:00:00Z"]
)
def test_build_without_a_time(created: str | None) -> None:
    """Builds that shall always give the same set no true time, and one of the future is none either."""
    found = verdict("4.4", facts(Created=created, policy=Policy(image_max_age_days=1)))
    assert found == ("manual", f"does not say when it was built; {NO_REPORTS}")


# ---- 4.6


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (["CMD", "curl", "http://localhost"], "pass"),
        (["CMD-SHELL", "curl http://localhost || exit 1"], "pass"),
        (["CMD-SHELL", "test true = $(cat /run/ready)"], "pass"),
        (["CMD", "/bin/true"], "fail"),
        (["CMD-SHELL", ":"], "fail"),
        (["CMD", "sh", "-c", "exit 0"], "fail"),
        (["CMD-SHELL", "curl http://localhost || true"], "fail"),
        (["CMD-SHELL", "bash -ec 'curl x || exit 0;'"], "fail"),
        (["CMD-SHELL", "curl x ||\n :"], "fail"),
        (["NONE"], "fail"),
        (["curl", "http://localhost"], "fail"),
        (None, "fail"),
    ],
)
def test_health_check(test: list[str] | None, expected: str) -> None:
    """A check counts; one that is switched off, that no engine runs or that cannot fail does not."""
    assert verdict("4.6", facts(config={"Healthcheck": {"Test": test}}))[0] == expected


# ---- 4.7


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("|1 A=b c /bin/bash -o pipefail -c apt-get -qq update && rm -rf /x", "fail"),
        ("RUN apk update # buildkit", "fail"),
        ("RUN yum -y update && yum clean all", "fail"),
        ("RUN dnf makecache && pip install x", "fail"),
        ("RUN true && bash -ec 'zypper -n ref'", "fail"),
        ("ONBUILD RUN /usr/bin/apt-get update", "fail"),
        ("RUN apt-get update && apt-get install -y curl", "pass"),
        ("RUN apk update; \\\n apk add curl", "pass"),
        ("RUN apt update && apt -y upgrade", "pass"),
        ("RUN git submodule update && echo apt-get update && update-ca-certificates", "pass"),
        ("LABEL update.policy=apt-get update", "pass"),
        ("RUN apt-get update && ./setup.sh", "manual"),
    ],
)
def test_update_alone(step: str, expected: str) -> None:
    """An update fails where nothing is installed or upgraded in its step; what a script does is to be checked."""
    found, reason = verdict("4.7", facts(BASE, "RUN apt-get update && apt-get install x", step))
    assert (found, reason.count("x ") == 0) == (expected, True)


def test_update_in_later_builds() -> None:
    """What an image leaves to builds from it counts, whether its history tells it or its settings alone."""
    update = "RUN apt-get update"
    imported = {"created_by": "", "comment": "Imported from -"}
    for steps in ((BASE,), (imported,)):
        found = verdict("4.7", facts(*steps, config={"OnBuild": [update]}))
        assert found == ("fail", f"updates, and installs nothing: ONBUILD {update}")
        assert verdict("4.9", facts(*steps, config={"OnBuild": ["ADD a /b"]}))[0] == "fail"
    assert verdict("4.9", facts(BASE, config={"OnBuild": ["COPY a /b"]}))[0] == "pass"
    assert verdict("4.9", facts(imported, config={"OnBuild": ["COPY a /b"]}))[0] == "manual"
    target = facts(BASE, config={"OnBuild": [f"ENV X={SECRET}"]})
    assert SECRET not in target.recording.answers["images"].stdout


# ---- 4.9


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((BASE, "COPY f /f # buildkit"), "pass"),
        ((BASE, "ADD f /f # buildkit"), "fail"),
        ((BASE, "/bin/sh -c #(nop) ADD file:12 in /f "), "fail"),
        (("ADD rootfs.tar.xz / # buildkit", "CMD sh"), "pass"),
        (("ARG A", "LABEL a=b", "ADD rootfs.tar / # buildkit", "COPY a b"), "pass"),
        (("ADD rootfs.tar / # buildkit", "ADD more.tar / # buildkit"), "fail"),
        (("ADD https://example.com/rootfs.tar / # buildkit",), "fail"),
        (({"created_by": "", "comment": "Imported from -"}, "ADD b /"), "fail"),
        ((BASE, "ENV EMAIL_ADDRESS=x ADD y", "LABEL add=ADD x y", "RUN /bin/sh -c echo ADD x /"), "pass"),
        ((BASE, "/bin/sh -c #(nop)  ONBUILD ADD . /app"), "fail"),
        ((f"/bin/sh -c #(nop) ADD dir:{'4f' * 32} in / ",), "pass"),
        ((BASE, {"created_by": ""}), "manual"),
    ],
)
def test_add(steps: tuple[str, ...], expected: str) -> None:
    """Only the step that brings in the base's file system may be an ADD; other words are no instructions."""
    assert verdict("4.9", facts(*steps))[0] == expected


# ---- 4.11


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("RUN apt-get update && apt-get install -y x", "manual"),
        ("RUN sed -i s/gpgcheck=0/gpgcheck=1/ /etc/x && yum install x", "manual"),
        ("RUN echo 'deb [trusted=yes] file:/x ./' > y && apt-get install z", "manual"),
        ("RUN su app -c 'npm ci'", "manual"),
        ("RUN curl -fsSL -o x https://x && echo 12 x | sha256sum -c", "manual"),
        ("RUN python3 -c 'import urllib.request as u; exec(u.urlopen(\"https://x\").read())'", "manual"),
        ("RUN bash /x/setup", "manual"),
        ("ADD https://x/y.tgz /y.tgz # buildkit", "manual"),
        ("RUN timeout 9 curl -sk https://x", "fail"),
        ("RUN groupadd x && mkdir /z && chown x /z && rm -rf /var/lib/apt/lists/*", "pass"),
        ("RUN tar -k -xf x && echo pip install x && for a in apk; do rm /bin/$a; done", "pass"),
        ("COPY a b", "pass"),
    ],
)
def test_verified_packages(step: str, expected: str) -> None:
    """Steps that switch a check off fail, those that get something are shown; without one an image passes."""
    found, reason = verdict("4.11", facts(BASE, step))
    assert (found, step[:10] in reason) == (expected, expected != "pass")


# ---- 4.12


def test_signatures_are_for_a_person() -> None:
    """The reason has what is to be found in the record, and how the site checks."""
    assert "sha256:abab" in verdict("4.12", facts())[1]
    found, reason = verdict(
        "4.12", facts(RepoDigests=["a@sha256:12"], policy=Policy(image_verification="cosign"))
    )
    assert (found, "a@sha256:12" in reason, "cosign" in reason) == ("manual", True, True)


# ---- policy


@pytest.mark.parametrize(
    "wrong", [{"image_max_age_days": 0}, {"image_max_age_days": "x"}, {"image_verification": ""}]
)
def test_policy_of_images(wrong: dict[str, object]) -> None:
    """The keys are read as a file writes them, and nonsense is refused."""
    policy = Policy.from_mapping({"image_max_age_days": 90, "image_verification": " cosign "})
    assert (policy.image_max_age_days, policy.image_verification) == (90, "cosign")
    with pytest.raises(PolicyError):
        Policy.from_mapping(wrong)
