"""Control 4.10, on facts made by hand: no secrets in images."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.images.probe import IMAGES
from hullcheck.facts.images.secrets import masked_step
from hullcheck.secrets import kinds, masked
from selftests.kit.facts.images import (
    BASE,
    ID,
    SECRET,
    facts,
    facts_of,
    image,
    output,
    stored,
    verdict,
)

TOKEN = "ghp_" + "a1" * 18


def test_secret_in_a_step() -> None:
    """It fails, and neither the reason nor the recording has the secret; a token says itself what it is."""
    for step in (
        f"RUN |1 NPM_TOKEN={SECRET} /bin/sh -c npm ci # buildkit",
        f"/bin/sh -c app --password={SECRET}",
    ):
        target = facts(BASE, step)
        found, reason = verdict("4.10", target)
        assert found == "fail"
        assert SECRET not in reason + target.recording.answers[IMAGES.name].stdout
    config = {"Env": [f"X={TOKEN}"], "Labels": {"y": TOKEN}}
    kind = "a GitHub token"
    reason = verdict("4.10", facts(BASE, f"RUN /bin/sh -c fetch {TOKEN}", config=config))[1]
    assert reason == f"variable X: {kind}; label y: {kind}; {kind} in RUN fetch ***"
    found, reason = verdict("4.10", facts(BASE, "ENV PASSWORD_FILE=/run/secrets/x", "ARG NPM_TOKEN"))
    assert (found, "what is in files was not read" in reason) == ("pass", True)


@pytest.mark.parametrize(
    "config",
    [
        {"Env": [f"DB_PASSWORD={SECRET}"]},
        {"Labels": {"token": SECRET}},
        {"Cmd": ["app", f"--password={SECRET}"]},
        {"Entrypoint": ["sh", "-c", f"app --token {SECRET}"]},
        {"Healthcheck": {"Test": ["CMD-SHELL", f"curl -u bob:{SECRET} http://localhost"]}},
        {"OnBuild": [f"ENV API_KEY={SECRET}"]},
    ],
)
def test_secret_in_the_configuration(config: dict[str, Any]) -> None:
    """It fails wherever it is, and is not stored; also where the history tells nothing."""
    for steps in ((BASE,), ({"created_by": "", "comment": "Imported from -"},)):
        target = facts(*steps, config=config)
        found, reason = verdict("4.10", target)
        assert found == "fail"
        assert SECRET not in reason + target.recording.answers[IMAGES.name].stdout


def attested(predicate: dict[str, Any], kind: str = "https://slsa.dev/provenance/v1") -> Facts:
    """The facts of a target with an image of which something is attested."""
    manifests = ["cd" * 32, "ef" * 32]
    annotated = {"digest": "sha256:" + "56" * 32, "annotations": {"in-toto.io/predicate-type": kind}}
    files: dict[str, dict[str, Any]] = {
        ID: {"manifests": [{"digest": f"sha256:{each}"} for each in manifests]},
        manifests[0]: {"config": {"digest": "sha256:" + "12" * 32}, "layers": [{"digest": "sha256:99"}]},
        manifests[1]: {"config": {"digest": "sha256:" + "34" * 32}, "layers": [annotated]},
        "12" * 32: stored(BASE),
        "34" * 32: {"os": "unknown", "rootfs": {"diff_ids": ["sha256:56"]}},
        "56" * 32: {"predicateType": kind, "predicate": predicate},
    }
    return facts_of(output([image()], files))


def _build_file(text: str) -> dict[str, Any]:
    return {"source": {"infos": [{"filename": "Dockerfile", "data": b64encode(text.encode()).decode()}]}}


@pytest.mark.parametrize(
    ("predicate", "said"),
    [
        (
            {"invocation": {"parameters": {"args": {"build-arg:DB_PASSWORD": SECRET}}}},
            "build argument DB_PASSWORD",
        ),
        (
            {"buildDefinition": {"externalParameters": {"request": {"args": {"build-arg:T_TOKEN": SECRET}}}}},
            "T_TOKEN",
        ),
        ({"steps": [{"op": {"Op": {"exec": {"meta": {"env": [f"API_KEY={SECRET}"]}}}}}]}, "variable API_KEY"),
        (
            {"steps": [{"meta": {"args": ["sh", "-c", f"app --password {SECRET}"]}}]},
            "command: a value given to",
        ),
        (
            _build_file(f"FROM x\nRUN app \\\n  --password \\\n  {SECRET}\n"),
            "a value given to password in the build",
        ),
        (
            _build_file(f"FROM x\nENV DB_PASSWORD={SECRET}\n"),
            "a value given to DB_PASSWORD in the build file",
        ),
    ],
)
def test_secret_in_a_provenance(predicate: dict[str, Any], said: str) -> None:
    """It fails in whatever part and version it is, and is not stored; another statement's is not looked for."""
    target = attested(predicate)
    found, reason = verdict("4.10", target)
    assert (found, reason.startswith("provenance: "), said in reason) == ("fail", True, True)
    assert SECRET not in reason + target.recording.answers[IMAGES.name].stdout
    assert b64encode(SECRET.encode()).decode()[:12] not in target.recording.answers[IMAGES.name].stdout
    assert verdict("4.10", attested(predicate, "https://spdx.dev/Document"))[0] == "pass"


