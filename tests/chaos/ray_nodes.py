"""A Ray of several nodes on this machine, whose head and nodes can be killed, frozen and started again.

Nothing of it can stay behind: its processes are known by a variable of their environment, and are ended one
by one by their ids; what Ray starts itself also ends with the process that runs this file.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

import psutil

#: In the environment of every process of such a Ray, with its folder.
_MARK: Final = "TELEGRAD_TEST_RAY"
_START_S: Final = 180.0


class RayNodes:
    """A head without a worker, and nodes with two CPUs each.

    Args:
        nodes: how many.
        settings: more of Ray's variables; for the head, the nodes, and who joins.
        stored: whether the head keeps on disk what it knows, so that it can be killed and come back.
        within: a command that runs another, with which all of it is started.

    Attributes:
        variables: the environment of who joins.
        head: ids of the head's processes, by what they are.
        nodes: the same of each node.
    """

    def __init__(
        self,
        nodes: int,
        settings: Mapping[str, str] | None = None,
        *,
        stored: bool = False,
        within: Sequence[str] = (),
    ) -> None:
        self._within = within
        self._count = nodes
        # Sockets' paths are bounded: the folder's has to be short.
        self._folder = tempfile.TemporaryDirectory(prefix="tg-", dir="/tmp", ignore_cleanup_errors=True)
        self.folder: Final = Path(self._folder.name)
        self.variables: dict[str, str] = {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            "RAY_USAGE_STATS_ENABLED": "0",
            **(settings or {}),
        }
        if stored:
            self.variables["RAY_gcs_storage"] = "rocksdb"
            self.variables["RAY_gcs_storage_path"] = str(self.folder / "stored")
        self.head: dict[str, int] = {}
        self.nodes: list[dict[str, int]] = []
        self._frozen: list[int] = []
        self._run: subprocess.Popen[str] | None = None

    def start(self, port: int = 0) -> None:
        """Starts all of it; at the port of an earlier head, if it is to come back."""
        with (self.folder / "log").open("a") as log:
            self._run = subprocess.Popen(
                [*self._within, sys.executable, __file__, str(self.folder), str(self._count), str(port)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, **self.variables, _MARK: str(self.folder)},
            )
        said = self._hear()
        self.variables["RAY_ADDRESS"] = said["address"]
        self.head, self.nodes = said["head"], said["nodes"]

    @property
    def port(self) -> int:
        """The head's."""
        return int(self.variables["RAY_ADDRESS"].rpartition(":")[2])

    @property
    def said(self) -> str:
        """What the nodes' raylets have written to their logs."""
        return "".join(log.read_text() for log in self.folder.glob("session_2*/logs/raylet*.out"))

    def node_of(self, pid: int) -> int | None:
        """The number of the node that a process is on; None of one that is on none, or is no more."""
        try:
            parents = [parent.pid for parent in psutil.Process(pid).parents()]
        except psutil.NoSuchProcess:
            return None
        return next((n for n, node in enumerate(self.nodes) if node["raylet"] in parents), None)

    def freeze(self, node: int) -> None:
        """Stops a node and all that runs there, as a machine that hangs."""
        raylet = psutil.Process(self.nodes[node]["raylet"])
        for process in (raylet, *raylet.children(recursive=True)):
            self._frozen.append(process.pid)
            process.suspend()

    def thaw(self) -> None:
        """Lets what was frozen go on."""
        while self._frozen:
            try:
                os.kill(self._frozen.pop(), signal.SIGCONT)
            except ProcessLookupError:
                continue

    def kill(self, pid: int) -> None:
        """Ends one of its processes at once."""
        os.kill(pid, signal.SIGKILL)

    def restart_head(self) -> None:
        """Has what is left of a head that was killed started again, with what it has stored."""
        assert self._run is not None, "started"
        assert self._run.stdin is not None, "piped"
        self._run.stdin.write("head\n")
        self._run.stdin.flush()
        self.head = self._hear()["head"]

    def end(self) -> None:
        """Ends all of it at once."""
        if self._run is not None:
            self._run.kill()
            self._run.wait()
            for pipe in (self._run.stdin, self._run.stdout):
                assert pipe is not None, "piped"
                pipe.close()
            self._run = None
        while processes := list(self.processes()):
            for process in processes:
                process.kill()
            psutil.wait_procs(processes, timeout=10)
        self._frozen.clear()

    def processes(self) -> Iterator[psutil.Process]:
        """All that runs of it."""
        for process in psutil.process_iter():
            try:
                alive = process.status() != psutil.STATUS_ZOMBIE
                if alive and process.environ().get(_MARK) == str(self.folder):
                    yield process
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self._folder.cleanup()

    def _hear(self) -> dict[str, Any]:
        run = self._run
        assert run is not None, "started"
        assert run.stdout is not None, "piped"
        late = threading.Timer(_START_S, run.kill)
        late.start()
        try:
            line = run.stdout.readline()
        finally:
            late.cancel()
            late.join()
        if not line:
            raise RuntimeError(f"Ray's nodes do not start:\n{(self.folder / 'log').read_text()}")
        said: dict[str, Any] = json.loads(line)
        return said


def main(arguments: Sequence[str]) -> None:
    """Runs the nodes until the pipe is closed: what Ray starts ends with the process that started it."""
    from ray._private.node import Node
    from ray._private.parameter import RayParams
    from ray._private.services import get_node_ip_address

    folder, count, port = arguments[0], int(arguments[1]), int(arguments[2])

    def start(head: Any = None) -> Any:
        place = (
            {"gcs_server_port": port or _free_port(get_node_ip_address()), "num_cpus": 0}
            if head is None
            else {"gcs_address": head.gcs_address, "redis_address": head.redis_address, "num_cpus": 2}
        )
        parameters = RayParams(
            node_ip_address=get_node_ip_address(),
            num_gpus=0,
            object_store_memory=80_000_000,
            min_worker_port=0,
            max_worker_port=0,
            include_dashboard=False,
            include_log_monitor=False,
            temp_dir=folder,
            **place,
        )
        return Node(parameters, head=head is None, shutdown_at_exit=False, spawn_reaper=True)

    def ids(node: Any) -> dict[str, int]:
        return {kind: infos[0].process.pid for kind, infos in node.all_processes.items()}

    head = start()
    nodes = [start(head) for _ in range(count)]
    said = {"address": head.gcs_address, "head": ids(head), "nodes": [ids(node) for node in nodes]}
    print(json.dumps(said), flush=True)
    for _ in sys.stdin:
        head.kill_gcs_server(check_alive=False)
        head.start_gcs_server()
        print(json.dumps({"head": ids(head)}), flush=True)


def _free_port(address: str) -> int:
    import socket

    with socket.create_server((address, 0)) as held:
        return int(held.getsockname()[1])


if __name__ == "__main__":
    main(sys.argv[1:])
