"""Where arrays live: NumPy in host memory, or CuPy on a GPU. The choice is made here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from contextvars import Context
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np

from telegrad_proto.errors import ArgumentError, PayloadError
from telegrad_proto.spec import Spec

T = TypeVar("T")

_QUIET: Final = Context()
_QUIET.run(np.seterr, all="ignore")


@dataclass(frozen=True, slots=True)
class Backend:
    """An array module and how bytes get in and out of it.

    Attributes:
        name: `cpu` or `cuda:N`, as a user names it.
        xp: numpy or cupy.
    """

    name: str
    xp: Any

    def from_bytes(self, data: bytes | memoryview, spec: Spec) -> Any:
        """A read-only array over these bytes; on a GPU, a copy there.

        Shape: spec.nbytes bytes -> spec

        Raises:
            PayloadError: a bool that is neither 0 nor 1: kernels take for granted that there is none.
        """
        if spec.dtype.kind == "b" and np.frombuffer(data, np.uint8).max(initial=0) > 1:
            raise PayloadError(f"{spec!r}: requires bytes 0 and 1, got others")
        array: Any = np.ndarray(spec.shape, spec.dtype.typestr, data)
        return array if self.xp is np else self.xp.asarray(array)

    def to_host(self, array: Any, spec: Spec) -> np.ndarray[Any, Any]:
        """The array in host memory, C order, little-endian."""
        host = array if self.xp is np else self.xp.asnumpy(array)
        return np.ascontiguousarray(host, dtype=spec.dtype.typestr).reshape(spec.shape)

    def owned(self, array: Any) -> Any:
        """The array as it may be kept: one that is a small window on a large one becomes its own."""
        array = self.xp.asarray(array)
        base = array.base
        if base is None:
            return array
        return array.copy() if getattr(base, "nbytes", 0) > 2 * array.nbytes else array

    def quiet(self) -> AbstractContextManager[Any]:
        """Inside, 0/0 and overflow give NaN and infinity without a warning, as on any device."""
        return np.errstate(all="ignore") if self.xp is np else nullcontext()

    def quietly(self, call: Callable[..., T], *args: Any) -> T:
        """What the call gives, made as inside `quiet`; cheaper, for what every small fragment calls."""
        # NumPy keeps the setting in a context variable; one context can be entered once at a time.
        return _QUIET.copy().run(call, *args) if self.xp is np else call(*args)


def backend(device: str = "cpu") -> Backend:
    """The backend of a device: `cpu`, `cuda` or `cuda:N`.

    Raises:
        ArgumentError: no such device here, or CuPy is missing.
    """
    if device == "cpu":
        return Backend("cpu", np)
    kind, _, number = device.partition(":")
    if kind != "cuda" or not (number == "" or number.isdigit()):
        raise ArgumentError(f"device: requires cpu, cuda or cuda:N, got {device!r}")
    try:
        import cupy  # late: optional, and only on a machine with a GPU
    except ImportError as error:
        raise ArgumentError(
            f"device {device}: requires CuPy (`pip install 'telegrad-engine[cuda]'`)"
        ) from error
    index = int(number or 0)
    count = cupy.cuda.runtime.getDeviceCount() if cupy.cuda.is_available() else 0
    if index >= count:
        raise ArgumentError(f"device {device}: this machine has {count} CUDA devices")
    cupy.cuda.Device(index).use()
    return Backend(f"cuda:{index}", cupy)
