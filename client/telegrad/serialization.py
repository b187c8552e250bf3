"""Saving and loading: tensors in a safetensors file, and what holds them as JSON in its header. No pickle.

A dict of tensors, as `Module.state_dict()` gives, is a plain safetensors file that other libraries read.
Other structures (an optimiser's state: numbers, lists, dicts in dicts) stand beside the tensors as text.
Complex tensors are kept as pairs of reals.
"""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from telegrad.making.creation import fetch_together, from_array
from telegrad.tensor import Tensor
from telegrad.wire.convert import NDArray
from telegrad_proto.errors import PayloadError

#: The header's entry that holds the structure.
_KEY: Final = "telegrad"


def save(obj: Any, f: Any) -> None:
    """Writes an object to a file: a dict of tensors, or tensors, numbers and text in dicts, lists and tuples.

    Tensors that are not known here are fetched in one message.

    Args:
        obj: what to save.
        f: path, or a file opened for writing bytes.

    Raises:
        TypeError: something in it is none of these.
    """
    from safetensors.numpy import save as encode  # few programs save

    found: dict[str, Tensor] = {}
    structure = _described(obj, "", found)
    arrays = fetch_together(list(found.values())) if found else []
    named = {name: _plain(array) for name, array in zip(found, arrays, strict=True)}
    data = encode(named, {"format": "pt", _KEY: json.dumps(structure, separators=(",", ":"))})
    if isinstance(f, (str, os.PathLike)):
        Path(f).write_bytes(data)
    else:
        f.write(data)


def load(
    f: Any, map_location: Any = None, *, weights_only: bool | None = None, mmap: bool | None = None
) -> Any:
    """The object that was saved; of another library's safetensors file a dict of its tensors.

    Args:
        f: path, or a file opened for reading bytes.
        map_location: accepted: the server chooses its device.
        weights_only: accepted: there is never anything else.
        mmap: accepted.

    Raises:
        PayloadError: it is no safetensors file.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as decode

    data = Path(f).read_bytes() if isinstance(f, (str, os.PathLike)) else f.read()
    try:
        arrays = decode(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    except (SafetensorError, ValueError, KeyError) as error:
        raise PayloadError(
            f"load: not a safetensors file ({error}); pickled files of PyTorch are not read: save with "
            "safetensors.torch.save_file"
        ) from error
    structure = header.get("__metadata__", {}).get(_KEY)
    if structure is None:
        return {name: from_array(array) for name, array in arrays.items()}
    try:
        return _restored(json.loads(structure), arrays)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise PayloadError(f"load: the header's description does not fit the file: {error}") from error


def _plain(array: NDArray) -> NDArray:
    """An array of a type that the format has."""
    if array.dtype.kind == "c":
        array = np.stack([array.real, array.imag], axis=-1)
    return np.ascontiguousarray(array).reshape(array.shape)


def _described(obj: Any, path: str, found: dict[str, Tensor]) -> Any:
    """The structure as JSON: [kind, content]; tensors are noted by name."""
    if isinstance(obj, Tensor):
        name = path or "tensor"
        while name in found:
            name += "_"
        found[name] = obj.detach()
        return ["complex" if obj.dtype.kind == "c" else "tensor", name]
    if obj is None or isinstance(obj, (bool, int, float, str)):
        return ["value", obj]
    if isinstance(obj, Mapping):
        items = []
        for key, value in obj.items():
            if not isinstance(key, (str, int, float, bool)):
                raise TypeError(f"save: a dict's keys must be text or numbers, got {type(key).__name__}")
            items.append([key, _described(value, f"{path}.{key}" if path else str(key), found)])
        return ["ordered" if isinstance(obj, OrderedDict) else "dict", items]
    if isinstance(obj, (list, tuple)):
        parts = [_described(v, f"{path}.{i}" if path else str(i), found) for i, v in enumerate(obj)]
        return ["tuple" if isinstance(obj, tuple) else "list", parts]
    raise TypeError(
        f"save: tensors, numbers, text, dicts, lists and tuples can be saved, got {type(obj).__name__}"
        + (f" at {path!r}" if path else "")
    )


def _restored(described: Any, arrays: dict[str, NDArray]) -> Any:
    kind, content = described
    if kind == "tensor":
        return from_array(arrays[content])
    if kind == "complex":
        pairs = np.ascontiguousarray(arrays[content])
        whole = pairs.view(np.complex64 if pairs.dtype.itemsize == 4 else np.complex128)
        return from_array(whole.reshape(pairs.shape[:-1]))
    if kind == "value":
        return content
    if kind in ("dict", "ordered"):
        made = ((key, _restored(value, arrays)) for key, value in content)
        return OrderedDict(made) if kind == "ordered" else dict(made)
    if kind in ("list", "tuple"):
        parts = [_restored(value, arrays) for value in content]
        return tuple(parts) if kind == "tuple" else parts
    raise ValueError(f"unknown kind {kind!r}")
