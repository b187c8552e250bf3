"""Which of PyTorch's operator variants count, and what they are called in the module under test."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any, Final

import torch
from torch.testing._internal.common_methods_invocations import op_db

#: Names that are no part of torch's public interface of dense tensors.
INTERNAL: Final = re.compile(
    r"""^(
        _(?!_)                                        # private, but not __rsub__ and its like
      | ops\. | torch\.ops | jiterator | native_ | unsafe_ | alias_copy | addmm_decomposed | slice$
      | sparse | to_sparse | masked\. | chalf | bfloat16 | segment_reduce
      | contiguous$ | resolve_ | as_strided           # about memory, which a far tensor does not have
      | max_pool2d_with_indices_backward | grid_sampler_
      | nn\.functional\.(multi_head_attention_forward | upsample_ | linear_cross_entropy)
    )""",
    re.VERBOSE,
)
INTERNAL_ENDINGS: Final = ("_copy", "_grad", "_backward", "_ex")

#: Values that two libraries cannot draw alike.
RANDOM: Final = re.compile(r"dropout|bernoulli|^normal$|rrelu|fractional_max_pool|svd_lowrank|pca_lowrank")


def counts(variant: Any) -> bool:
    """Whether the variant is a differentiable, deterministic operator of torch's public interface."""
    name: str = variant.name
    return (
        variant.supports_autograd
        and torch.float64 in variant.supported_dtypes("cpu")
        and not INTERNAL.search(name)
        and not name.endswith(INTERNAL_ENDINGS)
        and not RANDOM.search(name)
    )


def variants(pattern: str = "") -> Iterator[Any]:
    """The variants that count and whose full name matches."""
    return (v for v in op_db if counts(v) and re.search(pattern, v.formatted_name))


def find(module: ModuleType, name: str) -> Callable[..., Any] | None:
    """What the module calls by torch's name: a function, or its tensors' method or property, or nothing."""
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if callable(found):
        return found
    if "." in name:
        return None
    method = getattr(module.Tensor, name, None)
    if callable(method):
        # Looked up on the instance: a module may hand out tensors of a subclass.
        return lambda tensor, *args, **kwargs: getattr(tensor, name)(*args, **kwargs)
    return None if method is None else lambda tensor: getattr(tensor, name)


def entry_of(variant: Any, module: ModuleType) -> Callable[..., Any] | None:
    """The function in PyTorch's table around the operator, with the module in PyTorch's place."""
    function = variant.op
    if not isinstance(function, FunctionType):
        return None
    there = {**function.__globals__, "torch": module}
    return FunctionType(function.__code__, there, function.__name__, function.__defaults__)
