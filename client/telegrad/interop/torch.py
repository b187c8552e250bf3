"""PyTorch's functions and modules, called with our tensors.

PyTorch asks an argument that is no tensor of its own whether its class has `__torch_function__`, and leaves
the call to that. So `torch.nn.PairwiseDistance()(x, y)`, or any function written for PyTorch, computes with
telegrad's function of the same name. PyTorch itself is not imported here: who calls has imported it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import telegrad
from telegrad.tensor import Tensor

#: PyTorch's modules of built-in functions, what the names in them begin with, and where ours are.
_BUILT_IN: Final = {
    "torch._C._nn": ("", "nn.functional"),
    "torch._C._linalg": ("linalg_", "linalg"),
    "torch._C._special": ("special_", "special"),
    "torch._C._fft": ("fft_", "fft"),
    "torch.functional": ("", ""),
}


def call(
    function: Any, types: Iterable[type], args: Iterable[Any] = (), kwargs: Mapping[str, Any] | None = None
) -> Any:
    """What telegrad's function of the same name returns; NotImplemented where there is none.

    Args:
        function: PyTorch's function.
        types: the classes of the arguments that have this protocol.
        args: the arguments.
        kwargs: the keywords.

    Raises:
        TypeError: tensors of both libraries.
    """
    args, named = tuple(args), dict(kwargs or {})
    if function.__name__ == "copy_" and len(args) == 2 and list(_foreign(args[:1])):
        # A state dict of ours, loaded by a module of theirs.
        return args[0].copy_(args[0].new_tensor(args[1].detach().numpy()), **named)
    others = {kind for kind in types if not issubclass(kind, Tensor)} | set(
        _foreign([*args, *named.values()])
    )
    if others:
        names = ", ".join(sorted(f"{kind.__module__}.{kind.__qualname__}" for kind in others))
        raise TypeError(
            f"{function.__name__}(): requires tensors of one library, got telegrad.Tensor together with "
            f"{names}: make telegrad.tensor(t.detach().numpy()) of the others"
        )
    own = counterpart(function)
    return NotImplemented if own is None else own(*args, **named)


def to_torch(value: Any) -> Any:
    """The same with every tensor of ours as one of PyTorch's: of a tensor, or of dicts and sequences of them.

    So an optimiser's state goes on in PyTorch: `theirs.load_state_dict(to_torch(ours.state_dict()))`. Needs
    PyTorch, which is imported here.
    """
    import torch

    if isinstance(value, Tensor):
        return torch.tensor(value.detach().numpy())
    if isinstance(value, Mapping):
        return {key: to_torch(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([to_torch(item) for item in value])
    return value


def counterpart(function: Any) -> Callable[..., Any] | None:
    """telegrad's function by the name of one of PyTorch's; None where there is none."""
    module, name = function.__module__ or "torch", function.__name__
    prefix, place = _BUILT_IN.get(module, ("", module.partition(".")[2]))
    for here in (place, ""):
        found = getattr(_namespace(here), name.removeprefix(prefix), None)
        if callable(found):
            return found  # type: ignore[no-any-return]
    return None


def _namespace(place: str) -> Any:
    found: Any = telegrad
    for part in place.split(".") if place else ():
        found = getattr(found, part, None)
    return found


def _foreign(values: Iterable[Any]) -> Iterable[type]:
    """The classes of PyTorch's own tensors among values and lists of them."""
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from _foreign(value)
        elif any(kind.__module__ == "torch" and kind.__name__ == "Tensor" for kind in type(value).__mro__):
            yield type(value)
