"""The tensor that a user holds. What it can do is attached from elsewhere: operators, indexing, torch's
functions.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NoReturn

from telegrad.autograd.graph import Edge
from telegrad.types import Size, device, size_of
from telegrad.wire.values import Value
from telegrad_proto import dtypes
from telegrad_proto.dtypes import DType
from telegrad_proto.errors import GradientError
from telegrad_proto.spec import Spec

if TYPE_CHECKING:
    from weakref import ref

    from telegrad.autograd.graph import Accumulate
    from telegrad.declared import Declared as _Base
    from telegrad.sharing.aliasing import Alias
else:
    _Base = object


_NOT_POPULATED: Final = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't "
    "be "
    "populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf "
    "Tensor, use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make "
    "sure "
    "you access the leaf Tensor instead."
)


class Extras:
    """What few tensors have.

    Attributes:
        grad: the accumulated gradient.
        accumulate: a weak reference to the node that ends the paths to this leaf.
        hooks: functions of the gradient of a leaf, by handle number.
        after: functions of a leaf, called when its gradient has been accumulated.
        retains: keeps the gradient although it is no leaf.
        name: set by the user.
    """

    __slots__ = ("accumulate", "after", "grad", "hooks", "name", "retains")

    def __init__(self) -> None:
        self.grad: Tensor | None = None
        self.accumulate: ref[Accumulate] | None = None
        self.hooks: dict[int, Callable[[Tensor], Tensor | None]] = {}
        self.after: dict[int, Callable[[Tensor], None]] = {}
        self.retains = False
        self.name: str | None = None


class Tensor(_Base):
    """An array that is computed far away, when somebody looks at it.

    Attributes with an underscore are the library's:
        _value: its value in the graph. Read it through `_refresh()` where the tensor may be a view.
        _edge: where its gradient goes; None for a leaf.
        _tracked: it requires a gradient.
        _alias: the storage that it shares with others; None as long as it shares none.
        _extra: what few tensors have.
    """

    __slots__ = ("__dict__", "__weakref__", "_alias", "_edge", "_extra", "_tracked", "_value")

    _value: Value
    _edge: Edge | None
    _tracked: bool
    _alias: Alias | None
    _extra: Extras | None

    __array_priority__: Final = 1000  # NumPy's operators then leave the result to ours

    def __new__(cls, *data: Any, **options: Any) -> Any:
        """The old constructor: `Tensor([2.0])` from data, `Tensor(2, 3)` of a shape, always of the default
        type.
        """
        from telegrad.making.constructors import construct  # the factories need this module

        return construct(cls, data, options)

    def _extras(self) -> Extras:
        if self._extra is None:
            self._extra = Extras()
        return self._extra

    def _refresh(self) -> Value:
        """The tensor's value now; a view's is made again after its storage was written to."""
        alias = self._alias
        if alias is not None and alias.seen != alias.storage.epoch:
            alias.renew(self)
        return self._value

    @property
    def _spec(self) -> Spec:
        return self._value.spec  # writes in place change neither shape nor type

    @property
    def shape(self) -> Size:
        return size_of(self._value.spec.shape)

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the length of one dimension."""
        if isinstance(dim, bool):
            raise TypeError("size(): argument 'dim' (position 1) must be int, not bool")
        return self.shape if dim is None else self.shape[self._axis(dim)]

    def _axis(self, dim: int) -> int:
        from telegrad_proto.shapes import normalize_axis  # keeps the import of this module small

        return normalize_axis(dim, self._value.spec.ndim)

    @property
    def dtype(self) -> DType:
        return self._value.spec.dtype

    @property
    def device(self) -> device:
        return device("cpu")

    @property
    def layout(self) -> Any:
        from telegrad.types import strided

        return strided

    @property
    def ndim(self) -> int:
        return self._value.spec.ndim

    def dim(self) -> int:
        return self._value.spec.ndim

    def ndimension(self) -> int:
        return self._value.spec.ndim

    def numel(self) -> int:
        return self._value.spec.size

    def nelement(self) -> int:
        return self._value.spec.size

    @property
    def itemsize(self) -> int:
        return self._value.spec.dtype.itemsize

    def element_size(self) -> int:
        return self._value.spec.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self._value.spec.nbytes

    def is_floating_point(self) -> bool:
        return self.dtype.kind == "f"

    def is_complex(self) -> bool:
        return self.dtype.kind == "c"

    def is_signed(self) -> bool:
        return self.dtype.is_signed

    @property
    def is_leaf(self) -> bool:
        self._refresh()
        return self._edge is None

    @property
    def grad_fn(self) -> Any:
        """The node that made it, None for a leaf."""
        self._refresh()
        return None if self._edge is None else self._edge[0]

    @property
    def output_nr(self) -> int:
        self._refresh()
        return 0 if self._edge is None else self._edge[1]

    @property
    def requires_grad(self) -> bool:
        if self._alias is not None:
            self._refresh()
        return self._tracked

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: Any = True) -> Tensor:
        """Itself, now recorded for differentiation or, for a leaf, no longer.

        Raises:
            GradientError: it is no leaf, or of a type that has no derivatives.
        """
        if not isinstance(requires_grad, bool):
            kind = type(requires_grad).__name__
            raise TypeError(
                f"requires_grad_(): argument 'requires_grad' (position 1) must be bool, not {kind}"
            )
        self._refresh()
        if requires_grad and not self.dtype.is_differentiable:
            raise GradientError("only Tensors of floating point dtype can require gradients")
        if requires_grad and self._value.__class__ is not Value:
            raise GradientError(
                "You are attempting to call Tensor.requires_grad_() inside of vmap. This is unsupported, "
                "please use func.grad, func.vjp, ..., or call requires_grad_() outside of it."
            )
        if self._edge is not None:
            if not requires_grad:
                raise GradientError(
                    "you can only change requires_grad flags of leaf variables. If you want to use a "
                    "computed variable in a "
                    "subgraph that doesn't require differentiation use var_no_grad = var.detach()."
                )
            return self
        if self._tracked is not bool(requires_grad):
            self._tracked = bool(requires_grad)
            if self._alias is not None:
                self._alias.detach_identity(self)
        return self

    @property
    def grad(self) -> Any:
        """The accumulated gradient, a tensor; None before the first backward pass."""
        found = None if self._extra is None else self._extra.grad
        if found is None and self._edge is not None and not (self._extra is not None and self._extra.retains):
            warnings.warn(_NOT_POPULATED, UserWarning, stacklevel=2)
        return found

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            self._check_grad(value)
        self._extras().grad = value

    @grad.deleter
    def grad(self) -> None:
        self._extras().grad = None

    def _check_grad(self, value: Any) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(
                f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}"
            )
        if value is self:
            raise GradientError("can't assign Tensor as its own grad")
        if value.dtype is not self.dtype:
            raise GradientError(
                f"attempting to assign a gradient with dtype '{scalar_name(value.dtype)}' to a tensor with "
                "dtype "
                f"'{scalar_name(self.dtype)}'. The gradient must match the tensor's dtype by default."
            )
        if value._spec.shape != self._spec.shape:
            raise GradientError(
                f"attempting to assign a gradient of size '{list(value._spec.shape)}' to a tensor of size "
                f"'{list(self._spec.shape)}'. Please ensure that the gradient and the tensor are the same "
                "size"
            )

    @property
    def name(self) -> str | None:
        return None if self._extra is None else self._extra.name

    @property
    def _version(self) -> int:
        counter = self._value.counter if self._alias is None else self._alias.counter
        return 0 if counter is None else counter.version

    @property
    def _base(self) -> Tensor | None:
        return None if self._alias is None else self._alias.base

    def __hash__(self) -> int:
        return id(self)

    def __len__(self) -> int:
        if not self._value.spec.shape:
            raise TypeError("len() of a 0-d tensor")
        return self._value.spec.shape[0]

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError(
            "a tensor lives in its session and cannot be pickled: save tensor.detach().numpy() instead"
        )

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """What a function of PyTorch, called with this, gives: telegrad's of the same name."""
        from telegrad.interop.torch import call  # only for who has PyTorch

        return call(func, types, args, kwargs)

    def type(self, dtype: Any = None, non_blocking: bool = False, **kwargs: Any) -> Any:
        """Without an argument the old name of the class, as `torch.FloatTensor`; else the tensor in another
        type.
        """
        if dtype is None:
            return f"torch.{CLASS_NAMES.get(self.dtype, scalar_name(self.dtype) + 'Tensor')}"
        from telegrad.making.creation import dtype_of_class  # the factories need this module

        return self.to(dtype_of_class(dtype))


