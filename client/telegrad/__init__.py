"""telegrad: torch's tensors, recorded here, computed and differentiated far away.

import telegrad as torch

x = torch.arange(4.0, requires_grad=True)
y = 2 * torch.dot(x, x)
y.backward()
x.grad                      # tensor([ 0.,  4.,  8., 12.])
"""

from __future__ import annotations

import math as _math
from builtins import bool as _bool
from builtins import int as _int
from importlib import import_module as _import_module
from typing import Any as _Any

from telegrad import autograd, random
from telegrad.autograd.mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from telegrad.config import connect, current_session, disconnect, flush, synchronize
from telegrad.explain import explain
from telegrad.finfo import finfo, iinfo
from telegrad.making.constructors import OLD_CLASSES as _OLD_CLASSES
from telegrad.making.creation import dtype_of as _dtype_of
from telegrad.making.creation import require_tensor as _require_tensor
from telegrad.making.creation import tensor
from telegrad.making.promotion import get_default_dtype, result_type, set_default_dtype
from telegrad.members.display import set_printoptions
from telegrad.members.looks import truth as _truth
from telegrad.recording.registry import FUNCTIONS as _FUNCTIONS
from telegrad.recording.registry import absent as _absent
from telegrad.recording.registry import complete as _complete
from telegrad.residuals import residuals
from telegrad.serialization import load, save
from telegrad.sharing.writing import can_cast as _can_cast
from telegrad.tensor import Tensor
from telegrad.types import (
    Size,
    channels_last,
    channels_last_3d,
    contiguous_format,
    device,
    layout,
    memory_format,
    preserve_format,
    strided,
)
from telegrad_proto import __version__
from telegrad_proto.dtypes import DType as dtype
from telegrad_proto.dtypes import bool_ as bool
from telegrad_proto.dtypes import (
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)
from telegrad_proto.dtypes import promote as _promote

__all__ = [
    "Size",
    "Tensor",
    "__version__",
    "autograd",
    "bool",
    "can_cast",
    "cdouble",
    "cfloat",
    "channels_last",
    "channels_last_3d",
    "complex64",
    "complex128",
    "connect",
    "contiguous_format",
    "current_session",
    "device",
    "disconnect",
    "double",
    "dtype",
    "e",
    "enable_grad",
    "explain",
    "finfo",
    "float",
    "float16",
    "float32",
    "float64",
    "flush",
    "get_default_dtype",
    "half",
    "iinfo",
    "inf",
    "inference_mode",
    "int",
    "int8",
    "int16",
    "int32",
    "int64",
    "is_complex",
    "is_floating_point",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "is_nonzero",
    "is_tensor",
    "layout",
    "load",
    "long",
    "memory_format",
    "nan",
    "newaxis",
    "no_grad",
    "numel",
    "pi",
    "preserve_format",
    "promote_types",
    "random",
    "residuals",
    "result_type",
    "save",
    "set_default_dtype",
    "set_default_tensor_type",
    "set_grad_enabled",
    "set_printoptions",
    "short",
    "strided",
    "synchronize",
    "tensor",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
]  # fmt: skip

# These give Tensor its operators and methods, and register torch's functions.
for _part in (
    "members.operators",
    "functions",
    "members.indexing",
    "members.looks",
    "members.methods",
    "making.ranges",
):
    _import_module(f"telegrad.{_part}")

#: Namespaces that are imported when they are first named.
_LAZY = frozenset(
    [
        "accelerator", "backends", "cuda", "distributions", "fft", "func", "interop", "jobs", "linalg", "nn",
        "optim", "special", "testing", "utils", "version",
    ]
)  # fmt: skip

#: What is imported when it is first named, and where it is.
_LATE = {
    "ArraySpec": "program.tracing",
    "Program": "program",
    "load_program": "program",
    "name": "naming",
    "named": "naming",
    "spec": "program.tracing",
}

#: Settings of the machine that computes.
_MACHINE = frozenset(
    [
        "set_num_threads",
        "get_num_threads",
        "set_num_interop_threads",
        "get_num_interop_threads",
        "set_default_device",
        "use_deterministic_algorithms",
        "are_deterministic_algorithms_enabled",
        "get_default_device",
        "set_float32_matmul_precision",
        "get_float32_matmul_precision",
    ]
)


def __getattr__(name: str) -> _Any:
    if name in _LAZY:
        try:
            return _import_module(f"telegrad.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"telegrad.{name}":
                raise
    if name in _LATE:
        return getattr(_import_module(f"telegrad.{_LATE[name]}"), name)
    if name == "vmap":
        return __getattr__("func").vmap
    if name in ("is_anomaly_enabled", "is_anomaly_check_nan_enabled", "set_anomaly_enabled"):
        return getattr(_import_module("telegrad.autograd.anomaly"), name)
    if name == "Variable":
        return autograd.Variable
    if not name.startswith("_") and (name in _FUNCTIONS[""] or (_complete() and name in _FUNCTIONS[""])):
        return _FUNCTIONS[""][name]
    if name.endswith("_") and not name.startswith("_") and hasattr(Tensor, name):
        return getattr(Tensor, name)  # torch.relu_(x), torch.zero_(x)
    if name in _MACHINE:
        return getattr(_import_module("telegrad.machine"), name)
    raise _absent("module 'telegrad'", "torch", name)


globals().update(_FUNCTIONS[""])
globals().update(_OLD_CLASSES)

half, float, double = float16, float32, float64
short, int, long = int16, int32, int64
cfloat, cdouble = complex64, complex128


def trace(*args: _Any, **kwargs: _Any) -> _Any:
    """Of a matrix the sum of its diagonal, torch's `trace`; of a function a `Program`."""
    if args and callable(args[0]) and not isinstance(args[0], Tensor):
        # Late: most users make no program, and need none of its messages.
        from telegrad.program.tracing import trace as program_of

        return program_of(*args, **kwargs)
    return _FUNCTIONS[""]["trace"](*args, **kwargs)


pi, e, inf, nan = _math.pi, _math.e, _math.inf, _math.nan
newaxis = None


def is_tensor(obj: object) -> _bool:
    """Whether it is a tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> _bool:
    """Whether the elements are real floating point numbers."""
    _require_tensor(input, "is_floating_point")
    return input.is_floating_point()


def is_complex(input: Tensor) -> _bool:
    """Whether the elements are complex numbers."""
    _require_tensor(input, "is_complex")
    return input.is_complex()


def is_nonzero(input: Tensor) -> _bool:
    """Whether the one element is not zero."""
    _require_tensor(input, "is_nonzero")
    return _truth(input)


def numel(input: Tensor) -> _int:
    """The number of elements."""
    _require_tensor(input, "numel")
    return input.numel()


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The type of an operation on tensors of these types."""
    _require_dtypes("promote_types", type1=type1, type2=type2)
    return _promote(type1, type2)


def _require_dtypes(name: str, **given: object) -> None:
    for place, (parameter, value) in enumerate(given.items(), start=1):
        if not isinstance(value, dtype):
            kind = type(value).__name__
            raise TypeError(
                f"{name}(): argument '{parameter}' (position {place}) must be torch.dtype, not {kind}"
            )


def can_cast(from_: dtype, to: dtype) -> _bool:
    """Whether torch lets a result of one type be written into a tensor of the other."""
    _require_dtypes("can_cast", from_=from_, to=to)
    return _can_cast(from_, to)


def set_default_tensor_type(t: object) -> None:
    """The old way to say `set_default_dtype`, by a class such as DoubleTensor."""
    set_default_dtype(_dtype_of(t))
