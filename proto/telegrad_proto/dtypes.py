"""The element types and torch's rules for what two of them become together.

A DType is one of a fixed set of objects: compare with `is`. There is no NumPy here; `typestr` is what
`numpy.dtype(...)` takes on the side that has it.
"""

from __future__ import annotations

from typing import Final, Literal

from telegrad_proto.errors import DTypeError

Kind = Literal["b", "u", "i", "f", "c"]


class DType:
    """One element type.

    Attributes:
        name: torch's name, as in `torch.float32`.
        code: the number of the wire's enum.
        itemsize: bytes an element.
        kind: b (bool), u (unsigned), i (signed), f (real floating point), c (complex).
        is_differentiable: whether it is floating point, real or complex.
        typestr: the array interface's type string, little-endian.
    """

    __slots__ = ("code", "is_differentiable", "itemsize", "kind", "name", "typestr")

    def __init__(self, name: str, code: int, itemsize: int, kind: Kind) -> None:
        self.name = name
        self.code = code
        self.itemsize = itemsize
        self.kind: Kind = kind
        self.is_differentiable = kind in "fc"
        order = "|" if itemsize == 1 else "<"
        self.typestr = f"{order}{kind}{itemsize}"

    @property
    def is_floating_point(self) -> bool:
        return self.kind == "f"

    @property
    def is_complex(self) -> bool:
        return self.kind == "c"

    @property
    def is_signed(self) -> bool:
        return self.kind in "ifc"

    def to_real(self) -> DType:
        """The type of a complex number's parts; a real type gives itself."""
        return _REAL_OF.get(self, self)

    def to_complex(self) -> DType:
        """The complex type whose parts have this floating type.

        Raises:
            DTypeError: there is none (integers, bool, float16).
        """
        if self.kind == "c":
            return self
        if self not in _COMPLEX_OF:
            raise DTypeError(f"to_complex: requires float32 or float64, got {self.name}")
        return _COMPLEX_OF[self]

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return _constant_name(self.name)


def _constant_name(name: str) -> str:
    return "bool_" if name == "bool" else name


bool_: Final = DType("bool", 1, 1, "b")
uint8: Final = DType("uint8", 2, 1, "u")
uint16: Final = DType("uint16", 3, 2, "u")
uint32: Final = DType("uint32", 4, 4, "u")
uint64: Final = DType("uint64", 5, 8, "u")
int8: Final = DType("int8", 6, 1, "i")
int16: Final = DType("int16", 7, 2, "i")
int32: Final = DType("int32", 8, 4, "i")
int64: Final = DType("int64", 9, 8, "i")
float16: Final = DType("float16", 10, 2, "f")
float32: Final = DType("float32", 11, 4, "f")
float64: Final = DType("float64", 12, 8, "f")
complex64: Final = DType("complex64", 13, 8, "c")
complex128: Final = DType("complex128", 14, 16, "c")

ALL: Final[tuple[DType, ...]] = (
    bool_,
    uint8,
    uint16,
    uint32,
    uint64,
    int8,
    int16,
    int32,
    int64,
    float16,
    float32,
    float64,
    complex64,
    complex128,
)
by_name: Final = {d.name: d for d in ALL}
by_code: Final = {d.code: d for d in ALL}
by_typestr: Final = {d.typestr: d for d in ALL}

_COMPLEX_OF: Final = {float32: complex64, float64: complex128}
_REAL_OF: Final = {complex64: float32, complex128: float64}


def of_code(code: int) -> DType:
    """The element type with this number on the wire.

    Raises:
        DTypeError: there is none.
    """
    found = by_code.get(code)
    if found is None:
        raise DTypeError(f"dtype: requires one of the codes 1 to {len(ALL)}, got {code}")
    return found


#: Categories of torch's promotion: a higher one wins whatever the sizes, within one the wider wins.
CATEGORY: Final[dict[str, int]] = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}


def promote(a: DType, b: DType) -> DType:
    """The element type of an operation on two tensors of these types.

    Raises:
        DTypeError: the pair has no common type in torch (uint16, 32 and 64 with all but real floats).

    Source: c10/core/ScalarType.cpp, promoteTypes, of PyTorch 2.13.
    """
    if a is b:
        return a
    return _PROMOTED[a, b]


#: Types that torch has for storage: they promote with real floating point types only.
_WIDE_UNSIGNED: Final = frozenset({uint16, uint32, uint64})

#: What torch calls the types in this one message.
_SCALAR_TYPES: Final = {
    bool_: "Bool",
    uint8: "Byte",
    uint16: "UInt16",
    uint32: "UInt32",
    uint64: "UInt64",
    int8: "Char",
    int16: "Short",
    int32: "Int",
    int64: "Long",
    complex64: "ComplexFloat",
    complex128: "ComplexDouble",
}


def _promote(a: DType, b: DType) -> DType:
    if (a in _WIDE_UNSIGNED or b in _WIDE_UNSIGNED) and a.kind != "f" and b.kind != "f":
        raise DTypeError(
            "Promotion for uint16, uint32, uint64 types is not supported, attempted to promote "
            f"{_SCALAR_TYPES[a]} and {_SCALAR_TYPES[b]}"
        )
    low, high = sorted((a, b), key=lambda d: (CATEGORY[d.kind], d.itemsize))
    if low.kind == high.kind:
        return high
    if high.kind == "c":
        if low.kind == "f" and low.itemsize * 2 > high.itemsize:
            return low.to_complex()
        return high
    if high.kind == "f" or low.kind == "b":
        return high
    signed = a if a.kind == "i" else b  # the other is uint8
    return int16 if signed is int8 else signed


class _Promotions(dict[tuple[DType, DType], DType]):
    """Fills itself: 14 types make 196 pairs, most of which a program never meets."""

    def __missing__(self, pair: tuple[DType, DType]) -> DType:
        result = self[pair] = _promote(*pair)
        return result


_PROMOTED: Final = _Promotions()
