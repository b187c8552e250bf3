"""Inference rules: the specs of an operator's outputs from its inputs' specs and its attributes.

Several operators share one rule; a record names its rule and fixes the rule's keyword parameters. A rule
trusts the catalogue's checks (number of inputs, types of attributes), checks the rest, and allocates nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from telegrad_proto.rules import (
    contraction,
    creation,
    elementwise,
    fft,
    indexing,
    linalg,
    reduction,
    shape,
    sorting,
    window,
)
from telegrad_proto.spec import Spec

#: (input specs, attributes by name, **parameters of the record) -> output specs
Rule = Callable[..., tuple[Spec, ...]]

RULES: Final[Mapping[str, Rule]] = {
    "unary": elementwise.unary,
    "binary": elementwise.binary,
    "nary": elementwise.nary,
    "required": elementwise.required,
    "where": elementwise.where,
    "cast": elementwise.cast,
    "polygamma": elementwise.polygamma,
    "full": creation.full,
    "iota": creation.iota,
    "random": creation.random,
    "random_of": creation.random_of,
    "random_bits": creation.random_bits,
    "reduction": reduction.reduction,
    "arg_reduction": reduction.arg_reduction,
    "cumulative": reduction.cumulative,
    "scan": reduction.scan,
    "reshape": shape.reshape,
    "transpose": shape.transpose,
    "broadcast_to": shape.broadcast_to,
    "flip": shape.flip,
    "slice": shape.slice_,
    "set_slice": shape.set_slice,
    "pad": shape.pad,
    "concatenate": shape.concatenate,
    "gather": indexing.gather,
    "scatter": indexing.scatter,
    "index": indexing.index,
    "index_put": indexing.index_put,
    "sort": sorting.sort,
    "searchsorted": sorting.searchsorted,
    "matmul": contraction.matmul,
    "windows": window.windows,
    "fold_windows": window.fold_windows,
    "square_matrix": linalg.square,
    "determinant": linalg.determinant,
    "pinv": linalg.pinv,
    "qr": linalg.qr,
    "svd": linalg.svd,
    "eigh": linalg.eigh,
    "eig": linalg.eig,
    "lu": linalg.lu,
    "solve": linalg.solve,
    "fft": fft.fft,
}
