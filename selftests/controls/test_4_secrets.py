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

SECRETS = [
    f"ENV A=b DB_PASSWORD={SECRET}",
    f"/bin/sh -c #(nop)  ENV DB_PASSWORD={SECRET} with words",
    f"ARG NPM_TOKEN={SECRET}",
    f"LABEL api.token={SECRET}",
    f"RUN |1 NPM_TOKEN={SECRET} /bin/sh -c npm ci # buildkit",
    f"|2 A=b NPM_TOKEN={SECRET} /bin/sh -c npm ci",
    f"/bin/sh -c export PASSWORD='{SECRET}' && true",
    f'/bin/sh -c echo "password: {SECRET}" > /x',
    f"/bin/sh -c cat <<E > /x\npassword: {SECRET}\nE\n",
    f'/bin/sh -c echo \'{{"password": "{SECRET}"}}\' > x',
    f"/bin/sh -c echo '//registry.npmjs.org/:_authToken={SECRET}' > .npmrc",
    f"/bin/sh -c app --password={SECRET}",
    f"/bin/sh -c app --token {SECRET}",
    f"/bin/sh -c curl -u bob:{SECRET} https://example.com",
    f"/bin/sh -c curl --proxy-user bob:{SECRET} -x proxy:3128 https://example.com",
    f"/bin/sh -c curl -x proxy:3128 -U bob:{SECRET} https://example.com",
    f"/bin/sh -c curl -H 'Authorization: Bearer {SECRET}' https://example.com",
    f"/bin/sh -c curl -H 'Authorization: Basic {SECRET}' https://example.com",
    f"/bin/sh -c curl -H 'Authorization: Token {SECRET}' https://example.com",
    f"/bin/sh -c curl -H 'authorization: token {SECRET}' https://example.com",
    f"/bin/sh -c curl -H 'X-Api-Key: {SECRET}' https://example.com",
    f"ENV GPG_PASSPHRASE={SECRET}",
    f"/bin/sh -c git clone https://bob:{SECRET}@example.com/x",
    f"/bin/sh -c echo root:{SECRET} | chpasswd",
    f"/bin/sh -c echo '{SECRET}' | passwd --stdin root",
    f"/bin/sh -c useradd -m -p {SECRET} bob",
    f"/bin/sh -c mysql -uroot -p{SECRET} < /x",
    f"/bin/sh -c docker login -u bob -p {SECRET} reg",
    f"/bin/sh -c psql -c \"CREATE USER bob PASSWORD '{SECRET}'\"",
    f"/bin/sh -c echo root:{SECRET} > /x && chpasswd <<< root:{SECRET}",
    f"/bin/sh -c chpasswd <<< 'root:{SECRET}'",
    f"/bin/sh -c curl -H X-Api-Key:{SECRET} https://example.com",
    f"/bin/sh -c mysqladmin -u root password {SECRET}",
    f"/bin/sh -c echo {SECRET} | kinit admin",
    f"/bin/sh -c sshpass -p {SECRET} ssh bob@example.com",
    f"/bin/sh -c htpasswd -bc /x bob {SECRET}",
    f"/bin/sh -c openssl rsa -passin pass:{SECRET} -in k",
    f"/bin/sh -c echo machine example.com login bob password {SECRET} > /x",
    f'ENTRYPOINT ["app" "--password={SECRET}"]',
    f"/bin/sh -c echo -----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY----- > k",
    f"/bin/sh -c printf -- '-----BEGIN OPENSSH PRIVATE KEY-----\\n{SECRET}",
]


