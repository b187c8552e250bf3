"""A bound of memory that the kernel enforces: a process that exceeds it is killed."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Self
from uuid import uuid4

from tests.chaos.harness import until


class MemoryGroup:
    """A control group of this test's own; it ends with the block, and what still runs in it too.

    Args:
        limit_bytes: what the processes in it may take, from when they come in.

    Raises:
        OSError: this machine lets us make none.
    """

    def __init__(self, limit_bytes: int) -> None:
        mounted, parent, second = _parent()
        self._mounted = mounted
        self._path = parent / f"telegrad-test-{uuid4().hex}"
        self._events = self._path / ("memory.events" if second else "memory.oom_control")
        self._usage = self._path / ("memory.current" if second else "memory.usage_in_bytes")
        if second:
            (parent / "cgroup.subtree_control").write_text("+memory")
        self._path.mkdir()
        try:
            limits = (
                ("memory.max", "memory.swap.max")
                if second
                else ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
            )
            (self._path / limits[0]).write_text(str(limit_bytes))
            if (self._path / limits[1]).exists():  # not where swap is not counted
                (self._path / limits[1]).write_text("0" if second else str(limit_bytes))
        except BaseException:
            self._path.rmdir()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pid in self._members():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until(self._removed)

    def take(self, pid: int) -> None:
        """Holds a process to the bound from here on."""
        (self._path / "cgroup.procs").write_text(str(pid))

    @property
    def command(self) -> tuple[str, ...]:
        """What runs a command in it, who then takes the bound for the machine's memory."""
        script = 'mount --bind "$0" "$1" && echo $$ >"$1/cgroup.procs" && shift && exec "$@"'
        return ("unshare", "--mount", "sh", "-c", script, str(self._path), str(self._mounted))

    @property
    def used_bytes(self) -> int:
        """What the processes in it take now."""
        return int(self._usage.read_text())

    @property
    def kills(self) -> int:
        """How many processes the kernel has killed for want of memory."""
        counts = dict(line.split() for line in self._events.read_text().splitlines())
        return int(counts["oom_kill"])

    def _members(self) -> list[int]:
        return [int(line) for line in (self._path / "cgroup.procs").read_text().split()]

    def _removed(self) -> bool:
        try:
            self._path.rmdir()
        except OSError:
            return False  # who was killed is still on its way out
        return True


def _parent() -> tuple[Path, Path, bool]:
    """Where groups are mounted, the one in which this process may make another, and whether of version 2."""
    own = dict[str, str]()
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        own.update(dict.fromkeys(controllers.split(","), path))
    for line in Path("/proc/mounts").read_text().splitlines():
        _, where, kind, options, *_ = line.split()
        if kind == "cgroup" and "memory" in options.split(","):
            return Path(where), _nearest(Path(where), own.get("memory", "/")), False
        offered = Path(where, "cgroup.controllers")
        if kind == "cgroup2" and offered.exists() and "memory" in offered.read_text().split():
            return Path(where), _nearest(Path(where), own.get("", "/")), True
    raise OSError("no control groups of memory are mounted")


def _nearest(mounted: Path, path: str) -> Path:
    """Its own group, where that can be seen from here."""
    own = mounted / path.lstrip("/")
    return own if own.is_dir() else mounted
