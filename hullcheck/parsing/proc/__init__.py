"""What Linux says in /proc: mounts, control groups, namespaces and sockets."""
