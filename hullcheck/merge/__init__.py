"""Puts the bundles of all shards of an audit together to one, as if one machine had audited all targets."""


class MergeError(Exception):
    """Bundles cannot be put together; each line of the message says of one thing why."""
