"""What options and settings ask for: the inventory, the targets, what is known of releases, what is accepted."""

import os
from collections.abc import Sequence

import pytest

from hullcheck import DEFAULT_INVENTORY
from hullcheck.data.releases import KnownReleases, shipped
from hullcheck.gather import check_files
from hullcheck.inventory import Inventory, InventoryError, Target, load, releases, shards, unasked
from hullcheck.inventory.acceptance import Acceptance
from hullcheck.inventory.choice import chosen
from hullcheck.inventory.specs import TargetError, from_specs
from hullcheck.plugin import options
from hullcheck.recording.backends import COMPOSE


def inventory_of(config: pytest.Config) -> Inventory:
    """The inventory of this name, or the project's own; this machine alone where there is neither.

    The current directory is a project where pytest runs the code that its settings name. The controls that the package
    brings along are run anywhere, so an inventory that lies there has to be the user's own.

    Raises:
        pytest.UsageError: it cannot be used.
    """
    given = options.path(config, "inventory")
    path = given or options.project(config) / DEFAULT_INVENTORY
    if not given and not path.exists():
        return Inventory(path=path, targets=(Target("local", "local://"),))
    if not given and options.is_of_shipped(config) and (why := unasked.fault(path)):
        raise pytest.UsageError(
            f"{path}: not taken: {why}, so somebody else may have written it, and an inventory can run commands;"
            f" if you trust it, write --inventory={DEFAULT_INVENTORY}"
        )
    try:
        return load(path)
    except InventoryError as error:
        raise pytest.UsageError(str(error)) from None


def releases_of(config: pytest.Config) -> tuple[KnownReleases, bytes]:
    """What is known of releases, and the file that was named for it; nothing where none was.

    Raises:
        pytest.UsageError: the file cannot be used.
    """
    given = options.path(config, "releases")
    if not given:
        return shipped(), b""
    try:
        return releases.load(given)
    except InventoryError as error:
        raise pytest.UsageError(f"--releases: {error}") from None


def acceptance_of(config: pytest.Config, inventory: Inventory) -> Acceptance:
    """What is waived and attested; nothing is waived where pytest is asked to let nothing fail as expected."""
    waiving = not config.getoption("runxfail", False)
    return Acceptance(inventory.waivers, inventory.attestations, waiving)


def targets_of(config: pytest.Config, inventory: Inventory) -> tuple[Target, ...]:
    """All targets that this run is asked for.

    Raises:
        pytest.UsageError: one cannot be used, or is not in the inventory.
    """
    try:
        return chosen(_all_targets(config, inventory), inventory, options.several(config, "targets"))
    except TargetError as error:
        raise pytest.UsageError(str(error)) from None


def divided(
    config: pytest.Config, targets: Sequence[Target]
) -> tuple[shards.Shard | None, tuple[Target, ...]]:
    """The shard that this run is asked for, and which of *targets* are in it.

    Raises:
        pytest.UsageError: there is no such shard, or a file that a target needs is missing.
    """
    written = config.getoption("hullcheck_shard", None)
    try:
        shard = None if written is None else shards.shard_of(written, os.environ)
        mine = shards.divided(targets, shard)
        if not hasattr(config, "workerinput"):
            check_files(mine)
        return shard, mine
    except TargetError as error:
        raise pytest.UsageError(str(error)) from None


def _all_targets(config: pytest.Config, inventory: Inventory) -> tuple[Target, ...]:
    hosts = config.getoption("hosts", None)
    files = options.compose_files(config)
    backend = config.getoption("connection", None)
    if hosts is None and backend in (None, "local") and not files:
        return inventory.targets
    specs = hosts.split(",") if hosts is not None else [] if files else [f"{backend}://"]
    specs += [f"{COMPOSE}://{each}" for each in files]
    ansible_inventory = options.path_for_testinfra(config, "ansible_inventory")
    return from_specs(specs, connection=backend, ansible_inventory=ansible_inventory)
