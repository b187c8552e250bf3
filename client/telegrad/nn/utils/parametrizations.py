"""Parametrisations that torch has ready: weight norm, spectral norm, orthogonal matrices."""

from __future__ import annotations

from typing import Any, Final

from telegrad import linalg
from telegrad.autograd.mode import no_grad
from telegrad.finfo import finfo
from telegrad.functions.pieces import part
from telegrad.making.ranges import eye
from telegrad.nn import functional as F
from telegrad.nn.convolution import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from telegrad.nn.module import Module
from telegrad.nn.utils.parametrize import register_parametrization
from telegrad.nn.utils.weight_norm import length_of
from telegrad.random import standard_normal
from telegrad.recording.registry import FUNCTIONS
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, AxisError, GraphError


class _WeightNorm(Module):
    """A length and a direction make a weight."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        made: Tensor = weight_v * (weight_g / length_of(weight_v, self.dim))
        return made

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return length_of(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """The module, whose weight is from now on made of its length and its direction.

    Args:
        module: the module.
        name: the weight; its originals are the length, `original0`, and the direction, `original1`.
        dim: the dimension whose slices have lengths of their own; None for one length.

    Source: Salimans & Kingma 2016.
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def renamed(state_dict: dict[str, Any], prefix: str, *_: Any) -> None:
        """Takes in what the older weight norm saved."""
        keys = f"{prefix}{name}_g", f"{prefix}{name}_v"
        if all(key in state_dict for key in keys):
            for i, key in enumerate(keys):
                state_dict[f"{prefix}parametrizations.{name}.original{i}"] = state_dict.pop(key)

    module._register_load_state_dict_pre_hook(renamed)
    return module


class _SpectralNorm(Module):
    """A matrix over its largest singular value, which a power iteration follows."""

    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        ndim = weight.ndim
        if not -ndim <= dim < ndim:
            raise AxisError(
                f"Dimension out of range (expected to be in range of [-{ndim}, {ndim - 1}] but got {dim})"
            )
        if n_power_iterations <= 0:
            raise ArgumentError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim, self.eps = dim % ndim, eps
        if ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = rows_first(weight, self.dim)
            for name, size in zip(("_u", "_v"), matrix.shape, strict=True):
                drawn = standard_normal((size,), weight.dtype)
                self.register_buffer(name, F.normalize(drawn, dim=0, eps=eps))
            self._follow(matrix, 15)

    def _follow(self, matrix: Tensor, iterations: int) -> None:
        with no_grad():
            for _ in range(iterations):
                self._u.copy_(F.normalize(matrix @ self._v, dim=0, eps=self.eps))
                self._v.copy_(F.normalize(matrix.mH @ self._u, dim=0, eps=self.eps))

    def forward(self, weight: Tensor) -> Tensor:
        made: Tensor
        if weight.ndim == 1:
            made = F.normalize(weight, dim=0, eps=self.eps)
            return made
        matrix = rows_first(weight, self.dim)
        if self.training:
            self._follow(matrix, self.n_power_iterations)
        u, v = self._u.clone(), self._v.clone()
        made = weight / FUNCTIONS[""]["vdot"](u, matrix @ v)
        return made

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def rows_first(weight: Tensor, dim: int) -> Tensor:
    """The weight as a matrix, a row for each slice along a dimension."""
    if dim:
        weight = weight.permute(dim, *(d for d in range(weight.ndim) if d != dim))
    matrix: Tensor = weight.reshape(weight.shape[0], -1)
    return matrix


def output_dim(module: Module) -> int:
    """The dimension of a layer's weight that stands for its outputs."""
    return 1 if isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)) else 0


def _checked_weight(module: Module, name: str) -> Tensor:
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ArgumentError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """The module, whose weight is from now on divided by its largest singular value.

    Args:
        module: the module.
        name: the weight.
        n_power_iterations: steps towards that singular value in each forward pass of training.
        eps: keeps norms from being 0.
        dim: the dimension of the outputs, which makes a matrix of the weight.

    Source: Miyato et al. 2018.

    Raises:
        ArgumentError: there is no such weight, or the steps are not positive.
    """
    weight = _checked_weight(module, name)
    along = output_dim(module) if dim is None else dim
    return register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, along, eps))


