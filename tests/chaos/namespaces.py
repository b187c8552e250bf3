"""A network of this test's own: nodes in network namespaces, each with a cable to one switch.

A cable can be pulled, and made slow. Nothing of the machine's own network is touched, and nothing can stay
behind: a namespace lives as long as the processes in it, and the one that keeps it open ends when the pipe
from this process closes, however this process ended.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from typing import Final, Self

#: Addresses for measurements between networks, in nobody's use (RFC 2544).
_ADDRESS: Final = "198.18.0.{}"
_TOOLS: Final = ("ip", "tc", "nsenter", "unshare")
#: Root's tools are not in everybody's PATH.
_PATH: Final = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))

#: A rate is kept over this much; less than a packet would let none through.
_BURST_BYTES: Final = 16 << 10
_QUEUE_MS: Final = 200

#: For what runs on a node: a proxy of this machine's is out of reach there.
ENVIRONMENT: Final[Mapping[str, str]] = {"grpc_proxy": ""}


@cache
def missing() -> str | None:
    """What this machine lacks for such a network; None where there is everything."""
    absent = [tool for tool in _TOOLS if shutil.which(tool, path=_PATH) is None]
    if absent:
        return f"network namespaces need {', '.join(absent)}: not there"
    if os.geteuid() != 0:
        return "network namespaces need root"
    try:
        with Network() as network:
            network.limit(network.add("probe"), mbit=1)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"this machine makes no network of namespaces: {error}"
    return None


class Node:
    """A network namespace with one interface, and the cable from there to the switch.

    Attributes:
        name: for messages, and of the cable's end at the switch.
        address: its own.
    """

    def __init__(self, name: str, address: str = "") -> None:
        self.name = name
        self.address = address
        self._keeper = subprocess.Popen(
            ["unshare", "--net", "cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        try:
            # An echo is the sign that it runs inside.
            self._keeper.stdin.write(b"\n")
            if not self._keeper.stdout.read(1):
                raise OSError(self._said())
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """A process inside."""
        return self._keeper.pid

    def inside(self, *command: str) -> tuple[str, ...]:
        """The command that runs a command inside, as the same process."""
        return ("nsenter", f"--net=/proc/{self.pid}/ns/net", "--", *command)

    def run(self, *command: str, text: str = "") -> str:
        """What a command inside says.

        Raises:
            OSError: it failed.
        """
        done = subprocess.run(
            self.inside(*command),
            input=text,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "PATH": _PATH},
        )
        if done.returncode:
            raise OSError(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
        return done.stdout

    def close(self) -> None:
        """Ends the namespace, once nothing else runs in it."""
        for stream in (self._keeper.stdin, self._keeper.stdout, self._keeper.stderr):
            if stream is not None:
                stream.close()
        self._keeper.kill()
        self._keeper.wait(30)

    def _said(self) -> str:
        assert self._keeper.stderr is not None
        return self._keeper.stderr.read().decode().strip() or "unshare failed"


class Network:
    """Nodes around a switch; it ends with the block.

    Attributes:
        nodes: by their names.

    Raises:
        OSError: the machine does not let us.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._switch = Node("switch")
        self._stack.callback(self._switch.close)
        self.nodes: dict[str, Node] = {}

    def __enter__(self) -> Self:
        try:
            self._ip(self._switch, ["link add br0 type bridge", "link set br0 up"])
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, name: str) -> Node:
        """Another node, reachable from all others.

        Args:
            name: at most fifteen letters.
        """
        node = Node(name, _ADDRESS.format(len(self.nodes) + 1))
        self._stack.callback(node.close)
        self.nodes[name] = node
        self._ip(
            self._switch,
            [
                f"link add {name} mtu 1500 type veth peer name eth0 netns {node.pid}",
                f"link set {name} master br0 up",
            ],
        )
        self._ip(node, [f"address add {node.address}/24 dev eth0", "link set lo up", "link set eth0 up"])
        return node

    def pull(self, node: Node) -> None:
        """Takes the node's cable out at the switch: what is sent gets lost, without a word."""
        self._ip(self._switch, [f"link set {node.name} down"])

    def plug(self, node: Node) -> None:
        """Puts the node's cable in again."""
        self._ip(self._switch, [f"link set {node.name} up"])

    def limit(self, node: Node, *, mbit: float) -> None:
        """Lets so many megabits a second through the node's cable, each way."""
        for end, interface in ((node, "eth0"), (self._switch, node.name)):
            rate = f"rate {mbit:g}mbit burst {_BURST_BYTES} latency {_QUEUE_MS}ms"
            end.run("tc", "qdisc", "replace", "dev", interface, "root", "tbf", *rate.split())

    @staticmethod
    def _ip(node: Node, commands: Sequence[str]) -> None:
        node.run("ip", "-batch", "-", text="\n".join(commands))
