"""Layers that learn the number of their inputs from the first one."""

from __future__ import annotations

from typing import Any, ClassVar

from telegrad.autograd.mode import no_grad
from telegrad.making.creation import tensor
from telegrad.nn.batchnorm import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
)
from telegrad.nn.convolution import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
)
from telegrad.nn.linear import Linear
from telegrad.nn.module import Module
from telegrad.nn.parameter import Parameter
from telegrad.nn.uninitialized import UninitializedBuffer, UninitializedParameter, is_lazy
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import int64
from telegrad_proto.errors import ArgumentError, GradientError, ShapeError


class LazyModuleMixin(Module):
    """A module some of whose parameters get their shapes from its first input, or from a state dict.

    Subclasses write `initialize_parameters`, which gets what `forward` gets.

    Attributes:
        cls_to_become: the class that the module has from then on.
    """

    cls_to_become: ClassVar[type[Module] | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._initialize_hook = self.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Gives the parameters their shapes; for subclasses to say.

        Raises:
            GradientError: the subclass does not say it.
        """
        raise GradientError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self) -> bool:
        """Whether some parameter or buffer has no shape yet."""
        return any(map(is_lazy, [*self._parameters.values(), *self._buffers.values()]))

    def _infer_parameters(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        # The module is not `self` where it is a copy of it.
        with no_grad():
            module.initialize_parameters(*args, **kwargs)
        if module.has_uninitialized_params():
            raise GradientError(f"module {module._get_name()} has not been fully initialized")
        module._initialize_hook.remove()
        del module._initialize_hook
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *others: Any) -> None:
        for name, member in [*self._parameters.items(), *self._buffers.items()]:
            given = state_dict.get(prefix + name)
            if given is not None and not is_lazy(given):
                _shape(member, *given.shape)
        super()._load_from_state_dict(state_dict, prefix, *others)

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        for name, member in self._own_state().items():
            destination[prefix + name] = member if keep_vars or is_lazy(member) else member.detach()

    def _load_member(
        self, name: str, target: Tensor, key: str, given: Any, assign: bool, errors: list[str]
    ) -> None:
        if not is_lazy(target):  # else nobody knows the shape, neither here nor there
            super()._load_member(name, target, key, given, assign, errors)


class LazyLinear(LazyModuleMixin, Linear):
    """A linear layer whose in_features are those of its first input."""

    cls_to_become = Linear

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, False)
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_features = out_features
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draws the parameters anew, once they have shapes."""
        if not self.has_uninitialized_params() and self.in_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Takes the number of features from the input."""
        if self.has_uninitialized_params():
            self.in_features = input.shape[-1]
            _shape(self.weight, self.out_features, self.in_features)
            _shape(self.bias, self.out_features)
            self.reset_parameters()
        self.in_features = self.weight.shape[-1]


def _shape(member: Tensor | None, *shape: int) -> None:
    if isinstance(member, (UninitializedParameter, UninitializedBuffer)):
        member.materialize(shape)


class _LazyConvolution(LazyModuleMixin):
    """A convolution whose in_channels are those of its first input."""

    spatial: int
    transposed: bool
    in_channels: int
    out_channels: int
    groups: int
    kernel_size: tuple[int, ...]
    weight: Parameter
    bias: Parameter | None

    def _set_up_later(self, out_channels: int, bias: bool, device: Any, dtype: Any) -> None:
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_channels = out_channels
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draws the parameters anew, once they have shapes."""
        if not self.has_uninitialized_params() and self.in_channels != 0:
            super().reset_parameters()  # type: ignore[misc]  # the convolution's, which stands behind

    def initialize_parameters(self, input: Tensor, *args: Any, **kwargs: Any) -> None:
        """Takes the number of channels from the input.

        Raises:
            ShapeError: it has other dimensions than the layer wants.
            ArgumentError: the groups do not divide its channels.
        """
        if not self.has_uninitialized_params():
            self.in_channels = self.weight.shape[0 if self.transposed else 1] * (
                1 if self.transposed else self.groups
            )
            return
        alone, batched = self.spatial + 1, self.spatial + 2
        if input.ndim not in (alone, batched):
            raise ShapeError(
                f"Expected {alone}D (unbatched) or {batched}D (batched) input to {type(self).__name__}, but "
                f"got input of size: {input.shape}"
            )
        self.in_channels = input.shape[1 if input.ndim == batched else 0]
        if self.in_channels % self.groups:
            raise ArgumentError("in_channels must be divisible by groups")
        into, out = self.in_channels, self.out_channels
        pair = (into, out // self.groups) if self.transposed else (out, into // self.groups)
        _shape(self.weight, *pair, *self.kernel_size)
        _shape(self.bias, out)
        self.reset_parameters()


class _LazyDirect(_LazyConvolution):
    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._set_up_later(out_channels, bias, device, dtype)


class LazyConv1d(_LazyDirect, Conv1d):
    """A convolution over the last dimension, of as many channels as its first input has."""

    cls_to_become = Conv1d


class LazyConv2d(_LazyDirect, Conv2d):
    """A convolution over the last two dimensions, of as many channels as its first input has."""

    cls_to_become = Conv2d


class LazyConv3d(_LazyDirect, Conv3d):
    """A convolution over the last three dimensions, of as many channels as its first input has."""

    cls_to_become = Conv3d


class _LazyTransposed(_LazyConvolution):
    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        geometry = (kernel_size, stride, padding, output_padding)
        super().__init__(0, 0, *geometry, groups, False, dilation, padding_mode)
        self._set_up_later(out_channels, bias, device, dtype)


class LazyConvTranspose1d(_LazyTransposed, ConvTranspose1d):
    """The transpose of a convolution, of as many channels as its first input has."""

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyTransposed, ConvTranspose2d):
    """The transpose of a convolution, of as many channels as its first input has."""

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyTransposed, ConvTranspose3d):
    """The transpose of a convolution, of as many channels as its first input has."""

    cls_to_become = ConvTranspose3d


class _LazyNorm(LazyModuleMixin):
    """A normalisation of as many channels as its first input has."""

    num_features: int
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False)
        self.affine, self.track_running_stats = affine, track_running_stats
        where = {"device": device, "dtype": dtype}
        if affine:
            self.weight = UninitializedParameter(**where)
            if bias:
                self.bias = UninitializedParameter(**where)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(**where)
            self.running_var = UninitializedBuffer(**where)
            self.num_batches_tracked = tensor(0, dtype=int64)

    def reset_parameters(self) -> None:
        """Starts anew, once the parameters have shapes."""
        if not self.has_uninitialized_params() and self.num_features != 0:
            super().reset_parameters()  # type: ignore[misc]  # the norm's, which stands behind

    def initialize_parameters(self, input: Tensor) -> None:
        """Takes the number of channels from the input."""
        unknown = self.has_uninitialized_params()
        self.num_features = input.shape[1]
        for member in (self.weight, self.bias, self.running_mean, self.running_var):
            _shape(member, self.num_features)
        if unknown:
            self.reset_parameters()


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """A batch norm of as many channels as its first input has."""

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """A batch norm of as many channels as its first input has."""

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    """A batch norm of as many channels as its first input has."""

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(_LazyNorm, InstanceNorm1d):
    """An instance norm of as many channels as its first input has."""

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNorm, InstanceNorm2d):
    """An instance norm of as many channels as its first input has."""

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNorm, InstanceNorm3d):
    """An instance norm of as many channels as its first input has."""

    cls_to_become = InstanceNorm3d
