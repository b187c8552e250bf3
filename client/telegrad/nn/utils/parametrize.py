"""Parameters and buffers that are computed of others, each time they are read."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from telegrad.autograd.mode import no_grad
from telegrad.nn.containers import ModuleDict, ModuleList
from telegrad.nn.module import Module
from telegrad.nn.parameter import Parameter
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, GradientError


class _Cache:
    """What was computed inside `cached()`, by module and name.

    Attributes:
        depth: in how many blocks we are.
    """

    depth = 0
    found: dict[tuple[int, str], Tensor]


_CACHE = _Cache()
_CACHE.found = {}


@contextmanager
def cached() -> Iterator[None]:
    """Inside, each parametrised tensor is computed once, however often it is read."""
    _CACHE.depth += 1
    try:
        yield
    finally:
        _CACHE.depth -= 1
        if not _CACHE.depth:
            _CACHE.found.clear()


def _register(module: Module, name: str, value: Tensor) -> None:
    if isinstance(value, Parameter):
        module.register_parameter(name, value)
    else:
        module.register_buffer(name, value)


class ParametrizationList(ModuleList):
    """The functions that make a tensor, the first of the tensor's `original` or of several originals.

    Args:
        modules: the functions, one applied to the other's result.
        original: the tensor as it was.
        unsafe: let them change its type and shape.

    Raises:
        ArgumentError: there are none, or they change the tensor's type or shape.
    """

    original: Tensor

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if not modules:
            raise ArgumentError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        new: Any = original
        with no_grad():
            for module in reversed(list(self)):
                new = _undone(module, new)
        if not isinstance(new, (Tensor, Sequence)):
            raise ArgumentError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                f"Got {type(new).__name__}"
            )
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if isinstance(new, Tensor) else len(new)
        if isinstance(new, Tensor):
            if new.dtype is not dtype:
                raise ArgumentError(
                    "When `right_inverse` outputs one tensor, it may not change the dtype.\n"
                    f"original.dtype: {dtype}\nright_inverse(original).dtype: {new.dtype}"
                )
            _set(original, new)
            _register(self, "original", original)
        else:
            for i, part in enumerate(new):
                _check_part(part, i)
                if isinstance(original, Parameter):
                    part = Parameter(part, original.requires_grad)
                _register(self, f"original{i}", part.requires_grad_(original.requires_grad))
        if not unsafe:
            made = self()
            if not isinstance(made, Tensor):
                raise ArgumentError(f"A parametrization must return a tensor. Got {type(made).__name__}.")
            for what, was, found in (("dtype", dtype, made.dtype), ("shape", shape, made.shape)):
                if was != found:
                    raise ArgumentError(
                        f"Registering a parametrization may not change the {what} of the tensor, unless "
                        f"`unsafe` flag is enabled.\nunparametrized {what}: {was}\nparametrized {what}: "
                        f"{found}"
                    )

    def right_inverse(self, value: Tensor) -> None:
        """Sets the originals such that this value comes out.

        Raises:
            GradientError: one of the functions knows no inverse.
            ArgumentError: an inverse gives what does not fit.
        """
        given: Any = value
        with no_grad():
            for module in reversed(list(self)):
                inverse = _inverse(module)
                if inverse is None:
                    raise GradientError(
                        f"parametrization {type(module).__name__} does not implement right_inverse."
                    )
                given = inverse(given)
        if self.is_tensor:
            if not isinstance(given, Tensor):
                raise ArgumentError(f"`right_inverse` should return a tensor. Got {type(given).__name__}")
            self._replace("original", given, "The tensor")
            return
        if not isinstance(given, Sequence):
            raise ArgumentError(
                f"'right_inverse' must return a sequence of tensors. Got {type(given).__name__}."
            )
        if len(given) != self.ntensors:
            raise ArgumentError(
                f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. Got a "
                f"sequence of length {len(given)}."
            )
        for i, part in enumerate(given):
            _check_part(part, i)
            self._replace(f"original{i}", part, f"Tensor {i}")

    def _replace(self, name: str, value: Tensor, what: str) -> None:
        target: Tensor = getattr(self, name)
        if value.dtype is not target.dtype:
            raise ArgumentError(
                f"{what} returned by `right_inverse` has dtype {value.dtype} while `{name}` has dtype "
                f"{target.dtype}"
            )
        _set(target, value)

    def forward(self) -> Tensor:
        first, *others = self
        if self.is_tensor:
            made = first(self.original)
        else:
            made = first(*(getattr(self, f"original{i}") for i in range(self.ntensors)))
        for module in others:
            made = module(made)
        return made  # type: ignore[no-any-return]


def _inverse(module: Module) -> Any:
    return getattr(module, "right_inverse", None)


def _undone(module: Module, value: Any) -> Any:
    """What gives the value; the value itself where that cannot be known."""
    inverse = _inverse(module)
    with suppress(NotImplementedError):
        return value if inverse is None else inverse(value)
    return value


def _check_part(part: Any, i: int) -> None:
    if not isinstance(part, Tensor):
        raise ArgumentError(
            "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got element "
            f"{i} of the sequence with type {type(part).__name__}."
        )


def _set(target: Tensor, value: Tensor) -> None:
    if value is not target:
        target.data = value


def _copied(self: Any, memo: dict[int, Any]) -> Any:
    if id(self) not in memo:
        replica = memo[id(self)] = self.__new__(type(self))
        replica.__dict__.update(copy.deepcopy(self.__dict__, memo))
    return memo[id(self)]


def _no_state(self: Any) -> Any:
    raise RuntimeError(
        "Serialization of parametrized modules is only supported through state_dict(). See:\n"
        "https://pytorch.org/tutorials/beginner/saving_loading_models.html"
        "#saving-loading-a-general-checkpoint-for-inference-and-or-resuming-training"
    )


def _with_class_of_its_own(module: Module) -> None:
    """The module in a class of its own, to which properties can be given."""
    own = type(module)
    members = {"__getstate__": _no_state, "__deepcopy__": _copied}
    module.__class__ = type(f"Parametrized{own.__name__}", (own,), members)


def _property(name: str) -> property:
    def made(self: Module) -> Tensor:
        parametrizations: Any = self.parametrizations[name]
        if not _CACHE.depth:
            return parametrizations()  # type: ignore[no-any-return]
        key = (id(self), name)
        if key not in _CACHE.found:
            _CACHE.found[key] = parametrizations()
        return _CACHE.found[key]

    def assigned(self: Module, value: Tensor) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(made, assigned)


def _check_another(module: Module, name: str, parametrization: Module) -> None:
    """Returns where one function more leaves the tensor's type and shape as they are."""
    was: Tensor = getattr(module, name)
    made = parametrization(was)
    if not isinstance(made, Tensor):
        raise ArgumentError(f"A parametrization must return a tensor. Got {type(made).__name__}.")
    for what, found in (("", made), ("inverse", _undone(parametrization, made))):
        if not isinstance(found, Tensor):
            raise ArgumentError(
                f"parametrization.right_inverse must return a tensor. Got: {type(found).__name__}"
            )
        for which, a, b in (("dtype", was.dtype, found.dtype), ("shape", was.shape, found.shape)):
            if a == b:
                continue
            if what:
                raise ArgumentError(
                    f"The tensor returned by parametrization.right_inverse must have the same {which} as "
                    f"module.{name}, unless the `unsafe` flag is enabled.\nmodule.{name}.{which}: {a}\n"
                    f"returned {which}: {b}"
                )
            raise ArgumentError(
                f"Registering a parametrization may not change the {which} of the tensor, unless the "
                f"`unsafe` flag is enabled.\nmodule.{name}.{which}: {a}\n"
                f"parametrization(module.{name}).{which}: {b}"
            )


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """The module, whose tensor of this name is from now on what the parametrisation makes of it.

    Args:
        module: the module; its class becomes one of its own.
        tensor_name: a parameter, a buffer, or one that is parametrised already.
        parametrization: a module; its method `right_inverse`, if any, says what to keep of a value that is
            assigned.
        unsafe: let it change type and shape.

    Raises:
        ArgumentError: there is no such tensor, or its type or shape would change.
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_another(module, tensor_name, parametrization)
        module.parametrizations[tensor_name].append(parametrization)
        module.parametrizations[tensor_name].unsafe |= unsafe
        return module
    if tensor_name not in module._buffers and tensor_name not in module._parameters:
        raise ArgumentError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name "
            f"'{tensor_name}'"
        )
    made = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe=unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        _with_class_of_its_own(module)
        module.parametrizations = ModuleDict()
    setattr(type(module), tensor_name, _property(tensor_name))
    module.parametrizations[tensor_name] = made
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether the module has parametrised tensors, or this one is."""
    found = module._modules.get("parametrizations")
    if not isinstance(found, ModuleDict):
        return False
    return len(found) > 0 if tensor_name is None else tensor_name in found


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """The module, whose tensor is its own again.

    Args:
        module: the module.
        tensor_name: the tensor.
        leave_parametrized: it keeps the value that was made; else the original one.

    Raises:
        ArgumentError: it is not parametrised, or has several originals.
    """
    if not is_parametrized(module, tensor_name):
        raise ArgumentError(f"Module {module} does not have a parametrization on {tensor_name}")
    made = module.parametrizations[tensor_name]
    if not made.is_tensor and not leave_parametrized:
        raise ArgumentError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms "
            "of a sequence of tensors."
        )
    with no_grad():
        value: Tensor = getattr(module, tensor_name).detach()
    if made.is_tensor:
        kept = made.original
        if leave_parametrized:
            _set(kept, value)
    else:
        tracked = any(part.requires_grad for part in made.parameters(recurse=False))
        kept = Parameter(value) if tracked else value
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _register(module, tensor_name, kept)
    if not is_parametrized(module):
        del module.parametrizations
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module: Module) -> type:
    """The class that the module had."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """The second module, with the parametrisations of the first and the same originals.

    Args:
        from_module: has them.
        to_module: gets them.
        tensor_name: of this tensor only.
    """
    if not is_parametrized(from_module):
        return to_module
    names = list(from_module.parametrizations) if tensor_name is None else [tensor_name]
    for name in names:
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name)))
        theirs = from_module.parametrizations[name]
        for parametrization in theirs:
            register_parametrization(to_module, name, parametrization)
        for own, original in [*theirs._parameters.items(), *theirs._buffers.items()]:
            setattr(to_module.parametrizations[name], own, original)
    return to_module
