"""Become a program of PostgreSQL's: ``launch.py PARENT UID GID DIRECTORY PROGRAM ARGUMENT ...``.

A script of its own, so that what happens between fork and exec is plain code: open the data
directory while we may (the program knows it as ``/proc/self/fd/10``, which works for an account
that may not pass through the directories above it), leave the terminal's session, ask for
SIGINT (PostgreSQL's fast shutdown) on the day the parent dies, give up root, and exec.
"""

import ctypes
import os
import signal
import sys

DIRECTORY_FD = 10

_PR_SET_PDEATHSIG = 1


def main(parent: int, uid: int, gid: int, directory: str, command: list[str]) -> None:
    """Become ``command``."""
    os.umask(0o077)
    os.dup2(os.open(directory, os.O_RDONLY | os.O_DIRECTORY), DIRECTORY_FD, inheritable=True)
    os.chdir("/")
    os.setsid()
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # After giving up root, for that would undo it.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent is gone already")
    os.execv(command[0], command)  # noqa: S606  # no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5:])