def test_harmless_provenance() -> None:
    """References, digests and names of secrets are none; what is nested deep or of a wrong type is no fault."""
    digest = {"sha256": "5f" * 32}
    parts = {"args": {"build-arg:TOKEN_FILE": "/run/secrets/x", "vcs:source": "https://git.example/x.git"}}
    request = parts | {
        "secrets": [{"id": "NPM_TOKEN"}],
        "materials": [{"uri": "pkg:docker/x@1", "digest": digest}],
    }
    for _ in range(300):
        request = {"data": "no base64 =", "args": "x", "env": [request]}
    assert verdict("4.10", attested(request))[0] == "pass"


def test_files_that_are_copied() -> None:
    """The usual name of a private key fails; a name that says less is left to a person."""
    assert verdict("4.10", facts(BASE, "COPY id_rsa /root/.ssh/id_rsa # buildkit"))[0] == "fail"
    assert (
        verdict("4.10", facts(BASE, "/bin/sh -c #(nop) COPY file:12 in /root/.ssh/id_ed25519 "))[0] == "fail"
    )
    assert verdict("4.10", facts(BASE, "COPY id_rsa.pub /root/ # buildkit"))[0] == "pass"
    assert verdict("4.10", facts(BASE, "COPY . /secret.go token.py # buildkit"))[0] == "pass"
    text = output([image()], {ID: stored(BASE)})
    assert verdict("4.10", facts_of(text))[0] == "pass"
    assert verdict("4.10", facts_of(text, keys=["/etc/ssh/ssh_host_rsa_key"]))[0] == "fail"
    assert verdict("4.10", facts_of(text, keys=["/root/.ssh/id_rsa"])) == ("fail", "holds /root/.ssh/id_rsa")
    assert verdict("4.10", facts_of(text, keys=["/app/server.key"]))[0] == "manual"
    found = verdict("4.10", facts(BASE, "COPY --chown=0 server.key .env /app/ # buildkit"))
    assert found == ("manual", "files that may be secrets, by their names: server.key, .env")


