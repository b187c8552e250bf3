"""Random tensors. The generator is here, the numbers are made on the server from (seed, number of the draw).

A draw is a primitive with a key as its input, so a graph that is computed again, elsewhere or later, draws
the same numbers. They are not those that torch draws from the same seed.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from telegrad import _primitives as p
from telegrad.making.creation import as_leaf, into, shape_of, wanted_dtype
from telegrad.making.generator import Generator, default_generator, next_key
from telegrad.making.generator import fork_rng as fork_rng
from telegrad.making.promotion import cast, constant, get_default_dtype, number, to_float
from telegrad.recording.registry import FUNCTIONS
from telegrad.sharing import writing
from telegrad.tensor import Tensor, make, scalar_name
from telegrad.types import check_device
from telegrad_proto.dtypes import DType, float32, int64, uint64
from telegrad_proto.errors import ArgumentError, DTypeError


def manual_seed(seed: int) -> Generator:
    """The default generator, started again from a seed."""
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """A seed that nobody chose, from which the default generator starts again."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed that the default generator was started from."""
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """Where the default generator is, as bytes."""
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Puts the default generator where it was when the state was taken."""
    default_generator.set_state(new_state)


def uniform(shape: tuple[int, ...], dtype: DType, generator: Generator | None = None) -> Tensor:
    """Numbers evenly in [0, 1)."""
    _require_float(dtype, "uniform")
    key = next_key(generator)
    if dtype.kind == "c":
        part = dtype.to_real()
        return p.complex(uniform(shape, part, generator), uniform(shape, part, generator))
    return p.random_uniform(key, shape=shape, dtype=dtype)


def standard_normal(shape: tuple[int, ...], dtype: DType, generator: Generator | None = None) -> Tensor:
    """Numbers of the standard normal distribution; complex ones of variance 1 altogether."""
    _require_float(dtype, "normal")
    if dtype.kind == "c":
        part = dtype.to_real()
        half = constant(0.5**0.5, part)
        parts = [p.mul(standard_normal(shape, part, generator), half) for _ in range(2)]
        return p.complex(parts[0], parts[1])
    return p.random_normal(next_key(generator), shape=shape, dtype=dtype)


def exponential(shape: tuple[int, ...], dtype: DType, generator: Generator | None = None) -> Tensor:
    """Numbers of the exponential distribution of rate 1; none is 0, so that their logarithms are finite."""
    drawn = p.neg(p.log1p(p.neg(uniform(shape, dtype, generator))))
    return p.maximum(drawn, constant(2.0 ** -(25 if dtype.itemsize == 4 else 54), dtype))


def _require_float(dtype: DType, name: str) -> None:
    if dtype.kind not in "fc":
        raise DTypeError(
            f'"{name}" not implemented for {dtype.name!r}: requires a floating point or complex type'
        )


def below(bound: int, shape: tuple[int, ...], generator: Generator | None = None) -> Tensor:
    """Integers evenly in [0, bound), as int64; the bound is small beside 2**64, so that the remainder is even
    enough.
    """
    bits = p.random_bits(next_key(generator), shape=shape)
    return p.cast(p.remainder(bits, constant(bound, uint64)), dtype=int64)


def _sizes(size: tuple[Any, ...], named: dict[str, Any], name: str) -> tuple[int, ...]:
    if not size:
        if "size" not in named:
            raise TypeError(f'{name}() missing 1 required positional arguments: "size"')
        size = (named.pop("size"),)
    if named:
        raise TypeError(f"{name}() got an unexpected keyword argument '{next(iter(named))}'")
    return shape_of(size, name)


def _finish(made: Tensor, out: Tensor | None, requires_grad: bool) -> Tensor:
    made = as_leaf(made, requires_grad)
    return made if out is None else into(out, made)


def rand(
    *size: Any,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    **named: Any,
) -> Tensor:
    """Numbers evenly in [0, 1)."""
    check_device(device)
    made = uniform(_sizes(size, named, "rand"), wanted_dtype(dtype, get_default_dtype()), generator)
    return _finish(made, out, requires_grad)


def randn(
    *size: Any,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    **named: Any,
) -> Tensor:
    """Numbers of the standard normal distribution."""
    check_device(device)
    made = standard_normal(_sizes(size, named, "randn"), wanted_dtype(dtype, get_default_dtype()), generator)
    return _finish(made, out, requires_grad)


def _check_bounds(low: int, high: int, dtype: DType) -> None:
    """Refuses integers that the type lacks."""
    if dtype.kind == "c":
        raise DTypeError(f"random_ handles only integral, floating-point and boolean types, got {dtype.name}")
    if dtype.kind == "f":
        largest = int(np.finfo(dtype.typestr).max)
        bounds = (-largest, largest)
    else:
        limits = None if dtype.kind == "b" else np.iinfo(dtype.typestr)
        bounds = (0, 1) if limits is None else (int(limits.min), int(limits.max))
    for name, value in (("from", low), ("to - 1", high - 1)):
        if not bounds[0] <= value <= bounds[1]:
            raise ArgumentError(f"{name} is out of bounds for {scalar_name(dtype).lower()}")


def randint(
    low: int,
    high: Any = None,
    size: Any = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Integers evenly in [low, high); `randint(high, size)` begins at 0.

    Raises:
        ArgumentError: there is no integer in between, or the type lacks some.
        DTypeError: a complex type.
    """
    check_device(device)
    if not isinstance(high, int):
        low, high, size = 0, low, high if size is None else size
    if low >= high:
        raise ArgumentError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    known = wanted_dtype(dtype, int64)
    _check_bounds(low, high, known)
    drawn = below(high - low, shape_of((size,), "randint"), generator)
    made = cast(p.add(drawn, constant(low, int64)) if low else drawn, known)
    return _finish(made, out, requires_grad)


