"""Where an operator's arguments come from: PyTorch's samples, its family, what is written by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from hypothesis import strategies as st
from torch.testing._internal.opinfo.core import BinaryUfuncInfo, ReductionOpInfo, UnaryUfuncInfo

from tests.conformance.sampling.comparison import Call
from tests.conformance.sampling.givens import Given, changed, givens_in
from tests.conformance.sampling.handmade import HANDMADE
from tests.conformance.sampling.mutations import mutated
from tests.conformance.sampling.operators import Operator
from tests.conformance.sampling.samples import samples, variants
from tests.conformance.sampling.shapes import Draw, axes, axis, dtypes, partner, scalars, tensor

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
Source = Callable[[Draw], Arguments | None]

#: Python's operators, by the function that each is.
SPELLED: Final = {
    "abs": "abs", "add": "add", "and": "bitwise_and", "eq": "eq", "floordiv": "floor_divide", "ge": "ge",
    "gt": "gt",
    "iadd": "add", "iand": "bitwise_and", "ifloordiv": "floor_divide", "ilshift": "bitwise_left_shift",
    "imod": "remainder", "imul": "mul", "invert": "bitwise_not", "ior": "bitwise_or", "ipow": "pow",
    "irshift": "bitwise_right_shift", "isub": "sub", "itruediv": "true_divide", "ixor": "bitwise_xor",
    "le": "le",
    "lshift": "bitwise_left_shift", "lt": "lt", "matmul": "matmul", "mod": "remainder", "mul": "mul",
    "ne": "ne", "neg": "neg", "or": "bitwise_or", "pos": "positive", "pow": "pow",
    "rfloordiv": "floor_divide",
    "rlshift": "bitwise_left_shift", "rrshift": "bitwise_right_shift",
    "rshift": "bitwise_right_shift",
    "rtruediv": "true_divide", "sub": "sub", "truediv": "true_divide", "xor": "bitwise_xor",
}  # fmt: skip


def known_as(operator: Operator) -> str | None:
    """The name under which PyTorch's table of samples has the operator."""
    table, bare = variants(), operator.bare
    if bare.startswith("__") and bare not in table:
        return SPELLED.get(bare.strip("_"))
    for name in (
        operator.name,
        bare,
        bare.removesuffix("_"),
        f"nn.functional.{bare}",
        f"linalg.{bare}",
        f"special.{bare}",
    ):
        if name in table:
            return name
    return None


def from_samples(name: str) -> Source:
    """One of PyTorch's samples, in any type."""
    infos = variants()[name]

    def source(draw: Draw) -> Arguments | None:
        position = draw(st.integers(0, len(infos) - 1))
        claimed = sorted(str(d).removeprefix("torch.") for d in infos[position].supported_dtypes("cpu"))
        usual = [d for d in claimed if d not in ("bfloat16", "complex32")] or ["float64"]
        dtype = draw(st.one_of(st.sampled_from(usual), dtypes))
        found = samples(name, position, dtype)
        if not found:
            return None
        args, kwargs = found[draw(st.integers(0, len(found) - 1))]
        return reordered(name, args), kwargs

    return source


def reordered(name: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """A sample's arguments in the order in which the public function takes them."""
    if name == "einsum":
        return (args[1], *args[0])
    if name in ("nn.functional.embedding", "nn.functional.embedding_bag"):
        return (args[1], args[0], *args[2:])
    return args


def unary(draw: Draw) -> Arguments:
    """One tensor."""
    return (tensor(draw),), {}


def binary(draw: Draw) -> Arguments:
    """Two operands, one of which may be a number."""
    first = tensor(draw)
    kind = draw(st.sampled_from(("tensor", "tensor", "number", "number first")))
    if kind == "tensor":
        same = draw(st.booleans())
        return (first, tensor(draw, partner(draw, first.numbers.shape), first.dtype if same else None)), {}
    number = draw(scalars)
    return ((first, number) if kind == "number" else (number, first)), {}


def reduction(draw: Draw) -> Arguments:
    """A tensor, perhaps dimensions, perhaps keepdim."""
    x = tensor(draw)
    kwargs: dict[str, Any] = {}
    if draw(st.booleans()):
        kwargs["dim"] = axes(draw, x.numbers.ndim)
        if draw(st.booleans()):
            kwargs["keepdim"] = draw(st.booleans())
    return (x,), kwargs


def single_reduction(draw: Draw) -> Arguments:
    """A tensor, perhaps one dimension, perhaps keepdim."""
    x = tensor(draw)
    kwargs: dict[str, Any] = {}
    if draw(st.booleans()):
        kwargs["dim"] = axis(draw, x.numbers.ndim)
        if draw(st.booleans()):
            kwargs["keepdim"] = draw(st.booleans())
    return (x,), kwargs


def sources(operator: Operator) -> Sequence[Source]:
    """Where the operator's arguments come from."""
    found: list[Source] = []
    if operator.name in HANDMADE:
        found += [HANDMADE[operator.name]] * 2
    name = known_as(operator)
    if name is None:
        return found
    if name in variants():
        found += [from_samples(name)] * 2
        info = variants()[name][0]
        if isinstance(info, UnaryUfuncInfo):
            found.append(unary)
        elif isinstance(info, BinaryUfuncInfo):
            found += [binary] * 3
        elif isinstance(info, ReductionOpInfo):
            found += [reduction, single_reduction]
    return found


@st.composite
def calls(draw: Draw, operator: Operator) -> Call | None:
    """A call of the operator; None where what was drawn makes none."""
    choices = sources(operator)
    arguments = draw(st.sampled_from(choices))(draw)
    if arguments is None:
        return None
    (args, kwargs), ordinary = mutated(draw, operator.name, *arguments)
    form, name = draw(st.sampled_from(operator.forms))
    if form != "function" and not (args and isinstance(args[0], Given)):
        form, name = operator.forms[0]
        if form != "function":
            return None
    if form == "property":
        args, kwargs = args[:1], {}
    if name.startswith("__"):
        # Python hands these their operands itself.
        if len(args) != len(arguments[0]):
            return None
        kwargs = {}
    grad = draw(st.integers(0, 3)) > 0
    if grad:
        wanted = draw(st.integers(0, 3))

        def leaf(value: Any) -> Any:
            nonlocal wanted
            if isinstance(value, Given) and value.numbers.dtype.kind in "fc":
                wanted -= 1
                return Given(value.numbers, value.layout, wanted != 0)
            return value

        if form != "in place" or draw(st.integers(0, 3)) == 0:
            args, kwargs = changed(args, leaf), changed(kwargs, leaf)
    given = givens_in((args, kwargs))
    if len(given) > 40 or (any(g.dtype == "float16" for g in given) and any(map(_too_large, args))):
        return None
    return Call(operator.name, form, name, args, kwargs, ordinary)


def _too_large(value: object) -> bool:
    # Beyond a half's range telegrad's number is infinite; PyTorch holds it in single precision for one step.
    return isinstance(value, (int, float)) and 65504 < abs(value) < float("inf")
