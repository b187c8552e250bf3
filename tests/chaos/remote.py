"""A client in a process of its own, and so in any network; its other end is `trainee`.

It waits at the steps that it is told, and says in a line of JSON what it has found so far.
"""

from __future__ import annotations

import hashlib
import json
import os
import selectors
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from tests.chaos.namespaces import ENVIRONMENT, Node

_ROOT: Final = Path(__file__).parents[2]
_WAIT_S: Final = 100.0


@dataclass(frozen=True, slots=True)
class Found:
    """What a client knows at one moment.

    Attributes:
        step: after which step of the training; -1 at the end.
        bits: what its work made, in hexadecimal; at the end only.
        error: the class of the error that ended it, if one did.
        session_id: its session's.
        sent: fragments, each counted once.
        answered: the numbers of the fragments whose outcomes it took, in their order.
        reconnects: streams opened again.
        replayed: fragments sent again to a server that had lost the session.
    """

    step: int
    bits: list[str] = field(default_factory=list)
    error: str = ""
    session_id: str = ""
    sent: int = 0
    answered: list[int] = field(default_factory=list)
    reconnects: int = 0
    replayed: int = 0

    @property
    def worker(self) -> str:
        """Where the session was placed."""
        return self.session_id.partition(".")[0]

    @property
    def counted_once(self) -> bool:
        """Whether every fragment got one outcome, in order."""
        return self.answered == list(range(1, self.sent + 1))

    def assert_unharmed(self, undisturbed: Iterable[bytes]) -> None:
        """Nothing, if the work ended as if nothing had happened, each of its fragments counted once.

        Raises:
            AssertionError: it did not, and how.
        """
        assert not self.error, self.error
        assert self.counted_once, f"{self.sent} sent, answered: {self.answered}"
        assert self.bits == bits(undisturbed), "other bits than those of the undisturbed run"


def bits(results: Iterable[bytes]) -> list[str]:
    """Results in the form in which a client reports them."""
    return [hashlib.blake2b(result, digest_size=16).hexdigest() for result in results]


class Client:
    """A client that runs on a node, as seen from the test; it ends with the block.

    Args:
        node: where; None: on this machine itself.
        address: the server's.
        work: the name of what it does: see `trainee.WORK`.
        pauses: the steps after which it waits.
        environment: variables beside this process's own.
    """

    def __init__(
        self,
        node: Node | None,
        address: str,
        *,
        work: str = "train",
        pauses: Iterable[int] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        command = (sys.executable, "-m", "tests.chaos.trainee", address, work, *map(str, pauses))
        self._process = subprocess.Popen(
            command if node is None else node.inside(*command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_ROOT,
            env={**os.environ, **ENVIRONMENT, **(environment or {})},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(30)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def found(self) -> Found:
        """What it says at its next pause, or at its end.

        Raises:
            TimeoutError: it says nothing.
        """
        if not self.says_within(_WAIT_S):
            raise TimeoutError(f"the client said nothing in {_WAIT_S:g} s")
        assert self._process.stdout is not None
        return Found(**json.loads(self._process.stdout.readline()))

    def says_within(self, timeout_s: float) -> bool:
        """Whether it says something in that time."""
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            return bool(selector.select(timeout_s))

    def go_on(self) -> None:
        """Ends its pause."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
