"""The short and long forms of the Compose specification: docker compose reads each, and what is kept is the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hullcheck import compose
from hullcheck.facts import Facts
from hullcheck.facts.containers.compose import COMPOSE_FILE
from hullcheck.policy import Policy
from selftests.kit.judging import judged
from selftests.needs import need

# In each row settings of a service that mean the same, in flow style. What begins with `=` changes nothing that any
# control looks at.
FORMS = [tuple(line.split(" | ")) for line in Path(__file__).with_name("forms.txt").read_text().splitlines()]
OTHERS = """
  a: {image: a}
  seeing: {image: a, volumes: ['./a:/a']}
volumes: {data: }
networks: {lan: {ipam: {config: [{subnet: 10.9.0.0/24}]}}}
configs: {one: {file: ./one}, inline: {content: text}}
secrets: {key: {file: ./key}, outside: {external: true}, of_env: {environment: HOME}}
"""


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    """A file with a service for each form, as docker compose reads it."""
    need("docker-compose")
    folder: Path = tmp_path_factory.mktemp("forms")
    services = ""
    for row, forms in enumerate(FORMS):
        for at, form in enumerate(each.removeprefix("= ") for each in forms):
            image = "" if form.startswith("build") else "image: a"
            services += f"  row{row}-{at}:\n    {image}\n    {form}\n"
    (folder / "compose.yml").write_text(f"version: '3.8'\nname: forms\nservices:\n{services}{OTHERS[1:]}")
    (folder / "web.env").write_text("A=1\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return Facts(compose.recorded("shop", "compose.yml"), Policy())


@pytest.mark.parametrize("number", range(len(FORMS)), ids=[row[0] for row in FORMS])
def test_forms_mean_the_same(facts: Facts, number: int) -> None:
    """Every form of a row is kept as the first one, and differs from a service without it."""
    services: dict[str, Any] = json.loads(facts.recording.text(COMPOSE_FILE))["services"]
    kept = [{**services[f"row{number}-{at}"]["Inspect"], "Name": ""} for at in range(len(FORMS[number]))]
    assert kept == kept[:1] * len(kept)
    assert (kept[0] == {**services["a"]["Inspect"], "Name": ""}) is FORMS[number][0].startswith("= ")


@pytest.mark.parametrize("key", ["4.1", *(f"5.{number}" for number in range(2, 33))])
def test_every_form_is_judged(facts: Facts, key: str) -> None:
    """No control ends in an error on any form."""
    verdicts = judged(key, facts)
    assert len(verdicts) > sum(map(len, FORMS))
    assert {name: said for name, (verdict, said) in verdicts.items() if verdict == "error"} == {}
