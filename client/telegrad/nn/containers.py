"""Modules that hold modules."""

from __future__ import annotations

import itertools
import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self, overload

from telegrad.nn.module import Module, indented
from telegrad_proto.errors import ArgumentError


def place(index: Any, count: int) -> str:
    """The name of the submodule at a position, counted from the end where it is negative.

    Raises:
        IndexError: there is none.
    """
    found = operator.index(index)
    if not -count <= found < count:
        raise IndexError(f"index {found} is out of range")
    return str(found % count)


class _Row(Module):
    """Submodules named by their positions."""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._name_at(index), module)

    def _name_at(self, index: Any) -> str:
        """A Sequential's modules may have names of their own."""
        return list(self._modules)[int(place(index, len(self)))]

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._modules)
        for name in names[index] if isinstance(index, slice) else [self._name_at(index)]:
            delattr(self, name)
        self._renumber()

    def _renumber(self) -> None:
        kept = list(self._modules.values())
        self._modules.clear()
        self._modules.update({str(i): module for i, module in enumerate(kept)})

    def insert(self, index: int, module: Module) -> Any:
        """Puts a module before a position."""
        kept = list(self._modules.values())
        kept.insert(index, module)
        self._modules.clear()
        for i, one in enumerate(kept):
            self.add_module(str(i), one)

    def append(self, module: Module) -> Self:
        """Itself, one module longer."""
        self.add_module(str(len(self)), module)
        return self

    def pop(self, key: int) -> Any:
        """The module at a position, taken out."""
        module = self._modules[self._name_at(key)]
        del self[key]
        return module


class Sequential(_Row):
    """Modules that each take what the one before gives.

    Args:
        *args: modules, or one OrderedDict of names to modules.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        named = (
            args[0].items()
            if len(args) == 1 and isinstance(args[0], OrderedDict)
            else ((str(i), module) for i, module in enumerate(args))
        )
        for name, module in named:
            self.add_module(name, module)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self._modules.items())[index]))
        return self._modules[self._name_at(index)]

    def __add__(self, other: Any) -> Sequential:
        if not isinstance(other, Sequential):
            raise ArgumentError(
                f"add operator supports only objects of Sequential class, but {type(other)} is given."
            )
        return Sequential(*self, *other)

    def __iadd__(self, other: Any) -> Self:
        return self.extend(other)

    def __mul__(self, times: int) -> Sequential:
        return Sequential(*itertools.chain.from_iterable([list(self)] * _positive(times)))

    __rmul__ = __mul__

    def __imul__(self, times: int) -> Self:
        kept = list(self)
        for _ in range(_positive(times) - 1):
            self.extend(kept)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Itself, with one more module before a position.

        Raises:
            AssertionError: it is no module.
            IndexError: there is no such position.
        """
        assert isinstance(module, Module), f"module should be of type: {Module}"
        if not -len(self) <= index <= len(self):
            raise IndexError(f"Index out of range: {index}")
        super().insert(index + len(self) if index < 0 else index, module)
        return self

    def extend(self, sequential: Iterable[Module]) -> Self:
        """Itself, with more modules at the end."""
        for module in list(sequential):
            self.append(module)
        return self

    def forward(self, input: Any) -> Any:
        for module in self:
            input = module(input)
        return input


def _positive(times: Any) -> int:
    if not isinstance(times, int):
        raise TypeError(f"unsupported operand type(s) for *: {Sequential} and {type(times)}")
    if times <= 0:
        raise ArgumentError(f"Non-positive multiplication factor {times} for {Sequential}")
    return times


class ModuleList(_Row):
    """A list of modules."""

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> ModuleList: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self)[index])
        return self._modules[self._name_at(index)]

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def extend(self, modules: Iterable[Module]) -> Self:
        """Itself, with more modules at the end.

        Raises:
            TypeError: these are no sequence.
        """
        if not isinstance(modules, Iterable):
            raise TypeError(
                f"ModuleList.extend should be called with an iterable, but got {type(modules).__name__}"
            )
        for module in list(modules):
            self.append(module)
        return self

    def __repr__(self) -> str:
        shown = [repr(module) for module in self]
        if not shown:
            return f"{self._get_name()}()"
        lines, start = [], 0
        for text, group in itertools.groupby(shown):
            count = len(list(group))
            label = f"({start})" if count == 1 else f"({start}-{start + count - 1}): {count} x"
            lines.append(indented(f"{label}: {text}" if count == 1 else f"{label} {text}"))
            start += count
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"


class ModuleDict(Module):
    """A dictionary of modules."""

    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Takes all modules out."""
        self._modules.clear()

    def pop(self, key: str) -> Any:
        """The module of a name, taken out."""
        return self._modules.pop(key)

    def keys(self) -> Any:
        """The names."""
        return self._modules.keys()

    def items(self) -> Any:
        """The names and modules."""
        return self._modules.items()

    def values(self) -> Any:
        """The modules."""
        return self._modules.values()

    def update(self, modules: Any) -> None:
        """Adds the modules of a mapping, or of a sequence of names and modules.

        Raises:
            TypeError: it is neither.
        """
        if not isinstance(modules, Iterable):
            raise TypeError(
                "ModuleDict.update should be called with an iterable of key/value pairs, but got "
                f"{type(modules).__name__}"
            )
        pairs = modules.items() if isinstance(modules, (Mapping, ModuleDict)) else modules
        for name, module in pairs:
            self[name] = module
