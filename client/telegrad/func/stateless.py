"""Modules as functions of their parameters: `functional_call`, and many models' parameters in one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from telegrad.recording.registry import FUNCTIONS
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, GradientError


def functional_call(
    module: Any,
    parameter_and_buffer_dicts: Any,
    args: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """What a module gives with these tensors in place of its parameters and buffers.

    Args:
        module: is as before afterwards; what it writes to its buffers meanwhile goes to those given.
        parameter_and_buffer_dicts: tensors by their dotted names; or several such dicts.
        args: the module's arguments; a tuple, or the only one.
        kwargs: its named arguments.
        tie_weights: a parameter with several names is replaced under all of them.
        strict: refuse names that are missing, or that the module does not have.

    Raises:
        ValueError: no dict, or a name in two of them.
        RuntimeError: `strict`, and names that do not match.
    """
    named = _merged(parameter_and_buffer_dicts)
    given = () if args is None else args if isinstance(args, tuple) else (args,)
    own = {**dict(module.named_parameters(remove_duplicate=False)), **dict(module.named_buffers())}
    if strict:
        _check(named, own)
    if tie_weights:
        named = _tied(named, own)
    with _replaced(module, named):
        return module(*given, **(kwargs or {}))


def _merged(dicts: Any) -> dict[str, Tensor]:
    if isinstance(dicts, Mapping):
        return dict(dicts)
    if not isinstance(dicts, Sequence):
        raise ArgumentError(
            "Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got "
            f"{type(dicts)}"
        )
    if not all(isinstance(d, Mapping) for d in dicts):
        raise ArgumentError("Expected all elements of parameter_and_buffer_dicts to be dictionaries")
    keys = [key for d in dicts for key in d]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ArgumentError(
            f"{twice} appeared in multiple dictionaries; behavior of functional call is ambiguous"
        )
    return {key: value for d in dicts for key, value in d.items()}


def _check(named: Mapping[str, Tensor], own: Mapping[str, Any]) -> None:
    missing, unexpected = sorted(own.keys() - named.keys()), sorted(named.keys() - own.keys())
    lines = []
    if unexpected:
        lines.append(f"Unexpected key(s): {', '.join(unexpected)}.")
    if missing:
        lines.append(f"Missing key(s): {', '.join(missing)}.")
    if lines:
        raise GradientError("Error(s) in reparametrizing:\n\t" + "\n\t".join(lines))


def _tied(named: Mapping[str, Tensor], own: Mapping[str, Any]) -> dict[str, Tensor]:
    """The tensors under all names of the parameters that they stand for."""
    by_tensor = {id(own[name]): value for name, value in named.items() if name in own}
    more = {name: by_tensor[id(tensor)] for name, tensor in own.items() if id(tensor) in by_tensor}
    return {**more, **named}


@contextmanager
def _replaced(module: Any, named: Mapping[str, Tensor]) -> Iterator[None]:
    """Inside, the module's parameters and buffers are these."""
    before: list[tuple[dict[str, Any], str, Any]] = []
    try:
        for name, tensor in named.items():
            path, _, last = name.rpartition(".")
            owner = module.get_submodule(path)
            table = owner._parameters if last in owner._parameters else owner._buffers
            if last not in table:
                raise AttributeError(f"{type(owner).__name__} has no attribute `{last}`")
            before.append((table, last, table[last]))
            table[last] = tensor
        yield
    finally:
        for table, last, tensor in reversed(before):
            table[last] = tensor


def stack_module_state(models: Sequence[Any]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The parameters and the buffers of models of one class, each stacked along a new leading dimension.

    Raises:
        RuntimeError: no model, or models that differ.
    """
    models = list(models)
    if not models:
        raise GradientError("stack_module_state: Expected at least one model, got 0.")
    if len({model.training for model in models}) > 1:
        raise GradientError("stack_module_state: Expected all models to have the same training/eval mode.")
    if any(type(model) is not type(models[0]) for model in models):
        raise GradientError("stack_module_state: Expected all models to be of the same class.")
    parameters = [dict(model.named_parameters()) for model in models]
    buffers = [dict(model.named_buffers()) for model in models]
    return (
        {name: _stacked([table[name] for table in parameters], name) for name in parameters[0]},
        {name: _stacked([table[name] for table in buffers], name) for name in buffers[0]},
    )


def _stacked(tensors: list[Tensor], name: str) -> Tensor:
    tracked = {tensor.requires_grad for tensor in tensors}
    if len(tracked) > 1:
        raise GradientError(f"Expected {name} from each model to have the same .requires_grad")
    made: Tensor = FUNCTIONS[""]["stack"](tensors)
    return made.detach().requires_grad_() if tracked == {True} else made
