"""PyTorch's own wrong arguments, given to the module under test: it raises where torch raises."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import torch
from torch.testing._internal.common_methods_invocations import op_db

from tests.conformance.exchange import ABOUT_MEMORY, Carrier, mapped, tensors
from tests.conformance.selection import find

#: What differs and stays so, by sample, with the reason.
ALLOWED: Final = Path(__file__).with_name("error_inputs.toml")

#: Python's own words about a formula that stumbled: no message for a user.
STUMBLED: Final = re.compile(
    r"object has no attribute|not enough values|too many values|index out of range|is not iterable|unpack"
)


class SharedCarrier(Carrier):
    """Makes arguments anew, and those that share memory in PyTorch share it in the module too."""

    def __init__(self, module: ModuleType) -> None:
        super().__init__(module)
        self._bases: dict[int, Any] = {}

    def __call__(self, value: Any) -> Any:
        """The module's counterpart of one argument that is no container."""
        if not isinstance(value, torch.Tensor) or value.is_meta or value.layout is not torch.strided:
            return super().__call__(value)
        storage = value.untyped_storage()
        whole = storage.nbytes() // value.element_size()
        if value.is_contiguous() and value.numel() == whole:
            made = self._base(value, whole)
            made = made if tuple(made.shape) == tuple(value.shape) else made.view(tuple(value.shape))
        elif 0 in value.stride() and value.numel():
            strides = value.stride()
            kept = tuple(
                1 if step == 0 else size for size, step in zip(value.shape, value.stride(), strict=True)
            )
            small = value.detach().as_strided(kept, strides).contiguous()
            made = self.module.tensor(small.numpy().copy()).expand(tuple(value.shape))
        elif value.is_contiguous() and value.numel():
            first = value.storage_offset()
            made = self._base(value, whole)[first : first + value.numel()].view(tuple(value.shape))
        else:
            return super().__call__(value)
        if value.requires_grad:
            return super().__call__(value)
        self.pairs.append((value, made))
        return made

    def _base(self, value: torch.Tensor, whole: int) -> Any:
        place = value.untyped_storage().data_ptr()
        if place not in self._bases or not place:
            flat = value.detach().as_strided((whole,), (1,), 0)
            self._bases[place] = self.module.tensor(flat.numpy().copy())
        return self._bases[place]


@dataclass(frozen=True, slots=True)
class Refusal:
    """What both modules said to one wrong call.

    Attributes:
        sample: "operator number".
        theirs: PyTorch's class and words.
        mine: the module's class and words, or that it answered.
        alike: whether the module raised the class that PyTorch raised.
    """

    sample: str
    theirs: str
    mine: str
    alike: bool

    @property
    def stumbled(self) -> bool:
        """Whether the words are Python's about a formula, not an answer to a user."""
        return STUMBLED.search(self.mine) is not None


def builtin_of(error: BaseException) -> type[BaseException]:
    """The builtin class that an exception is one of."""
    return next(kind for kind in type(error).__mro__ if kind.__module__ == "builtins")


def _told(error: BaseException | None) -> str:
    return "answers" if error is None else f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"


def _raised(call: Any) -> BaseException | None:
    try:
        call()
    except Exception as error:  # noqa: BLE001  # what it raises is what is compared
        return error
    return None


def refusals(module: ModuleType, pattern: str = "") -> Iterator[Refusal]:
    """What PyTorch and the module say to each wrong call of an operator that the module has."""
    for variant in op_db:
        in_place = variant.variant_test_name == "in_place"
        call = find(module, variant.name + "_" * in_place)
        if variant.error_inputs_func is None or call is None or not re.search(pattern, variant.name):
            continue
        if any(mark in variant.name for mark in ("jiterator", "sparse", "masked.")):
            continue
        for number, wrong in enumerate(variant.error_inputs("cpu")):
            sample = wrong.sample_input
            theirs, mine = _both(variant, call, module, sample)
            if theirs is None:
                continue
            yield Refusal(
                f"{variant.formatted_name} {number}",
                _told(theirs),
                _told(mine),
                mine is not None and isinstance(mine, builtin_of(theirs)),
            )


def _both(
    variant: Any, call: Any, module: ModuleType, sample: Any
) -> tuple[BaseException | None, BaseException | None]:
    kwargs = {k: v for k, v in sample.kwargs.items() if k not in ABOUT_MEMORY}
    uncarried = None
    try:
        # Made first: PyTorch's operator may write into its own.
        first, *args = mapped([sample.input, *sample.args], carrier := SharedCarrier(module))
        named = mapped(kwargs, carrier)
    except Exception as error:  # noqa: BLE001  # what cannot be made in the module is refused there
        uncarried = error
    theirs = _raised(lambda: variant.op(sample.input, *sample.args, **sample.kwargs))
    if theirs is None or uncarried is not None:
        return theirs, uncarried
    return theirs, _raised(
        lambda: [t.detach().numpy() for t in tensors(call(first, *args, **named), module.Tensor)]
    )


def allowed() -> Mapping[str, str]:
    """The samples that differ and stay so, with the reason."""
    table: dict[str, dict[str, Any]] = tomllib.loads(ALLOWED.read_text(encoding="utf-8"))
    groups = ((entry["samples"], reason) for reason, entry in table.items())
    return dict(itertools.chain.from_iterable(((s, reason) for s in samples) for samples, reason in groups))
