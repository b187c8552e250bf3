"""What every optimiser is: groups of parameters with their settings, and a state for each parameter.

Parameters, gradients and state stay where the graph is computed. A step is a few recorded operators for each
parameter, written into the same tensors; it goes along with the next message.
"""

from __future__ import annotations

import functools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import chain
from typing import Any

from telegrad.autograd.hooks import Handle
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError

Group = dict[str, Any]
State = dict[str, Any]
Params = Iterable[Tensor] | Iterable[Group] | Iterable[tuple[str, Tensor]]
Closure = Callable[[], Any]
Hooks = OrderedDict[int, Callable[..., Any]]

#: Called before and after each step of every optimiser.
_BEFORE_ALL: Hooks = OrderedDict()
_AFTER_ALL: Hooks = OrderedDict()


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> Handle:
    """Calls hook(optimizer, args, kwargs) before each step of every optimiser."""
    return Handle(_BEFORE_ALL, hook)


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> Handle:
    """Calls hook(optimizer, args, kwargs) after each step of every optimiser."""
    return Handle(_AFTER_ALL, hook)


class Optimizer:
    """Base of all optimisers; a subclass gives `step`.

    Args:
        params: tensors, (name, tensor) pairs, or dicts with "params" and settings of their own.
        defaults: the settings of groups that have none.

    Attributes:
        state: by parameter.
        param_groups: dicts with "params" and every setting.

    Raises:
        TypeError: a single tensor, or something that is none.
        ArgumentError: no parameters, or one twice.
    """

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        if "step" in cls.__dict__:
            setattr(cls, "step", _hooked(cls.__dict__["step"]))  # noqa: B010  # a method is not assignable

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self._forget_hooks()
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                "torch.FloatTensor"
            )
        self.state: defaultdict[Any, State] = defaultdict(dict)
        self.param_groups: list[Group] = []
        self._stepped = False
        groups: list[Any] = list(params)
        if not groups:
            raise ArgumentError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _forget_hooks(self) -> None:
        self._before: Hooks = OrderedDict()
        self._after: Hooks = OrderedDict()
        self._before_saving: Hooks = OrderedDict()
        self._after_saving: Hooks = OrderedDict()
        self._before_loading: Hooks = OrderedDict()
        self._after_loading: Hooks = OrderedDict()

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines += [""] * (i > 0) + [f"Parameter Group {i}"]
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join(lines) + "\n)"

    def add_param_group(self, param_group: Group) -> None:
        """Takes in further parameters, with settings of their own where the dict has any.

        Raises:
            TypeError: not a dict, parameters in a set, or something that is no tensor.
            ArgumentError: a computed tensor, a parameter that is here already, names for some only.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        given = param_group["params"]
        if isinstance(given, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the ordering of "
                "tensors in sets will change between runs. Please use a list instead."
            )
        members = [given] if isinstance(given, Tensor) else list(given)
        names = [member[0] for member in members if isinstance(member, tuple)]
        params = [member[1] if isinstance(member, tuple) else member for member in members]
        param_group["params"] = params
        if names:
            if len(names) != len(params):
                raise ArgumentError(
                    "all optimizer params should be with/without names. Some param names are missing"
                )
            param_group["param_names"] = names
        for param in params:
            if not isinstance(param, Tensor):
                raise TypeError(
                    f"optimizer can only optimize Tensors, but one of the params is {type(param).__name__}"
                )
            if not self.defaults.get("differentiable") and not (param.is_leaf or param.retains_grad):
                raise ArgumentError("can't optimize a non-leaf Tensor")
        for name, default in self.defaults.items():
            param_group.setdefault(name, default)
        self._check_members(param_group)
        self.param_groups.append(param_group)

    def _check_members(self, param_group: Group) -> None:
        new = {id(param) for param in param_group["params"]}
        if len(new) != len(param_group["params"]):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will cause "
                "an error; see github.com/pytorch/pytorch/issues/40967 for more information",
                stacklevel=4,
            )
        for group in self.param_groups:
            if ("param_names" in param_group) != ("param_names" in group):
                kind = "with names" if "param_names" in param_group else "without names"
                raise ArgumentError(
                    "all optimizer param groups should be with/without names. cannot add param group "
                    f"{kind} to the optimizer"
                )
            if new & {id(param) for param in group["params"]}:
                raise ArgumentError("some parameters appear in more than one parameter group")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets the gradients, or makes them zeros."""
        for group in self.param_groups:
            for param in group["params"]:
                if param.grad is None:
                    continue
                if set_to_none:
                    param.grad = None
                    continue
                if param.grad.grad_fn is not None:
                    param.grad.detach_()
                else:
                    param.grad.requires_grad_(False)
                param.grad.zero_()

    def state_dict(self) -> dict[str, Any]:
        """The state and the settings, with parameters as numbers: torch's layout."""
        for hook in self._before_saving.values():
            hook(self)
        numbers: dict[int, int] = {}
        groups = []
        start = 0
        for group in self.param_groups:
            params = group["params"]
            for i, param in enumerate(params, start):
                numbers.setdefault(id(param), i)
            packed = {key: value for key, value in group.items() if key != "params"}
            packed["params"] = [numbers[id(param)] for param in params]
            start += len(params)
            groups.append(packed)
        state = {numbers[id(k)] if isinstance(k, Tensor) else k: v for k, v in self.state.items()}
        found: dict[str, Any] = {"state": state, "param_groups": groups}
        for hook in self._after_saving.values():
            found = hook(self, found) or found
        return found

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over a state that `state_dict` gave, here or in torch.

        Raises:
            ArgumentError: it has other groups than this optimiser.
        """
        state_dict = dict(state_dict)
        for hook in self._before_loading.values():
            state_dict = hook(self, state_dict) or state_dict
        saved = deepcopy(state_dict["param_groups"])
        if len(saved) != len(self.param_groups):
            raise ArgumentError("loaded state dict has a different number of parameter groups")
        for group, new in zip(self.param_groups, saved, strict=True):
            if len(group["params"]) != len(new["params"]):
                raise ArgumentError(
                    "loaded state dict contains a parameter group that doesn't match the size of "
                    "optimizer's group"
                )
        named = dict(
            zip(
                chain.from_iterable(group["params"] for group in saved),
                chain.from_iterable(group["params"] for group in self.param_groups),
                strict=True,
            )
        )
        state: defaultdict[Any, State] = defaultdict(dict)
        for key, value in state_dict["state"].items():
            param = named.get(key)
            state[key if param is None else param] = value if param is None else _fitted(param, value)
        for group, new in zip(self.param_groups, saved, strict=True):
            new["params"] = group["params"]
            if "param_names" in group:
                new.setdefault("param_names", group["param_names"])
        self.state, self.param_groups = state, saved
        self._complete()
        for hook in self._after_loading.values():
            hook(self)

    def _complete(self) -> None:
        """Gives loaded groups the settings that an older version did not save."""
        for group in self.param_groups:
            for name, default in self.defaults.items():
                group.setdefault(name, default)

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> Handle:
        """Calls hook(optimizer, args, kwargs) before each step; it may return others in a pair."""
        return Handle(self._before, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> Handle:
        """Calls hook(optimizer, args, kwargs) after each step."""
        return Handle(self._after, hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Calls hook(optimizer) before a state dict is made."""
        return _registered(self._before_saving, hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Calls hook(optimizer, state_dict), which may return another, when one was made."""
        return _registered(self._after_saving, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Calls hook(optimizer, state_dict), which may return another, before one is loaded."""
        return _registered(self._before_loading, hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Calls hook(optimizer) when a state dict was loaded."""
        return _registered(self._after_loading, hook, prepend)


def _registered(hooks: Hooks, hook: Callable[..., Any], prepend: bool) -> Handle:
    handle = Handle(hooks, hook)
    if prepend:
        hooks.move_to_end(next(reversed(hooks)), last=False)
    return handle


def _hooked(step: Callable[..., Any]) -> Callable[..., Any]:
    """The step with its hooks; a scheduler asks whether one was made."""

    @functools.wraps(step)
    def hooked(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        for before in [*_BEFORE_ALL.values(), *self._before.values()]:
            changed = before(self, args, kwargs)
            if changed is None:
                continue
            if not (isinstance(changed, tuple) and len(changed) == 2):
                raise ArgumentError(
                    f"{step} must return None or a tuple of (new_args, new_kwargs), but got {changed}."
                )
            args, kwargs = changed
        result = step(self, *args, **kwargs)
        self._stepped = True
        for after in [*self._after.values(), *_AFTER_ALL.values()]:
            after(self, args, kwargs)
        return result

    return hooked


def _fitted(param: Tensor, value: Any, key: str = "") -> Any:
    """A loaded state, in the type of its parameter; a count of steps keeps its own."""
    if isinstance(value, dict):
        return {name: _fitted(param, item, name) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_fitted(param, item) for item in value)
    if not isinstance(value, Tensor):
        if not hasattr(value, "__array__"):
            return value
        from telegrad.making.creation import tensor  # arrays, and other libraries' tensors

        value = tensor(value.detach().numpy() if hasattr(value, "detach") else value)
    if key == "step" or not param.is_floating_point():
        return value
    return value.to(dtype=param.dtype)
