"""The small objects of torch's interface: Size, device, layouts and memory formats."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Self, SupportsIndex

from telegrad_proto.errors import ArgumentError, DTypeError


class Size(tuple[int, ...]):
    """A shape: a tuple that prints as torch's and counts its elements."""

    __slots__ = ()

    def __new__(cls, dims: Iterable[int] = ()) -> Self:
        return super().__new__(cls, dims)

    def numel(self) -> int:
        """The number of elements of a tensor of this shape."""
        count = 1
        for dim in self:
            count *= dim
        return count

    def __getitem__(self, index: Any) -> Any:
        item = tuple.__getitem__(self, index)
        return Size(item) if isinstance(index, slice) else item

    def __add__(self, other: Any) -> Any:
        return Size(tuple(self) + tuple(other))

    def __radd__(self, other: Any) -> Any:
        return Size(tuple(other) + tuple(self))

    def __mul__(self, count: SupportsIndex) -> Any:
        return Size(tuple(self) * count)

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(repr, self))}])"

    def __reduce__(self) -> Any:
        return Size, (tuple(self),)


_SIZES: Final[dict[tuple[int, ...], Size]] = {}
_SIZES_KEPT: Final = 4096


def size_of(shape: tuple[int, ...]) -> Size:
    """A shape as a Size; the same one each time, since programs ask for shapes often."""
    found = _SIZES.get(shape)
    if found is None:
        if len(_SIZES) >= _SIZES_KEPT:
            _SIZES.clear()
        found = _SIZES[shape] = Size(shape)
    return found


_DEVICE_TYPES: Final = ("cpu", "cuda", "mps", "xpu", "meta", "hpu", "mtia")


class DeviceError(ArgumentError, AssertionError):
    """A device that the notebook does not have; an AssertionError, as in a torch without CUDA."""


class device:
    """Where a tensor is, as torch would say: always the CPU, for the notebook's point of view.

    The device that computes is the server's affair, and `telegrad.current_session().device` names it.
    `with device("cpu"):` says where new tensors go, which is where they go anyway.
    """

    __slots__ = ("index", "type")

    def __init__(self, type: Any, index: int | None = None) -> None:
        if isinstance(type, device):
            type, index = type.type, type.index
        elif isinstance(type, int) and not isinstance(type, bool):
            type, index = "cuda", type
        elif not isinstance(type, str):
            raise DTypeError(
                f"device(): argument 'type' (position 1) must be str, not {type.__class__.__name__}"
            )
        name, _, number = type.partition(":")
        if name not in _DEVICE_TYPES:
            raise ArgumentError(
                f"Expected one of {', '.join(_DEVICE_TYPES)} device type at start of device string: {type}"
            )
        if number:
            if not number.isdigit():
                raise ArgumentError(f"Invalid device string: '{type}'")
            index = int(number)
        self.type: str = name
        self.index = index

    def __enter__(self) -> Self:
        check_device(self)
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __repr__(self) -> str:
        number = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{number})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"


def check_device(where: Any) -> None:
    """Accept a device argument that means where all tensors are.

    Raises:
        ArgumentError: it asks for another. The device that computes is chosen on the server, not tensor by
            tensor.
        DeviceError: it asks for CUDA.
    """
    if where is None:
        return
    wanted = device(where).type
    if wanted == "cpu":
        return
    words = (
        f"device: requires 'cpu', got {str(where)!r}. telegrad's tensors are computed by the session's "
        "server, on its own device; the notebook does not choose one"
    )
    if wanted == "cuda":
        raise DeviceError(f"Torch not compiled with CUDA enabled; {words}")
    raise ArgumentError(words)


class layout:
    """How elements lie in memory; there is one way."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"


class memory_format(layout):
    """The order of dimensions in memory; accepted and without effect, since the server lays arrays out."""

    __slots__ = ()


strided: Final = layout("strided")
contiguous_format: Final = memory_format("contiguous_format")
preserve_format: Final = memory_format("preserve_format")
channels_last: Final = memory_format("channels_last")
channels_last_3d: Final = memory_format("channels_last_3d")
