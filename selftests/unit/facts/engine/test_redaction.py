"""What is kept of the daemon's configuration."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.engine.flags import parse
from hullcheck.facts.registry import FACTS
from hullcheck.policy import Policy
from hullcheck.recording.probe import Answer
from selftests.kit.facts.daemons import (
    Host,
)
from selftests.kit.judging import judged


@pytest.mark.parametrize(
    ("arguments", "flags"),
    [
        ("-D -l debug -H x --host=y", "debug=true log-level=debug hosts=x hosts=y"),
        ("-Dldebug -H=tcp://a -Hb", "debug=true log-level=debug hosts=tcp://a hosts=b"),
        ("--icc --iptables=false -- --icc=false", "icc=true iptables=false"),
        ("--icc=false stray --tlsverify", "icc=false tlsverify=true"),
        ("-D=0 --log-level", "debug=0 log-level="),
        ("--graph /x --storage-opt a=b", "data-root=/x storage-opts=a=b"),
        ("-z x -qy -D -v", "z=x q=y debug=true version=true"),
        ("-b -D", "bridge=-D"),
        ("-r -b x --restart --icc", "restart=true bridge=x restart=true icc=true"),
    ],
)
def test_command_line(arguments: str, flags: str) -> None:
    """Options are read as pflag reads them."""
    assert " ".join(f"{name}={value}" for name, value in parse(arguments.split())) == flags


SECRET = "s3cret"


def test_secrets_are_not_stored() -> None:
    """What no control reads, keys of log drivers and passwords in addresses are dropped; names stay."""
    document = {
        "hosts": [f"tcp://me:{SECRET}@0.0.0.0:2375"],
        "http-proxy": f"http://me:{SECRET}@proxy",
        "labels": [SECRET],
        "log-opts": {"splunk-token": SECRET, "splunk-url": f"https://me:{SECRET}@splunk.example"},
        "unknown": {"deep": [SECRET]},
    }
    flags = (
        "--log-opt", f"splunk-token={SECRET}", f"--log-opt=gelf-address=udp://me:{SECRET}@g", f"--https-proxy=http://{SECRET}@p",
        "--label", SECRET, SECRET, f"--unknown={SECRET}", "--storage-opt=dm.basesize=1G",
    )  # fmt: skip
    recording = Host(flags=flags, document=json.dumps(document, indent=1)).recording()
    stored = "\n".join(answer.stdout for answer in recording.answers.values())
    assert SECRET not in stored
    assert "deep" not in stored
    assert "splunk-token" in stored
    assert "splunk.example" in stored
    assert "--storage-opts=dm.basesize=1G" in stored


@pytest.mark.parametrize("probe", FACTS["daemon"].probes)
@pytest.mark.parametrize(
    "text",
    ["", "\n", " ", "dockerd:", "argument:", "config:read|", "\n {", " {\x00", "ExecStart={", "{}\n\n"],
)
def test_redaction_never_raises(probe: Any, text: str) -> None:
    """What is not understood is dropped."""
    assert isinstance(probe.keep(text), str)


@pytest.mark.parametrize(
    "text", ["", "dockerd:x", "dockerd:7\nargument:d\n7/stat:?", "clock:?|?\nnonsense", "real:\nlink:"]
)
def test_broken_answers_are_errors(text: str) -> None:
    """An answer that is cut off or not understood gives no verdict but error."""
    recording = Host().recording()
    answers = {**recording.answers, "daemon_processes": Answer("daemon_processes", 0, text, "")}
    (found,) = judged("2.17", Facts(replace(recording, answers=answers), Policy())).values()
    assert found[0] == "error"
    assert "broke" not in found[1]
