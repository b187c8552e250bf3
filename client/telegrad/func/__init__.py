"""Functions of functions, by torch's names: `vmap`, gradients, Jacobians."""

from __future__ import annotations

from telegrad.func.forward import hessian, jacfwd, jvp, linearize
from telegrad.func.jacobian import jacrev
from telegrad.func.mapping import vmap
from telegrad.func.reverse import grad, grad_and_value, vjp
from telegrad.func.stateless import functional_call, stack_module_state

__all__ = [
    "functional_call",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "stack_module_state",
    "vjp",
    "vmap",
]
