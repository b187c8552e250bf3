"""Functions of functions, by torch's names: `vmap`, gradients, Jacobians."""

from __future__ import annotations

from typing import NoReturn as _NoReturn

from telegrad.func.forward import hessian, jacfwd, jvp, linearize
from telegrad.func.jacobian import jacrev
from telegrad.func.mapping import vmap
from telegrad.func.reverse import grad, grad_and_value, vjp
from telegrad.func.rewriting import functionalize, replace_all_batch_norm_modules_
from telegrad.func.stateless import functional_call, stack_module_state
from telegrad.recording.registry import absent as _absent

__all__ = [
    "functional_call",
    "functionalize",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "replace_all_batch_norm_modules_",
    "stack_module_state",
    "vjp",
    "vmap",
]


def __getattr__(name: str) -> _NoReturn:
    raise _absent("module 'telegrad.func'", "torch.func", name)
