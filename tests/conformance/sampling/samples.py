"""PyTorch's own samples as one source of arguments, in any element type."""

from __future__ import annotations

import functools
import itertools
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import torch
from torch.testing._internal.common_methods_invocations import op_db

from tests.conformance.exchange import ABOUT_MEMORY, mapped
from tests.conformance.sampling.givens import DTYPES, Given, changed

#: So many samples of a variant and element type are made; the later ones differ in values only.
SAMPLES: Final = 40

Arguments = tuple[tuple[Any, ...], dict[str, Any]]

#: Types of arguments that mean the same in both modules.
_PLAIN: Final = (bool, int, float, complex, str, type(None), type(Ellipsis), torch.dtype)


class UnusableError(Exception):
    """A sample holds something that only PyTorch knows."""


@functools.cache
def variants() -> Mapping[str, Sequence[Any]]:
    """PyTorch's operator variants by every name that they have."""
    found: dict[str, list[Any]] = defaultdict(list)
    for variant in op_db:
        for name in {variant.name, *(alias.name for alias in variant.aliases)}:
            found[name].append(variant)
    return found


def _given(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        if value.layout is not torch.strided or value.is_meta or value.dtype is torch.bfloat16:
            raise UnusableError
        return Given(np.array(value.detach().resolve_conj().resolve_neg().numpy(), copy=True, order="C"))
    if isinstance(value, torch.Size):
        return tuple(value)
    if isinstance(value, torch.dtype) and str(value).removeprefix("torch.") not in DTYPES:
        raise UnusableError
    if not isinstance(value, _PLAIN):
        raise UnusableError
    return value


@functools.cache
def samples(variant: str, position: int, dtype: str) -> Sequence[Arguments]:
    """The arguments of a variant's samples, in this element type whether PyTorch takes it or not.

    Args:
        variant: its name.
        position: which of the variants of that name.
        dtype: the element type.
    """
    info = variants()[variant][position]
    supported = {str(d).removeprefix("torch.") for d in info.supported_dtypes("cpu")}
    made_in = dtype
    if dtype not in supported:
        made_in = next((d for d in ("float64", "int64", *DTYPES) if d in supported), "float64")
    found: list[Arguments] = []
    torch.manual_seed(0)
    # The table draws numbers from Python's generator as well, which is hypothesis's while it draws.
    before = random.getstate()
    random.seed(0)
    try:
        for sample in itertools.islice(info.sample_inputs("cpu", getattr(torch, made_in)), SAMPLES):
            if sample.kwargs.get("dropout_p"):
                continue  # draws numbers
            try:
                args = mapped((sample.input, *sample.args), _slices)
                kwargs = {k: v for k, v in sample.kwargs.items() if k not in ABOUT_MEMORY}
                found.append((changed(args, _given), changed(kwargs, _given)))
            except UnusableError:
                continue
    except Exception:  # noqa: BLE001  # some variants cannot make samples of all the types they claim
        return found
    finally:
        random.setstate(before)
    if made_in == dtype:
        return found

    def converted(value: Any) -> Any:
        if isinstance(value, Given) and value.dtype == made_in:
            with np.errstate(all="ignore"):
                numbers = value.numbers
                if numbers.dtype.kind == "c" and np.dtype(dtype).kind != "c":
                    numbers = numbers.real
                if numbers.dtype.kind in "fi" and np.dtype(dtype).kind == "u":
                    numbers = np.abs(numbers)
                return Given(np.ascontiguousarray(numbers.astype(dtype)))
        return value

    return [(changed(a, converted), changed(k, converted)) for a, k in found]


def _slices(value: Any) -> Any:
    return value
