"""telegrad: torch's tensors, recorded here, computed and differentiated far away.

    import telegrad as torch

    x = torch.arange(4.0, requires_grad=True)
    y = 2 * torch.dot(x, x)
    y.backward()
    x.grad                      # tensor([ 0.,  4.,  8., 12.])
"""

from __future__ import annotations

import math as _math

from telegrad import _operators as _operators  # isort: skip
from telegrad import autograd as autograd
from telegrad import functions as _functions
from telegrad import indexing as _indexing
from telegrad import looks as _looks
from telegrad import methods as _methods
from telegrad import ranges as _ranges
from telegrad.autograd.mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from telegrad.config import connect, disconnect, flush, session, synchronize
from telegrad.constructors import OLD_CLASSES as _OLD_CLASSES
from telegrad.display import set_printoptions
from telegrad.explain import explain
from telegrad.promotion import get_default_dtype, result_type, set_default_dtype
from telegrad.registry import FUNCTIONS as _FUNCTIONS
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
from telegrad_proto import __version__ as __version__
from telegrad_proto.dtypes import DType as dtype
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
from telegrad_proto.dtypes import bool_ as bool

globals().update(_FUNCTIONS[""])
globals().update(_OLD_CLASSES)
