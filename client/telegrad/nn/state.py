"""State dicts: a module's parameters and buffers by their paths, key for key as PyTorch's."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from telegrad.autograd.hooks import Handle
from telegrad.autograd.mode import no_grad
from telegrad.making.creation import tensor
from telegrad.nn.members import Members
from telegrad.nn.parameter import Parameter
from telegrad.tensor import Tensor

#: The key's last part under which a module keeps what is no tensor.
EXTRA: Final = "_extra_state"


class StateDict(OrderedDict[str, Any]):
    """A module's state by key, with the version of each module's layout in `_metadata`."""

    _metadata: dict[str, dict[str, Any]]


class IncompatibleKeys(NamedTuple):
    """What did not fit in a state dict.

    Attributes:
        missing_keys: the module has them, the state dict has not.
        unexpected_keys: the other way round.
    """

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"

    def __str__(self) -> str:
        return repr(self)


class Stateful(Members):
    """Members that can be saved and loaded."""

    _version: int = 1
    _state_dict_hooks: dict[int, Callable[..., Any]]
    _state_dict_pre_hooks: dict[int, Callable[..., Any]]
    _load_state_dict_pre_hooks: dict[int, Callable[..., Any]]
    _load_state_dict_post_hooks: dict[int, Callable[..., Any]]

    def __init__(self) -> None:
        super().__init__()
        for hooks in (
            "_state_dict_hooks",
            "_state_dict_pre_hooks",
            "_load_state_dict_pre_hooks",
            "_load_state_dict_post_hooks",
        ):
            object.__setattr__(self, hooks, {})

    def state_dict(self, *, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """The parameters and persistent buffers by key, detached: they share memory with the module.

        Args:
            destination: a mapping to put them into.
            prefix: what every key begins with.
            keep_vars: give the parameters themselves.
        """
        if destination is None:
            destination = StateDict()
            destination._metadata = {}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = {"version": self._version}
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in self._state_dict_hooks.values():
            changed = hook(self, destination, prefix, {"version": self._version})
            if changed is not None:
                destination = changed
        return destination

    def _own_state(self) -> dict[str, Tensor]:
        kept = {k: v for k, v in self._buffers.items() if k not in self._non_persistent_buffers_set}
        return {k: v for k, v in {**self._parameters, **kept}.items() if v is not None}

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        for name, value in self._own_state().items():
            destination[prefix + name] = value if keep_vars else value.detach()
        if type(self).get_extra_state is not Stateful.get_extra_state:
            destination[prefix + EXTRA] = self.get_extra_state()

    def get_extra_state(self) -> Any:
        """What else to keep in the state dict; for subclasses to say.

        Raises:
            RuntimeError: the subclass does not say it.
        """
        raise RuntimeError(f"{type(self).__name__} has no extra state: override get_extra_state()")

    def set_extra_state(self, state: Any) -> None:
        """Takes back what `get_extra_state` gave; for subclasses to say.

        Raises:
            RuntimeError: the subclass does not say it.
        """
        raise RuntimeError(f"{type(self).__name__} takes no extra state: override set_extra_state()")

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copies parameters and buffers from a state dict, ours or PyTorch's.

        Args:
            state_dict: tensors, or anything that NumPy takes for an array, by key.
            strict: the keys have to be those of `state_dict()`.
            assign: take the tensors themselves, with their types, in place of the module's.

        Returns:
            The keys that were missing and those that were not expected.

        Raises:
            TypeError: it is no mapping.
            RuntimeError: keys or shapes do not fit.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        metadata = getattr(state_dict, "_metadata", None) or {}
        found = IncompatibleKeys([], [])
        errors: list[str] = []
        self._load(dict(state_dict), "", metadata, found, errors, assign)
        if strict:
            for what, keys in (("Missing", found.missing_keys), ("Unexpected", found.unexpected_keys)):
                if keys:
                    listed = ", ".join(f'"{key}"' for key in keys)
                    errors.insert(
                        int(what != "Missing" and bool(found.missing_keys)),
                        f"{what} key(s) in state_dict: {listed}. ",
                    )
        if errors:
            lines = "\n\t".join(errors)
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{lines}")
        return found

    def _load(
        self,
        state: dict[str, Any],
        prefix: str,
        metadata: Mapping[str, Any],
        found: IncompatibleKeys,
        errors: list[str],
        assign: bool,
    ) -> None:
        local = dict(metadata.get(prefix[:-1], {}))
        if assign:
            local["assign_to_params_buffers"] = True
        self._load_from_state_dict(
            state, prefix, local, True, found.missing_keys, found.unexpected_keys, errors
        )
        for name, module in self._modules.items():
            if module is not None:
                below = f"{prefix}{name}."
                part = {key: value for key, value in state.items() if key.startswith(below)}
                module._load(part, below, metadata, found, errors, assign)
        for hook in self._load_state_dict_post_hooks.values():
            if hook(self, found) is not None:
                raise AssertionError(
                    "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return "
                    "new values, if incompatible_keys need to be modified, it should be done inplace."
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
        """Copies what belongs to this module alone; subclasses extend it to read older places."""
        for hook in self._load_state_dict_pre_hooks.values():
            hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        own = self._own_state()
        assign = bool(local_metadata.get("assign_to_params_buffers", False))
        for name, target in own.items():
            if prefix + name in state_dict:
                self._load_member(name, target, prefix + name, state_dict[prefix + name], assign, error_msgs)
            elif strict:
                missing_keys.append(prefix + name)
        extra = prefix + EXTRA
        if type(self).set_extra_state is not Stateful.set_extra_state:
            if extra in state_dict:
                self.set_extra_state(state_dict[extra])
            elif strict:
                missing_keys.append(extra)
        elif strict and extra in state_dict:
            unexpected_keys.append(extra)
        for key in state_dict if strict else ():
            if key.startswith(prefix) and key != extra:
                name, point, _ = key[len(prefix) :].partition(".")
                if name not in (self._modules if point else own):
                    unexpected_keys.append(key)

    def _load_member(
        self, name: str, target: Tensor, key: str, given: Any, assign: bool, errors: list[str]
    ) -> None:
        source = given if isinstance(given, Tensor) else _as_tensor(given)
        if source is None:
            errors.append(
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object '
                f"from checkpoint but received {type(given)}"
            )
            return
        if not target.ndim and tuple(source.shape) == (1,):
            source = source[0]  # what PyTorch wrote before it had scalars
        if source.shape != target.shape:
            errors.append(
                f"size mismatch for {key}: copying a param with shape {source.shape} from checkpoint, "
                f"the shape in current model is {target.shape}."
            )
            return
        try:
            with no_grad():
                if not assign:
                    target.copy_(source)
                elif not isinstance(target, Parameter):
                    setattr(self, name, source)
                elif isinstance(source, Parameter):
                    setattr(self, name, source.requires_grad_(target.requires_grad))
                else:
                    setattr(self, name, Parameter(source, requires_grad=target.requires_grad))
        except Exception as error:  # noqa: BLE001 - all errors are reported together
            errors.append(
                f'While copying the parameter named "{key}", whose dimensions in the model are '
                f"{target.size()} and whose dimensions in the checkpoint are {source.size()}, "
                f"an exception occurred : {error.args}."
            )

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> Handle:
        """Calls `hook(module, state_dict, prefix, local_metadata)` after the state dict was made."""
        return Handle(self._state_dict_hooks, hook)

    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> Handle:
        return Handle(self._state_dict_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> Handle:
        """Calls `hook(module, prefix, keep_vars)` before the state dict is made."""
        return Handle(self._state_dict_pre_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> Handle:
        """Calls `hook(module, state_dict, prefix, ...)` before a state dict is loaded."""
        return Handle(self._load_state_dict_pre_hooks, lambda *args: hook(self, *args))

    def _register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], with_module: bool = False
    ) -> Handle:
        if with_module:
            return self.register_load_state_dict_pre_hook(hook)
        return Handle(self._load_state_dict_pre_hooks, hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> Handle:
        """Calls `hook(module, incompatible_keys)` after a state dict was loaded."""
        return Handle(self._load_state_dict_post_hooks, hook)


def _as_tensor(given: Any) -> Tensor | None:
    """The tensor of an array or of another library's tensor; None where it is neither."""
    if not hasattr(given, "__array__"):
        return None
    # A tensor that requires a gradient gives no array.
    return tensor(given.detach() if hasattr(given, "detach") else given)