def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """The integers below n in random order."""
    check_device(device)
    if n < 0:
        raise ArgumentError(f"n must be non-negative, got {n}")
    bits = p.random_bits(next_key(generator), shape=(n,))
    _, order = p.sort(bits, axis=0, descending=False, stable=True)
    return _finish(cast(order, wanted_dtype(dtype, int64)), out, requires_grad)


def rand_like(
    input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, **_: Any
) -> Tensor:
    """Numbers evenly in [0, 1), of another tensor's shape and type."""
    check_device(device)
    return as_leaf(uniform(input._spec.shape, wanted_dtype(dtype, input.dtype)), requires_grad)


def randn_like(
    input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, **_: Any
) -> Tensor:
    """Numbers of the standard normal distribution, of another tensor's shape and type."""
    check_device(device)
    return as_leaf(standard_normal(input._spec.shape, wanted_dtype(dtype, input.dtype)), requires_grad)


def randint_like(
    input: Tensor,
    low: int,
    high: int | None = None,
    *,
    dtype: Any = None,
    requires_grad: bool = False,
    **_: Any,
) -> Tensor:
    """Integers evenly in [low, high), of another tensor's shape and type."""
    if high is None:
        low, high = 0, low
    made = randint(low, high, input._spec.shape, dtype=wanted_dtype(dtype, input.dtype))
    return as_leaf(made, requires_grad)


def normal(
    mean: Any,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: Any = None,
) -> Tensor:
    """Numbers of normal distributions with these means and standard deviations, each a tensor or a number."""
    tensors = [t for t in (mean, std) if isinstance(t, Tensor)]
    for key, given in (("mean", mean), ("std", std)):
        if not isinstance(given, (Tensor, int, float)):
            raise TypeError(f"normal(): argument '{key}' must be Tensor or float, not {type(given).__name__}")
    if isinstance(size, int):
        raise TypeError("normal(): argument 'size' must be tuple of ints, not int")
    if isinstance(std, Tensor) and std.dtype.kind == "c":
        raise DTypeError("normal expects standard deviation to be non-complex")
    if isinstance(std, (int, float)) and std < 0:
        raise ArgumentError(f"normal expects std >= 0.0, but found std {std}")
    if not tensors:
        shape, wanted = (
            shape_of((size if size is not None else (),), "normal"),
            wanted_dtype(dtype, get_default_dtype()),
        )
    else:
        from telegrad_proto.shapes import broadcast_all

        shape, wanted = broadcast_all([t._spec.shape for t in tensors]), tensors[0].dtype
    drawn, spread = standard_normal(shape, wanted, generator), _parameter(std, wanted)
    if isinstance(std, Tensor) and wanted.kind == "f":
        words = "normal expects all elements of std >= 0.0"
        spread = p.require(spread, p.ge(spread, constant(0, wanted)), message=words)
    made = p.add(p.mul(drawn, spread), _parameter(mean, wanted))
    return made if out is None else into(out, made)


