"""Normalisation of channels: over the batch, or each sample's alone, with running statistics."""

from __future__ import annotations

import warnings
from typing import Any, Final

from telegrad.autograd.mode import no_grad
from telegrad.making.creation import ones, tensor, zeros, zeros_like
from telegrad.nn import functional as F
from telegrad.nn import init
from telegrad.nn.module import Module
from telegrad.nn.parameter import Parameter, new_parameter
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import int64
from telegrad_proto.errors import ArgumentError

#: The buffers, in torch's order.
_STATISTICS: Final = ("running_mean", "running_var", "num_batches_tracked")


class _ChannelNorm(Module):
    """What both kinds share.

    Shape: weight, bias, running_mean, running_var (num_features); num_batches_tracked ().

    Attributes:
        ranks: how many dimensions the input may have.
    """

    _version = 2
    ranks: tuple[int, ...] = ()

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def _set_up(
        self,
        num_features: int,
        eps: float,
        momentum: float | None,
        affine: bool,
        track_running_stats: bool,
        device: Any,
        dtype: Any,
        bias: bool,
    ) -> None:
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        for name, there in (("weight", affine), ("bias", affine and bias)):
            made = new_parameter(num_features, dtype=dtype, device=device) if there else None
            self.register_parameter(name, made)
        buffers = (zeros(num_features, dtype=dtype), ones(num_features, dtype=dtype), tensor(0, dtype=int64))
        for name, buffer in zip(_STATISTICS, buffers, strict=True):
            self.register_buffer(name, buffer if track_running_stats else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forgets all batches."""
        if self.running_mean is not None and self.running_var is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Forgets all batches, and sets the weights to 1 and the biases to 0."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim not in self.ranks:
            wanted = " or ".join(f"{n}D" for n in self.ranks)
            raise ArgumentError(f"expected {wanted} input (got {input.ndim}D input)")

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        # The first layout did not count batches.
        key = prefix + "num_batches_tracked"
        if self.num_batches_tracked is not None and (local_metadata.get("version") or 0) < 2:
            state_dict.setdefault(key, self.num_batches_tracked)
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )


class _BatchNorm(_ChannelNorm):
    """Each channel with mean 0 and variance 1 over the batch; out of training, by the running statistics."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self._set_up(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        mean, variance, count = self.running_mean, self.running_var, self.num_batches_tracked
        if not self.training:
            own = mean is None and variance is None
            return F.batch_norm(input, mean, variance, self.weight, self.bias, own, 0.0, self.eps)
        if not self.track_running_stats:
            mean = variance = count = None
        if count is not None:
            count.add_(1)
        if self.momentum is not None or mean is None or variance is None or count is None:
            momentum = 0.0 if self.momentum is None else self.momentum
            return F.batch_norm(input, mean, variance, self.weight, self.bias, True, momentum, self.eps)
        # The mean over all batches so far. The count is far away, so the update is made of tensors.
        found = zeros_like(mean), zeros_like(variance)
        out = F.batch_norm(input, *found, self.weight, self.bias, True, 1.0, self.eps)
        with no_grad():
            for running, new in zip((mean, variance), found, strict=True):
                running.add_((new - running) / count.to(new.dtype))
        return out


class BatchNorm1d(_BatchNorm):
    """Each channel of vectors or sequences with mean 0 and variance 1 over the batch."""

    ranks = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Each channel of images with mean 0 and variance 1 over the batch."""

    ranks = (4,)


class BatchNorm3d(_BatchNorm):
    """Each channel of volumes with mean 0 and variance 1 over the batch."""

    ranks = (5,)


class SyncBatchNorm(_BatchNorm):
    """Each channel with mean 0 and variance 1 over the batches of all processes; there is one."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim < 2:
            raise ArgumentError(f"expected at least 2D input (got {input.ndim}D input)")
        if not input.shape[1]:
            raise ArgumentError("SyncBatchNorm number of input channels should be non-zero")

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """The module, in which this takes the place of each batch norm; for a batch norm a new module.

        Parameters, statistics and settings are those of the batch norms.
        """
        made = module
        if isinstance(module, _BatchNorm):
            made = SyncBatchNorm(
                module.num_features,
                module.eps,
                module.momentum,
                module.affine,
                module.track_running_stats,
                process_group,
                bias=module.bias is not None,
            )
            if module.affine:
                made.weight, made.bias = module.weight, module.bias
            for name in _STATISTICS:
                setattr(made, name, getattr(module, name))
            made.training = module.training
        for name, child in list(module.named_children()):
            made.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return made


class _InstanceNorm(_ChannelNorm):
    """Each channel of each sample with mean 0 and variance 1."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self._set_up(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        single = input.ndim == self.ranks[0]
        place = 0 if single else 1
        if input.shape[place] != self.num_features:
            if self.affine:
                raise ArgumentError(
                    f"expected input's size at dim={place} to match num_features ({self.num_features}), but "
                    f"got: {input.shape[place]}."
                )
            warnings.warn(
                f"input's size at dim={place} does not match num_features. You can silence this warning by "
                "not passing in num_features, which is not used because affine=False",
                stacklevel=2,
            )
        out = F.instance_norm(
            input.unsqueeze(0) if single else input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return out.squeeze(0) if single else out


class InstanceNorm1d(_InstanceNorm):
    """Each channel of each sequence with mean 0 and variance 1."""

    ranks = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Each channel of each image with mean 0 and variance 1."""

    ranks = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Each channel of each volume with mean 0 and variance 1."""

    ranks = (4, 5)
