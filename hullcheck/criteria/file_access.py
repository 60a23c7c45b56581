"""Check who besides root may change a file of the engine, or use it."""

from collections.abc import Collection

from hullcheck.facts.host.accounts import Accounts
from hullcheck.facts.host.file import FileFact


def foreign_owners(file: FileFact, groups: Collection[str] = ()) -> str:
    """Return which owners of *file*, or of a part of its path, are neither root nor the engine's user, or an empty
    string.

    If the file does not exist, its path counts all the same: an owner in the path can create it.

    Args:
        groups: names or numbers of groups that may own it, too.

    Raises:
        NotApplicable: the file does not exist.
        EvidenceError: the file could not be read.
    """
    found = [
        f"the {'directory' if each.is_directory else 'link'} {each.path} in its path belongs to uid {each.uid}"
        for each in file.foreign_places
    ]
    if file.is_absent and found:
        return ", ".join(("does not exist", *found))
    node = file.node
    foreign = not any(node.gid in each for each in file.groups)
    if foreign and not {node.group, str(node.gid)} & set(groups):
        found.insert(0, f"its group is {node.group} (gid {node.gid}){leads_to(file)}")
    if node.uid not in file.owners:
        found.insert(0, f"belongs to uid {node.uid}{leads_to(file)}")
    return ", ".join(found)


def permissions_beyond(file: FileFact, allowed: int) -> str:
    """Return what others may do with *file* beyond the mode *allowed*, or an empty string.

    The mode is a set of bits: 606 is more than 644. An access control list only adds something where the group may do
    more than others: on a socket. A missing file can be created by anyone who may write to its directory, sticky or
    not.

    Raises:
        NotApplicable: the file does not exist.
        EvidenceError: the file, or an access control list that may add something, could not be read.
    """
    path = [f"others can write to {each.path} in its path (mode {each.bits:03o})" for each in file.open_places]
    if file.is_absent and path:
        return ", ".join(("does not exist", *path))
    bits = file.node.bits
    found = [f"has mode {bits:03o}, more than {allowed:o}{leads_to(file)}"] if bits & ~allowed else []
    found += path
    if not found and bits >> 3 & allowed >> 3 & ~allowed & 0o7:
        more = [each.holder for each in file.access_list if each.bits & ~allowed & 0o7]
        found += [f"its access control list gives access to {holder}" for holder in more]
    return ", ".join(found)


def leads_to(file: FileFact) -> str:
    """Return where the links of *file* lead, as ` (/run/x)`, or an empty string."""
    return f" ({file.node.path})" if file.node.path != file.path else ""


def controllers(socket: FileFact, accounts: Accounts) -> dict[str, str]:
    """Return who may write to *socket* except root and the user of a rootless engine: `group docker (gid 999)`.

    Raises:
        NotApplicable: the socket does not exist.
        EvidenceError: the socket or its access control list could not be read.
    """
    node, found = socket.node, dict[str, str]()
    if node.uid not in socket.owners and node.bits & 0o200:
        found |= dict.fromkeys(accounts.user_names(node.uid), "owner of the socket")
    if node.bits & 0o020:
        found |= dict.fromkeys(accounts.members(node.gid), group(accounts, node.gid))
        for kind, number in (each.holder.split() for each in socket.access_list if each.bits & 0o2):
            if kind == "uid":
                found |= dict.fromkeys(accounts.user_names(int(number)), "access control list")
            else:
                way = f"access control list by {group(accounts, int(number))}"
                found |= dict.fromkeys(accounts.members(int(number)), way)
    own = {name for uid in socket.owners for name in accounts.user_names(uid)}
    return {name: way for name, way in found.items() if name not in own}


def group(accounts: Accounts, gid: int) -> str:
    """Return the name of a group with its number, as `group docker (gid 999)`."""
    names = " and ".join(accounts.group_names(gid))
    return f"group {names} (gid {gid})" if names else f"group gid {gid}, which has no name"