def test_masking_keeps_what_is_judged() -> None:
    """A short secret is masked where it stands, and other words stay whole; a switch keeps its value."""
    assert masked("export PASSWORD=a && apt-get update") == "export PASSWORD=*** && apt-get update"
    assert masked(f"PASSWORD={SECRET} app; echo {SECRET}") == "PASSWORD=*** app; echo ***"
    assert masked("PASSWORD=update && apt-get update") == "PASSWORD=*** && apt-get update"
    assert masked_step("|1 V=geheim touch /x") == "|1 V=*** touch /x"
    assert masked_step("|2 V=a b W=c bash -c x y") == "|2 V=*** W=*** bash -c x y"
    assert masked_step("RUN |1 V=a b /bin/sh -c x # buildkit") == "RUN |1 V=*** /bin/sh -c x # buildkit"
    assert (
        masked_step("ENV NODE_TLS_REJECT_UNAUTHORIZED=0 X=y z") == "ENV NODE_TLS_REJECT_UNAUTHORIZED=0 X=***"
    )
    assert masked_step("ENV X some words") == "ENV X"
    assert masked_step("ENV PIP_INDEX_URL=http://me:geheim@x/simple") == "ENV PIP_INDEX_URL=***"
    assert masked_step("ENV PIP_INDEX_URL=http://localhost:3141") == "ENV PIP_INDEX_URL=***"
    assert masked("fetch aB3" + "x9Z" * 10) == "fetch ***"
    assert masked("COPY file:" + "a1" * 32) == "COPY file:" + "a1" * 32
    assert kinds(masked(f"app --token {SECRET}")) == []


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"comment": f"password={SECRET}"}, "a value given to password (its comment) in RUN true"),
        (
            {"comment": f"Imported from https://bob:{SECRET}@h/x.tar"},
            "a password in an address (its comment)",
        ),
        ({"author": f"token={SECRET}"}, "a value given to token (its author) in RUN true"),
    ],
)
def test_secret_beside_a_step(step: dict[str, str], said: str) -> None:
    """What is written beside a step stays in the image, as the address of an import; it is not stored."""
    target = facts(BASE, {"created_by": "RUN true"} | step)
    found, reason = verdict("4.10", target)
    assert (found, said in reason) == ("fail", True)
    assert SECRET not in target.recording.answers[IMAGES.name].stdout + reason
    harmless = {name: value.replace(SECRET, "") for name, value in step.items()}
    assert verdict("4.10", facts(BASE, {"created_by": "RUN true"} | harmless))[0] == "pass"


BUILD_INFO = b64encode(f'{{"attrs": {{"build-arg:DB_PASSWORD": "{SECRET}"}}}}'.encode()).decode()


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"container_config": {"Env": [f"DB_PASSWORD={SECRET}"]}}, "DB_PASSWORD (its container_config)"),
        ({"Container_Config": {"Cmd": ["app", "--password", SECRET]}}, "(its container_config)"),
        ({"container_config": [f"DB_PASSWORD={SECRET}"]}, "DB_PASSWORD (beside its configuration)"),
        ({"author": f"password={SECRET}"}, "a value given to password (beside its configuration)"),
        ({"moby.buildkit.buildinfo.v1": BUILD_INFO}, "given to DB_PASSWORD, in base64 (beside its config"),
        ({"history": [{"Created_By": f"RUN app --password {SECRET}"}]}, "a value given to password in RUN"),
    ],
)
def test_secret_beside_the_configuration(part: dict[str, Any], said: str) -> None:
    """Whatever the engine or a builder stores with an image is given to all who pull it."""
    document = stored("RUN true") | part
    target = facts_of(output([image()], {ID: document}))
    found, reason = verdict("4.10", target)
    assert (found, said in reason) == ("fail", True)
    assert SECRET not in target.recording.answers[IMAGES.name].stdout + reason
    assert BUILD_INFO not in target.recording.answers[IMAGES.name].stdout
    harmless = json.loads(json.dumps(document).replace(SECRET, "").replace(BUILD_INFO, ""))
    assert verdict("4.10", facts_of(output([image()], {ID: harmless})))[0] == "pass"


def test_steps_that_are_given_twice() -> None:
    """Nobody knows which of two lists the engine took what from: it is an error, and no word of them is stored."""
    document = stored("RUN true") | {"History": [{"created_by": f"RUN app --password {SECRET}"}]}
    target = facts_of(output([image()], {ID: document}))
    found, reason = verdict("4.10", target)
    assert found == "error"
    assert SECRET not in target.recording.answers[IMAGES.name].stdout + reason


def test_secret_of_a_container_that_is_in_the_configuration_too() -> None:
    """It is named once."""
    variables = {"Env": [f"DB_PASSWORD={SECRET}"]}
    document = stored("RUN true", config=variables, container_config=variables)
    _, reason = verdict("4.10", facts_of(output([image(config=variables)], {ID: document})))
    assert reason == "variable DB_PASSWORD: a value given to DB_PASSWORD"
