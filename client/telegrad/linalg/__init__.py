"""torch.linalg: matrices and vectors, over leading batch dimensions."""

from __future__ import annotations

from typing import NoReturn as _NoReturn

from telegrad.functions.contraction import (
    matmul as matmul,
)
from telegrad.linalg.decompositions import (
    cholesky as cholesky,
)
from telegrad.linalg.decompositions import (
    eig as eig,
)
from telegrad.linalg.decompositions import (
    eigh as eigh,
)
from telegrad.linalg.decompositions import (
    eigvals as eigvals,
)
from telegrad.linalg.decompositions import (
    eigvalsh as eigvalsh,
)
from telegrad.linalg.decompositions import (
    householder_product as householder_product,
)
from telegrad.linalg.decompositions import (
    lu as lu,
)
from telegrad.linalg.decompositions import (
    qr as qr,
)
from telegrad.linalg.decompositions import (
    svd as svd,
)
from telegrad.linalg.decompositions import (
    svdvals as svdvals,
)
from telegrad.linalg.inverses import (
    det as det,
)
from telegrad.linalg.inverses import (
    inv as inv,
)
from telegrad.linalg.inverses import (
    pinv as pinv,
)
from telegrad.linalg.inverses import (
    slogdet as slogdet,
)
from telegrad.linalg.inverses import (
    tensorinv as tensorinv,
)
from telegrad.linalg.lowrank import (
    pca_lowrank as pca_lowrank,
)
from telegrad.linalg.lowrank import (
    svd_lowrank as svd_lowrank,
)
from telegrad.linalg.norms import (
    cond as cond,
)
from telegrad.linalg.norms import (
    matrix_norm as matrix_norm,
)
from telegrad.linalg.norms import (
    matrix_rank as matrix_rank,
)
from telegrad.linalg.norms import (
    norm as norm,
)
from telegrad.linalg.norms import (
    vector_norm as vector_norm,
)
from telegrad.linalg.products import (
    cross as cross,
)
from telegrad.linalg.products import (
    diagonal as diagonal,
)
from telegrad.linalg.products import (
    matrix_exp as matrix_exp,
)
from telegrad.linalg.products import (
    matrix_power as matrix_power,
)
from telegrad.linalg.products import (
    multi_dot as multi_dot,
)
from telegrad.linalg.products import (
    vander as vander,
)
from telegrad.linalg.products import (
    vecdot as vecdot,
)
from telegrad.linalg.solving import (
    lstsq as lstsq,
)
from telegrad.linalg.solving import (
    lu_factor as lu_factor,
)
from telegrad.linalg.solving import (
    lu_solve as lu_solve,
)
from telegrad.linalg.solving import (
    solve as solve,
)
from telegrad.linalg.solving import (
    solve_triangular as solve_triangular,
)
from telegrad.linalg.solving import (
    tensorsolve as tensorsolve,
)
from telegrad.linalg.told import (
    cholesky_ex as cholesky_ex,
)
from telegrad.linalg.told import (
    inv_ex as inv_ex,
)
from telegrad.linalg.told import (
    lu_factor_ex as lu_factor_ex,
)
from telegrad.linalg.told import (
    solve_ex as solve_ex,
)
from telegrad.recording.registry import absent as _absent
from telegrad_proto.errors import LinAlgError as LinAlgError


def __getattr__(name: str) -> _NoReturn:
    raise _absent("module 'telegrad.linalg'", "torch.linalg", name)