def _parameter(value: Any, dtype: DType) -> Tensor:
    return cast(value, dtype) if isinstance(value, Tensor) else constant(number(value), dtype)


def bernoulli(
    input: Tensor,
    p_: Any = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    **named: Any,
) -> Tensor:
    """Ones with the probabilities in `input`, zeros else; no gradient flows through."""
    p_ = named.pop("p", p_)
    chance = input if p_ is None else _chance(p_)
    made = make(_coin(chance.detach(), input._spec.shape, input.dtype, generator)._value)
    return made if out is None else into(out, made)


def _chance(p_: Any) -> Tensor:
    if isinstance(p_, (int, float)) and not 0 <= p_ <= 1:
        raise ArgumentError(f"bernoulli_ expects p to be in [0, 1], but got p={p_}")
    return _parameter(p_, get_default_dtype())


def _coin(chance: Tensor, shape: tuple[int, ...], dtype: DType, generator: Generator | None) -> Tensor:
    chance = to_float(chance)
    zero, one = (constant(bound, chance.dtype) for bound in (0, 1))
    inside = p.logical_and(p.ge(chance, zero), p.le(chance, one))
    chance = p.require(chance, inside, message="Expected p_in >= 0 && p_in <= 1 to be true, but got false.")
    drawn = uniform(shape, chance.dtype if chance.dtype.kind == "f" else float32, generator)
    return cast(p.lt(drawn, cast(chance, drawn.dtype)), dtype)


def uniform_(
    self: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None, **named: Any
) -> Tensor:
    """Itself, with numbers evenly in [from, to)."""
    low, dtype = named.pop("from", from_), self.dtype
    if low > to:
        raise ArgumentError(f"uniform_ expects to return a [from, to) range, but found from={low} > to={to}")
    writing.check_writable(self)
    drawn = uniform(self._spec.shape, dtype, generator)
    return writing.write(self, p.add(p.mul(drawn, constant(to - low, dtype)), constant(low, dtype)))


def normal_(
    self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Itself, with numbers of a normal distribution."""
    if std < 0:
        raise ArgumentError(f"normal expects std >= 0.0, but found std {std}")
    writing.check_writable(self)
    dtype = self.dtype
    drawn = standard_normal(self._spec.shape, dtype, generator)
    return writing.write(self, p.add(p.mul(drawn, constant(std, dtype)), constant(mean, dtype)))


def bernoulli_(self: Tensor, p_: Any = 0.5, *, generator: Generator | None = None, **named: Any) -> Tensor:
    """Itself, with ones of a probability, zeros else."""
    writing.check_writable(self)
    chance = _chance(named.pop("p", p_))
    return writing.write(self, _coin(chance.detach(), self._spec.shape, self.dtype, generator))


def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Itself, with numbers of an exponential distribution of this rate."""
    if lambd <= 0:
        raise ArgumentError(f"exponential_ expects lambda > 0.0, but found lambda={lambd}")
    writing.check_writable(self)
    drawn = exponential(self._spec.shape, self.dtype, generator)
    return writing.write(self, p.mul(drawn, constant(1.0 / lambd, self.dtype)))


def random_(
    self: Tensor, from_: int = 0, to: int | None = None, *, generator: Generator | None = None, **named: Any
) -> Tensor:
    """Itself, with integers evenly in [from, to); by default all that the type holds exactly."""
    low = named.pop("from", from_)
    if to is None and low:
        low, to = 0, low
    if to is None:
        size, kind = self.dtype.itemsize, self.dtype.kind
        to = 1 << ({2: 11, 4: 24, 8: 53}[size] if kind == "f" else 1 if kind == "b" else 8 * size - 1)
    writing.check_writable(self)
    _check_bounds(low, to, self.dtype)
    return writing.write(self, cast(randint(low, to, self._spec.shape, generator=generator), self.dtype))


FACTORIES: Final = (
    manual_seed, seed, initial_seed, get_rng_state, set_rng_state, rand, randn, randint, randperm, rand_like,
    randn_like, randint_like, normal, bernoulli,
)  # fmt: skip
FUNCTIONS.setdefault("", {}).update({factory.__name__: factory for factory in FACTORIES})
FUNCTIONS[""]["Generator"] = Generator
FUNCTIONS[""]["default_generator"] = default_generator  # type: ignore[assignment]

METHODS: Final = (uniform_, normal_, bernoulli_, exponential_, random_, bernoulli)
for _method in METHODS:
    setattr(Tensor, _method.__name__, _method)
