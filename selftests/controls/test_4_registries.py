"""Control 4.2 on images made by hand: where an image comes from, and who may say so."""

from __future__ import annotations

from typing import Any

from hullcheck.policy import Policy
from selftests.kit.facts.images import ID, facts, verdict


def test_trusted_registries() -> None:
    """A digest that a registry knows decides, a part of a registry counts, and a tag proves nothing."""
    policy = Policy(allowed_registries=("reg.example:5000/base", "docker.io/library", "localhost"))

    def found(**names: Any) -> tuple[str, str]:
        return verdict("4.2", facts(policy=policy, **names))

    assert found(RepoDigests=["debian@sha256:12"]) == ("pass", "comes from docker.io/library/debian")
    for digests, expected in (
        (["reg.example:5000/base/a@sha256:12"], "pass"),
        (["localhost/a@sha256:12"], "pass"),
        (["a.b@sha256:12"], "pass"),  # of Docker Hub: no slash follows
        (["bob/debian@sha256:12"], "fail"),
        (["reg.example:5000/baseless/a@sha256:12"], "fail"),
        (["reg.example/base/a@sha256:12"], "fail"),
        (["reg.example/x@sha256:12", "debian@sha256:12"], "pass"),
    ):
        assert found(RepoDigests=digests)[0] == expected, digests
    for tags, expected in (
        (["evil.example/web:1"], "fail"),
        (["reg.example:5000/base/a:1"], "manual"),
        (["web:1"], "manual"),
        ([], "manual"),
    ):
        assert found(RepoTags=tags)[0] == expected, tags


def test_origin_in_the_store_of_containerd() -> None:
    """There every image has its own digest under each of its names, so only what the engine pulled is known."""
    policy = Policy(allowed_registries=("docker.io",))
    own = [f"web@sha256:{ID}"]
    assert verdict("4.2", facts(policy=policy, RepoDigests=own))[0] == "manual"
    pulled = {"Pull": [{"Repository": "docker.io/library/web"}]}
    assert verdict("4.2", facts(policy=policy, RepoDigests=own, Identity=pulled))[0] == "pass"
    other = {"Pull": [{"Repository": "ghcr.io/x/web"}]}
    assert verdict("4.2", facts(policy=policy, RepoDigests=own, Identity=other))[0] == "fail"
    foreign = [f"ghcr.io/x/web@sha256:{ID}"]
    assert verdict("4.2", facts(policy=policy, RepoTags=[], RepoDigests=foreign))[0] == "fail"


def test_port_of_a_registry_in_the_store_of_containerd() -> None:
    """The engine leaves the port out of what it pulled; a name of the image tells it, or a person has to."""
    policy = Policy(allowed_registries=("reg.example:5000/base", "docker.io"))

    def found(pulled: str, *names: str) -> tuple[str, str]:
        told = {"Pull": [{"Repository": pulled}]}
        return verdict("4.2", facts(policy=policy, RepoTags=names, Identity=told))

    expected = ("pass", "comes from reg.example:5000/base/a")
    assert found("reg.example/base/a", "reg.example:5000/base/a:1") == expected
    assert found("reg.example/base/a", "reg.example:6000/base/a:1", "web:1")[0] == "fail"
    assert found("reg.example/base/a")[0] == "manual"
    assert found("reg.example/baseless/a")[0] == "fail"
    assert found("reg.example/a", "reg.example:5000/base/a:1")[0] == "fail"
    expected = ("fail", "comes from registry:5000/a, which is not allowed")
    assert found("docker.io/registry/a", "registry:5000/a:1") == expected
    assert found("docker.io/registry/a", "registry/a:1")[0] == "pass"


def test_no_list_of_registries() -> None:
    """Without a list a person is shown where the image is from; an empty list allows none."""
    digests = ["debian@sha256:12"]
    found = verdict("4.2", facts(RepoDigests=digests))
    assert found == (
        "manual",
        "comes from docker.io/library/debian: name trusted ones in `allowed_registries: [...]`",
    )
    assert verdict("4.2", facts(RepoDigests=digests, policy=Policy(allowed_registries=())))[0] == "fail"
    labels = {"org.opencontainers.image.base.name": "docker.io/library/debian:13"}
    assert "built from docker.io/library/debian:13" in verdict("4.2", facts(config={"Labels": labels}))[1]


def test_policy_of_registries() -> None:
    """A registry holds all its repositories, a part of one what lies below it."""
    assert Policy().allows_registry("docker.io/library/x") is None
    policy = Policy.from_mapping({"allowed_registries": ["docker.io", "ghcr.io/example/"]})
    assert policy.allows_registry("docker.io/library/x")
    assert policy.allows_registry("ghcr.io/example/x")
    assert not policy.allows_registry("ghcr.io/example2/x")
    assert not policy.allows_registry("docker.io.example/x")
