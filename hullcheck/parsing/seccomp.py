"""Actions of a seccomp profile (seccomp(2), as libseccomp names them)."""

DENYING = frozenset(
    {
        "SCMP_ACT_ERRNO",
        "SCMP_ACT_KILL",
        "SCMP_ACT_KILL_PROCESS",
        "SCMP_ACT_KILL_THREAD",
        "SCMP_ACT_TRAP",
    }
)
"""Those that do not let the call through; LOG and ALLOW do, TRACE and NOTIFY leave it to another process."""
