"""Parsers for files in /proc: mounts, control groups, namespaces and sockets."""