_MAPS: Final = ("matrix_exp", "cayley", "householder")


def _turned_into_orthogonal(a: Tensor) -> Tensor:
    """The orthogonal part of a matrix, with the signs that leave an orthogonal matrix as it is."""
    q, r = linalg.qr(a)
    made: Tensor = q * r.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)
    return made


class NoInverseError(GraphError, NotImplementedError):
    """A value was assigned to a tensor of which nobody knows what would make it so."""


class _Orthogonal(Module):
    """A matrix with orthogonal columns, or rows, of any matrix of its shape."""

    base: Tensor

    def __init__(self, weight: Tensor, orthogonal_map: str, *, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise ArgumentError("The householder parametrization does not support complex tensors.")
        if orthogonal_map == "householder" and not use_trivialization:
            raise ArgumentError(
                "orthogonal: the householder map needs use_trivialization=True, got use_trivialization=False"
            )
        self.shape, self.orthogonal_map = weight.shape, orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        wide = X.shape[-2] < X.shape[-1]
        x: Tensor = X.mT if wide else X
        rows, columns = x.shape[-2:]
        if self.orthogonal_map == "householder":
            below = x.tril(-1)
            lengths = 2.0 / (1.0 + (below * below).sum(-2))
            made: Tensor = linalg.householder_product(below, lengths)
            made = made * x.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)
        else:
            x = x.tril()
            if rows != columns:
                more = x.new_zeros((*x.shape[:-1], rows - columns))
                x = FUNCTIONS[""]["cat"]([x, more], dim=-1)
            skew = x - x.mH
            if self.orthogonal_map == "matrix_exp":
                made = linalg.matrix_exp(skew)
            else:
                one = eye(rows, dtype=skew.dtype)
                made = linalg.solve(one - 0.5 * skew, one + 0.5 * skew)
            if rows != columns:
                made = part(made, made.ndim - 1, 0, columns)
        if hasattr(self, "base"):
            made = self.base @ made
        return made.mT if wide else made

    def right_inverse(self, Q: Tensor) -> Tensor:
        if Q.shape != self.shape:
            raise ArgumentError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape "
                f"{Q.shape}."
            )
        if not hasattr(self, "base"):
            raise NoInverseError(
                "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                "use_trivialization=False."
            )
        with no_grad():
            q: Tensor = Q.mT if Q.shape[-2] < Q.shape[-1] else Q
            rows, columns = q.shape[-2:]
            if rows != columns:
                more = standard_normal((*q.shape[:-1], rows - columns), q.dtype)
                self.base = _turned_into_orthogonal(FUNCTIONS[""]["cat"]([q, more], dim=-1))
            else:
                one = eye(rows, dtype=q.dtype)
                bound = 10.0 * rows * finfo(q.dtype).eps
                already = ((q.mH @ q - one).abs() <= bound + 1e-5 * one.abs()).all()
                self.base = FUNCTIONS[""]["where"](already, q, _turned_into_orthogonal(q))
            start: Tensor = -eye(*Q.shape[-2:], dtype=Q.dtype).expand(Q.shape).clone()
        return start


def orthogonal(
    module: Module,
    name: str = "weight",
    orthogonal_map: str | None = None,
    *,
    use_trivialization: bool = True,
) -> Module:
    """The module, whose weight has from now on orthogonal columns, or rows where it is wide.

    Args:
        module: the module.
        name: the weight, a matrix or a batch of them.
        orthogonal_map: "matrix_exp", "cayley" or "householder"; by default the first for square and complex
            matrices, the last for others.
        use_trivialization: start at the weight's own orthogonal part; without, nothing can be assigned, and
            householder is none of the maps.

    Source: Lezcano-Casado 2019.

    Raises:
        ArgumentError: there is no such weight, it is no matrix, or there is no such map.
    """
    weight = _checked_weight(module, name)
    if weight.ndim < 2:
        raise ArgumentError(
            f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions."
        )
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = "matrix_exp" if square or weight.is_complex() else "householder"
    if orthogonal_map not in _MAPS:
        raise ArgumentError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    made = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    return register_parametrization(module, name, made, unsafe=True)
