"""The older way to divide a weight by its largest singular value: a hook before the forward pass."""

from __future__ import annotations

from typing import Any, TypeVar

from telegrad.autograd.mode import no_grad
from telegrad.nn import functional as F
from telegrad.nn.module import Module
from telegrad.nn.parameter import Parameter
from telegrad.nn.uninitialized import is_lazy
from telegrad.nn.utils.parametrizations import output_dim, rows_first
from telegrad.random import standard_normal
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, GradientError

M = TypeVar("M", bound=Module)


class SpectralNorm:
    """The hook that makes the weight of its original before every call.

    Attributes:
        name: the weight's attribute; its original is `name_orig`, its singular vectors `name_u` and `name_v`.
        n_power_iterations: steps towards the largest singular value in each forward pass of training.
        dim: the dimension of the outputs, which makes a matrix of the weight.
        eps: keeps norms from being 0.

    Raises:
        ArgumentError: the steps are not positive.
    """

    def __init__(
        self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12
    ) -> None:
        if n_power_iterations <= 0:
            raise ArgumentError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.name, self.n_power_iterations, self.dim, self.eps = name, n_power_iterations, dim, eps

    def weight_of(self, module: Module, *, follow: bool) -> Tensor:
        """The weight, after a few more steps where they are asked for."""
        weight, u, v = (getattr(module, self.name + end) for end in ("_orig", "_u", "_v"))
        matrix = rows_first(weight, self.dim)
        if follow:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(F.normalize(matrix.t() @ u, dim=0, eps=self.eps))
                    u.copy_(F.normalize(matrix @ v, dim=0, eps=self.eps))
            u, v = u.clone(), v.clone()
        return weight / u.dot(matrix @ v)  # type: ignore[no-any-return]

    def __call__(self, module: Module, args: Any) -> None:
        setattr(module, self.name, self.weight_of(module, follow=module.training))


def _hooks_of(module: Module) -> dict[str, Any]:
    """The module's hooks of this kind, by the weight's name."""
    found: dict[str, Any] = module.__dict__.setdefault("_spectral_norms", {})
    return found


def spectral_norm(
    module: M,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> M:
    """The module, whose weight is from now on divided by its largest singular value.

    Args:
        module: the module.
        name: the weight.
        n_power_iterations: steps towards that singular value in each forward pass of training.
        eps: keeps norms from being 0.
        dim: the dimension of the outputs, which makes a matrix of the weight.

    Source: Miyato et al. 2018.

    Raises:
        GradientError: it is divided already.
        ArgumentError: there is no such weight, or the steps are not positive.
    """
    hook = SpectralNorm(name, n_power_iterations, output_dim(module) if dim is None else dim, eps)
    if name in _hooks_of(module):
        raise GradientError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
    weight = module._parameters[name]
    if weight is None:
        raise ArgumentError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
    if is_lazy(weight):
        raise ArgumentError(
            "The module passed to `SpectralNorm` can't have uninitialized parameters. Make sure to run the "
            "dummy forward before applying spectral normalization"
        )
    sizes = rows_first(weight.detach(), hook.dim).shape
    u, v = (F.normalize(standard_normal((size,), weight.dtype), dim=0, eps=eps) for size in sizes)
    delattr(module, name)
    module.register_parameter(f"{name}_orig", weight)
    setattr(module, name, weight.data)
    module.register_buffer(f"{name}_u", u)
    module.register_buffer(f"{name}_v", v)
    _hooks_of(module)[name] = (hook, module.register_forward_pre_hook(hook))
    return module


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """The module, the weight its own again, divided as it was last.

    Raises:
        ArgumentError: it is not divided.
    """
    if name not in _hooks_of(module):
        raise ArgumentError(f"spectral_norm of '{name}' not found in {module}")
    hook, handle = _hooks_of(module).pop(name)
    handle.remove()
    with no_grad():
        weight = hook.weight_of(module, follow=False).detach()
    for end in ("", "_u", "_v", "_orig"):
        delattr(module, name + end)
    module.register_parameter(name, Parameter(weight))
    return module
