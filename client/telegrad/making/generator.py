"""Where random draws come from: a seed, and a count of the draws."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from operator import index
from typing import Any, Final, SupportsIndex

import numpy as np

from telegrad.autograd.mode import MODE
from telegrad.making.creation import array_from, from_array
from telegrad.tensor import Tensor
from telegrad.types import check_device
from telegrad.types import device as device_of
from telegrad_proto.errors import ArgumentError, LimitError

_MASK: Final = (1 << 64) - 1


def _any_seed() -> int:
    """63 bits that nobody can foresee. `secrets` gives the same, for more time at import."""
    return int.from_bytes(os.urandom(8), "little") >> 1


class Generator:
    """A stream of draws: a seed, and how many draws it has given.

    Args:
        device: accepted; there is one.

    Attributes:
        device: where its draws are said to be.
    """

    def __init__(self, device: Any = "cpu") -> None:
        check_device(device)
        self.device: Final = device_of("cpu")
        self._seed = _any_seed()
        self._draws = 0

    def manual_seed(self, seed: int) -> Generator:
        """Itself, started again from a seed.

        Raises:
            ArgumentError: the seed is no integer.
            LimitError: the seed has more than 64 bits.
        """
        if isinstance(seed, bool) or not isinstance(seed, SupportsIndex):
            raise ArgumentError(f"manual_seed expected a long, but got {type(seed).__name__}")
        seed = index(seed)
        if not -(1 << 63) <= seed <= _MASK:
            raise LimitError("Overflow when unpacking long long")
        self._seed, self._draws = seed & _MASK, 0
        return self

    def seed(self) -> int:
        """A seed that nobody chose, from which it starts again."""
        self._seed, self._draws = _any_seed(), 0
        return self._seed

    def initial_seed(self) -> int:
        """The seed that it was started from."""
        return self._seed

    def get_state(self) -> Tensor:
        """Where it is, as bytes."""
        return from_array(np.array([self._seed, self._draws], np.uint64).view(np.uint8).copy())

    def set_state(self, new_state: Tensor) -> Generator:
        """Itself, where it was when the state was taken.

        Raises:
            ArgumentError: it is no such state.
        """
        array = array_from(new_state)
        if array.dtype != np.uint8 or array.shape != (16,):
            raise ArgumentError("set_state: requires what get_state gave, 16 bytes")
        self._seed, self._draws = (int(word) for word in np.ascontiguousarray(array).view(np.uint64))
        return self

    def key(self) -> Tensor:
        """The next draw's key."""
        key = np.array([self._seed, self._draws], np.uint64)
        self._draws = (self._draws + 1) & _MASK
        key.flags.writeable = False
        made = from_array(key)
        if MODE.levels:
            from telegrad.recording.batching import own_key  # needed inside vmap only

            made = own_key(made)
        return made


default_generator: Final = Generator()


def next_key(generator: Generator | None) -> Tensor:
    """The key of a generator's next draw; None is the default one.

    Raises:
        TypeError: it is no generator.
    """
    if generator is None:
        return default_generator.key()
    if not isinstance(generator, Generator):
        raise TypeError(f"generator: requires a torch.Generator, got {type(generator).__name__}")
    return generator.key()


@contextmanager
def fork_rng(
    devices: Any = None,
    enabled: bool = True,
    _caller: str = "fork_rng",
    _devices_kw: str = "devices",
    device_type: str = "cpu",
) -> Iterator[None]:
    """Draws inside leave no trace: the default generator is afterwards where it was."""
    if not enabled:
        yield
        return
    seed, draws = default_generator._seed, default_generator._draws
    try:
        yield
    finally:
        default_generator._seed, default_generator._draws = seed, draws
