"""2.13 on real engines: plugins that the engine runs itself, which can be switched off while it runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hullcheck.policy import Policy
from selftests.lab.daemon.test_2_daemon import PLUGIN, audit

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine

NAME = "lab/authz:1"


def make_plugin(one: Engine, folder: Path) -> None:
    """Make an authorization plugin that runs on the machine's own Python, and switch it on."""
    root = folder / "rootfs"
    for name in ("usr", "run/docker/plugins", "tmp", "proc", "sys", "dev", "etc"):
        (root / name).mkdir(parents=True)
    for name in ("lib", "lib64", "bin"):
        (root / name).symlink_to(f"usr/{name}")
    (root / "plugin.py").write_text(PLUGIN)
    usr = {"source": "/usr", "destination": "/usr", "type": "bind", "options": ["rbind", "ro"]}
    python = f"/usr/bin/python{sys.version_info.major}"
    config = {
        "entrypoint": [python, "/plugin.py", "/run/docker/plugins/a.sock"],
        "interface": {"types": ["docker.authz/1.0"], "socket": "a.sock"},
        "network": {"type": "none"},
        "linux": {"capabilities": []},
        "mounts": [usr],
        "workdir": "/",
    }
    (folder / "config.json").write_text(json.dumps(config))
    one.docker("plugin", "create", NAME, str(folder))
    one.docker("plugin", "enable", NAME)


def test_plugin_that_is_not_there_any_more(engine: Callable[..., Engine], tmp_path: Path) -> None:
    """The daemon asks it no more when it was disabled or removed, though it goes on to report it."""
    one = engine(fresh=True)
    make_plugin(one, tmp_path)
    name = f"docker.io/{NAME}"  # the engine knows it by this, too
    one.configure({"authorization-plugins": [name]})
    one.restart()
    reviewed = Policy(authorization_plugins=(name,))
    assert audit("2.13", one, reviewed)[0] == "pass"
    for command, state in ((("disable", "--force"), "disabled"), (("rm",), "not there any more")):
        one.docker("plugin", *command, NAME)
        assert name in one.docker("info", "--format", "{{.Plugins.Authorization}}")
        found, reason = audit("2.13", one, reviewed)
        assert (found, f"but {name} is {state}" in reason) == ("fail", True), reason
