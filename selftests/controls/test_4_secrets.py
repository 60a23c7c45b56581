"""Control 4.10, on facts made by hand: no secrets in images."""

from __future__ import annotations

from typing import Any

import pytest

from hullcheck.facts.images.steps import masked_step
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
        assert SECRET not in reason + target.recording.answers["images"].stdout
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
        assert SECRET not in reason + target.recording.answers["images"].stdout


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