@pytest.mark.parametrize("step", SECRETS)
def test_secret_in_a_step(step: str) -> None:
    """It fails, and neither the reason nor the recording has the secret."""
    target = facts(BASE, step)
    found, reason = verdict("4.10", target)
    assert found == "fail"
    assert SECRET not in reason
    assert SECRET not in target.recording.answers[IMAGES.name].stdout


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        ("AKIA" + "ABCDEFGH23456723", "an AWS access key"),
        ("ghp_" + "a1" * 18, "a GitHub token"),
        ("glpat-" + "a1" * 10, "a GitLab token"),
        ("npm_" + "a1" * 18, "an npm token"),
        ("xoxb-" + "1234567890-a", "a Slack token"),
        ("AIza" + "a" * 35, "a Google API key"),
        ("sk_live_" + "a1" * 10, "a Stripe key"),
        ("pypi-" + "a1" * 25, "a PyPI token"),
        ("dckr_pat_" + "a1" * 10, "a Docker Hub token"),
        ("SG." + "a" * 22 + "." + "b" * 43, "a SendGrid key"),
        ("hf_" + "a1" * 15, "a Hugging Face token"),
        ("hvs." + "a1" * 12, "a Vault token"),
        ("sk-" + "a1" * 16, "an API key"),
        ("AGE-SECRET-KEY-1" + "A1" * 5, "an age key"),
        ("eyJ" + "a" * 20 + ".eyJ" + "b" * 20 + ".c", "a signed token"),
    ],
)
def test_token_by_its_format(token: str, kind: str) -> None:
    """Some tokens say themselves what they are, wherever they stand."""
    target = facts(
        BASE, f"RUN /bin/sh -c fetch {token}", config={"Env": [f"X={token}"], "Labels": {"y": token}}
    )
    found, reason = verdict("4.10", target)
    assert found == "fail"
    assert reason == f"variable X: {kind}; label y: {kind}; {kind} in RUN fetch ***"
    assert token not in target.recording.answers[IMAGES.name].stdout


@pytest.mark.parametrize(
    "step",
    [
        "ENV GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568",
        "ENV PASSWORD_FILE=/run/secrets/x TOKEN_URL=https://example.com MYSQL_ALLOW_EMPTY_PASSWORD=yes",
        "ENV SSL_KEY=/etc/ssl/key.pem PWD=/app PASSWORD=",
        "ARG NPM_TOKEN",
        "/bin/sh -c adduser --disabled-password app",
        "/bin/sh -c PASSWORD=$(cat /run/secrets/x) app --token $TOKEN",
        '/bin/sh -c if [ "$PASSWORD" = "x" ]; then true; fi',
        "/bin/sh -c grep password= /etc/x",
        "/bin/sh -c sed -i 's/PASSWORD=.*//' f",
        "/bin/sh -c mysqladmin -u root password $PASSWORD && echo $PASSWORD | kinit admin",
        "/bin/sh -c curl -u $USER:$PASS https://example.com",
        "/bin/sh -c curl --user-agent 'Foo:bar' https://example.com",
        "/bin/sh -c gpg --batch --passphrase '' --quick-gen-key x",
        "/bin/sh -c git clone https://github.com/x/y",
        "/bin/sh -c psql postgres://bob:${PASS}@db/x",
        "/bin/sh -c cat /run/secrets/token",
        "/bin/sh -c PWD=build make && useradd -p '!' bob && keytool -storepass changeit",
        "/bin/sh -c sha256sum -c <<E\n" + "a1" * 32 + "  x\nE\n",
    ],
)
def test_words_that_are_no_secret(step: str) -> None:
    """References, files, switches, placeholders and fingerprints are none."""
    found, reason = verdict("4.10", facts(BASE, step))
    assert (found, "what is in files was not read" in reason) == ("pass", True)


@pytest.mark.parametrize(
    "config",
    [
        {"Env": [f"DB_PASSWORD={SECRET}"]},
        {"Env": [f"DB_PASSWORD=@{SECRET}"]},
        {"Env": [f"DB_PASSWORD=%{SECRET}"]},
        {"Env": [f"DB_PASSWORD=.{SECRET}"]},
        {"Env": [f"DB_PASSWORD=$ {SECRET}"]},
        {"Labels": {"password": f"({SECRET}"}},
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
