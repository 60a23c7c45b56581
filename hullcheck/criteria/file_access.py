"""Who else than root may change a file of the engine, or use it."""

from collections.abc import Collection

from hullcheck.facts.host.accounts import Accounts
from hullcheck.facts.host.file import FileFact


def foreign_owners(file: FileFact, groups: Collection[str] = ()) -> str:
    """Who else owns *file* or has it as their group, or owns a part of its way, in words; else empty.

    Of one that does not exist the way counts all the same: who owns it can put one there.

    Args:
        groups: names of groups that it may have as well, or their numbers.

    Raises:
        NotApplicable: it does not exist.
        EvidenceError: it could not be looked at.
    """
    found = [
        f"the {'directory' if each.is_directory else 'link'} {each.path} on its way belongs to uid {each.uid}"
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
    """What lets others do more with *file* than a mode of *allowed* would, in words; else empty.

    The mode is a set of bits: 606 is more than 644. Of an access control list the mask shows in the bits of the
    group, so it can only add something where the group may do what others may not: on a socket. What does not exist
    is made by whoever may write to the directory in which it would be, sticky or not.

    Raises:
        NotApplicable: it does not exist.
        EvidenceError: it could not be looked at, or an access control list may add something and could not be read.
    """
    way = [f"others may write to {each.path} on its way (mode {each.bits:03o})" for each in file.open_places]
    if file.is_absent and way:
        return ", ".join(("does not exist", *way))
    bits = file.node.bits
    found = [f"has mode {bits:03o}, more than {allowed:o}{leads_to(file)}"] if bits & ~allowed else []
    found += way
    if not found and bits >> 3 & allowed >> 3 & ~allowed & 0o7:
        more = [each.holder for each in file.access_list if each.bits & ~allowed & 0o7]
        found += [f"its access control list lets in {holder}" for holder in more]
    return ", ".join(found)


def leads_to(file: FileFact) -> str:
    """Return where the links of *file* lead, as ` (/run/x)`; empty where its path has none."""
    return f" ({file.node.path})" if file.node.path != file.path else ""


def controllers(socket: FileFact, accounts: Accounts) -> dict[str, str]:
    """Return who may write to *socket*, with the reason: `group docker (gid 999)`.

    Root, and the user of a rootless engine, are not counted.

    Raises:
        NotApplicable: there is no such socket.
        EvidenceError: the socket could not be looked at, or its access control list not be read.
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
