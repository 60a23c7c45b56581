"""The text of daemon.json, read here and by real engines."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts.daemon import config_text
from selftests.kit.judging import facts_of_engine, judged

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine

EngineFactory = Callable[..., "Engine"]


def audit(number: str, engine: Engine) -> str:
    """The verdict on a running engine."""
    ((verdict, _),) = judged(number, facts_of_engine(engine.socket, of=number)).values()
    return verdict


_PIECES = (
    *("{}", "", " \n", "null", "[]", '{"icc": false}', '{"icc": null}', '{"debug": true, "debug": false}'),
    *('{"log-opts": {"a": "b"}, "log-opts": {"c": "d"}}', '{"any": {"icc": false}}', '{"any": {"foo": 1}}'),
    *(
        '{"icc": false} x',
        '{"icc": false}{}',
        '{"mtu": NaN}',
        '{"labels": ["a\tb"]}',
        '{"icc": false,}',
        "{icc: 1}",
    ),
    *(
        '{"labels": ["a=\\u2241"]}',
        "// x\n{}",
        '{"hosts": ["unix:///x"], "hosts": []}',
        "{",
        '"x"',
        "1",
        "true",
    ),
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"])
@pytest.mark.needs("root", "dockerd")
def test_text_of_the_file_is_read_as_the_daemon_reads_it(tmp_path: Path, encoding: str) -> None:
    """What dockerd takes for JSON, hullcheck does, and nothing else."""
    for number, piece in enumerate(_PIECES):
        mark = "\ufeff" if encoding.startswith("utf-16") else ""
        file = tmp_path / f"{number}.json"
        file.write_bytes((mark + piece).encode(encoding))
        told = subprocess.run(
            ["dockerd", "--validate", "--config-file", str(file)], capture_output=True, text=True, check=False
        )
        is_text = not re.search("invalid character|into Go value of type map|unexpected end", told.stderr)
        read = file.read_bytes().decode("utf-16" if mark else "utf-8")
        assert (config_text.parse(read) is not None) == is_text, (piece, told.stderr)


def test_key_that_is_there_twice_counts_as_in_go(engine: EngineFactory) -> None:
    """A null after a plain value leaves it in force, before one it is forgotten, and it empties a list."""
    one = engine(fresh=True)
    one.stop()
    one.config_path.write_text(
        """{"log-driver": "local", "log-driver": null, "live-restore": true, "live-restore": null,
        "experimental": null, "experimental": true, "userland-proxy": false, "userland-proxy": null,
        "insecure-registries": ["one.example"], "insecure-registries": null}"""
    )
    one.start()
    read = config_text.parse(one.config_path.read_text())
    told = json.loads(one.docker("info", "--format", "{{json .}}"))
    assert read is not None
    assert read["log-driver"] == told["LoggingDriver"] == "local"
    assert read["live-restore"] is told["LiveRestoreEnabled"] is True
    assert read["experimental"] is told["ExperimentalBuild"] is True
    assert read["insecure-registries"] is None
    assert "one.example" not in told["RegistryConfig"]["IndexConfigs"]
    assert audit("2.17", one) == "pass"


def test_switches_in_a_group_are_in_force(engine: EngineFactory) -> None:
    """An object that the daemon does not know is a group, and its switches count; so does a file in UTF-16."""
    one = engine(fresh=True, any={"userland-proxy": "f", "icc": 0, "mtu": 1})
    assert [audit(number, one) for number in ("2.2", "2.17")] == ["pass", "pass"]
    one.stop()
    if not one.version.at_least(23):  # which takes a file in UTF-16 for damaged, and does not start
        return
    one.config_path.write_bytes(("\ufeff" + json.dumps({"userland-proxy": False})).encode("utf-16-le"))
    one.start()
    assert audit("2.17", one) == "pass"