#: torch's names of the classes that once stood for element types.
CLASS_NAMES: Final = {
    dtypes.float32: "FloatTensor",
    dtypes.float64: "DoubleTensor",
    dtypes.float16: "HalfTensor",
    dtypes.uint8: "ByteTensor",
    dtypes.int8: "CharTensor",
    dtypes.int16: "ShortTensor",
    dtypes.int32: "IntTensor",
    dtypes.int64: "LongTensor",
    dtypes.bool_: "BoolTensor",
    dtypes.complex64: "ComplexFloatTensor",
    dtypes.complex128: "ComplexDoubleTensor",
}

_SCALAR_NAMES: Final = {
    dtypes.float32: "Float",
    dtypes.float64: "Double",
    dtypes.float16: "Half",
    dtypes.int64: "Long",
    dtypes.int32: "Int",
    dtypes.int16: "Short",
    dtypes.int8: "Char",
    dtypes.uint8: "Byte",
    dtypes.bool_: "Bool",
    dtypes.complex64: "ComplexFloat",
    dtypes.complex128: "ComplexDouble",
    dtypes.uint16: "UInt16",
    dtypes.uint32: "UInt32",
    dtypes.uint64: "UInt64",
}


def scalar_name(dtype: DType) -> str:
    """What torch's messages call the element type: `Float`, `Long`, ..."""
    return _SCALAR_NAMES[dtype]


_new = object.__new__


def make(value: Value, edge: Edge | None = None, *, tracked: bool = False) -> Tensor:
    """A tensor of this value."""
    tensor: Tensor = _new(Tensor)
    tensor._value = value
    tensor._edge = edge
    tensor._tracked = tracked
    tensor._alias = None
    tensor._extra = None
    return tensor
