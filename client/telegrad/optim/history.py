"""What L-BFGS remembers: steps and changes of the gradient, as matrices whose sizes seldom change.

The two loops over the history are two triangular systems: with rows s of steps and y of changes, T the upper
triangle of S Y^T with its diagonal D, and h the first guess of the inverse Hessian,

    T a = -S g,    r = h (-g - Y^T a),    T^T c = D a - Y r,    direction = r + S^T c.

So an iteration is the same few operators however long the history is, and its plan is known. Rows that are
not used yet are zeros in front, with ones on the diagonal of T; the room doubles when it is full.

Source: Byrd, Nocedal, Schnabel: Representations of quasi-Newton matrices and their use in limited memory
methods (1994), written as the systems that the two loops of Nocedal (1980) solve.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from telegrad import _primitives as p
from telegrad.functions.pieces import diagonal_of
from telegrad.making.creation import filled
from telegrad.making.promotion import constant
from telegrad.tensor import Tensor

_FIRST_ROOM: Final = 4
#: The least product of a step and the change along it that is remembered, as torch has it.
_LEAST: Final = 1e-10


class History:
    """The latest pairs of a step and of the gradient's change along it.

    Args:
        like: the gradient: of the length and type of all vectors.
        limit: how many pairs to remember at most.

    Attributes:
        used: how many pairs there are; `noted` says so.
    """

    def __init__(self, like: Tensor, limit: int) -> None:
        self._limit = limit
        self._room = min(limit, _FIRST_ROOM)
        self.used = 0
        dtype, length = like.dtype, like.numel()
        self._steps = filled((self._room, length), 0, dtype, False)
        self._changes = self._steps
        self._triangle = _identity(self._room, like)
        self.guess = filled((), 1, dtype, False)

    def copy(self) -> History:
        """Another one of the same pairs."""
        return copy.copy(self)

    def add(self, step: Tensor, change: Tensor) -> Tensor:
        """Remembers a pair, where its product is large enough, which is the result: a look at it goes to
        `noted`.

        Shape: step and change (n,), result ()
        """
        if self.used == self._room < self._limit:
            self._grow()
        steps, changes = _shifted(self._steps, step), _shifted(self._changes, change)
        column = _times(steps, change)
        n = self._room
        corner = p.slice(self._triangle, starts=(1, 1), limits=(n, n), strides=(1, 1))
        nothing = filled((1, n - 1), 0, change.dtype, False)
        rows = p.concatenate(corner, nothing, axis=0)
        triangle = p.concatenate(rows, p.reshape(column, shape=(n, 1)), axis=1)
        product = _dot(step, change)
        good = p.gt(product, constant(_LEAST, product.dtype))
        self._steps = p.where(good, steps, self._steps)
        self._changes = p.where(good, changes, self._changes)
        self._triangle = p.where(good, triangle, self._triangle)
        self.guess = p.where(good, p.div(product, _dot(change, change)), self.guess)
        return product

    def noted(self, product: float) -> None:
        """Tells the history what it will know of the pair that was added last."""
        if product > _LEAST and self.used < self._limit:
            self.used += 1

    def direction(self, grad: Tensor) -> Tensor:
        """Minus the gradient times the inverse Hessian.

        Shape: (n,) -> (n,)
        """
        down = p.neg(grad)
        first = _solved(self._triangle, _times(self._steps, down), upper=True)
        rest = p.mul(p.sub(down, _combined(self._changes, first)), self.guess)
        weights = p.mul(diagonal_of(self._triangle, 0, 0, 1), first)
        flipped = p.transpose(self._triangle, perm=(1, 0))
        second = _solved(flipped, p.sub(weights, _times(self._changes, rest)), upper=False)
        return p.add(rest, _combined(self._steps, second))

    def pairs(self) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """Changes, steps, and the inverses of their products, as torch's state has them: the oldest first."""
        found: tuple[list[Tensor], list[Tensor], list[Tensor]] = [], [], []
        diagonal = diagonal_of(self._triangle, 0, 0, 1)
        for i in range(self._room - self.used, self._room):
            found[0].append(_row(self._changes, i))
            found[1].append(_row(self._steps, i))
            product = p.slice(diagonal, starts=(i,), limits=(i + 1,), strides=(1,))
            found[2].append(p.div(constant(1, product.dtype), p.reshape(product, shape=())))
        return found

    @classmethod
    def of(
        cls, changes: Sequence[Tensor], steps: Sequence[Tensor], guess: Tensor, like: Tensor, limit: int
    ) -> History:
        """The history of these pairs, the oldest first."""
        made = cls(like, limit)
        for step, change in zip(steps, changes, strict=True):
            made.add(step, change)
            made.noted(1.0)
        made.guess = guess
        return made

    def _grow(self) -> None:
        before, self._room = self._room, min(self._limit, 2 * self._room)
        more = self._room - before
        length = self._steps._spec.shape[1]
        front = filled((more, length), 0, self._steps.dtype, False)
        self._steps = p.concatenate(front, self._steps, axis=0)
        self._changes = p.concatenate(front, self._changes, axis=0)
        whole = _identity(self._room, self._steps)
        self._triangle = p.set_slice(
            whole, self._triangle, starts=(more, more), limits=(self._room, self._room), strides=(1, 1)
        )


@dataclass(slots=True)
class Ahead:
    """What an iteration begins with.

    Attributes:
        history: of the iterations before it.
        direction: where it goes; stays on the server.
        slope: the gradient times the direction.
        norm: the direction's largest component.
        largest: the gradient's.
        total: the sum of the gradient's magnitudes.
    """

    history: History
    direction: Tensor
    slope: float
    norm: float
    largest: float
    total: float


def _identity(size: int, like: Tensor) -> Tensor:
    count = p.iota(size=size, dtype=like.dtype)
    same = p.eq(p.reshape(count, shape=(size, 1)), p.reshape(count, shape=(1, size)))
    return p.cast(same, dtype=like.dtype)


def _shifted(rows: Tensor, row: Tensor) -> Tensor:
    """The rows without the first, and one more at the end."""
    n, length = rows._spec.shape
    kept = p.slice(rows, starts=(1, 0), limits=(n, length), strides=(1, 1))
    return p.concatenate(kept, p.reshape(row, shape=(1, length)), axis=0)


def _row(rows: Tensor, i: int) -> Tensor:
    length = rows._spec.shape[1]
    return p.reshape(p.slice(rows, starts=(i, 0), limits=(i + 1, length), strides=(1, 1)), shape=(length,))


def _times(rows: Tensor, x: Tensor) -> Tensor:
    """The products of all rows with a vector."""
    n, length = rows._spec.shape
    return p.reshape(p.matmul(rows, p.reshape(x, shape=(length, 1))), shape=(n,))


def _combined(rows: Tensor, weights: Tensor) -> Tensor:
    """The sum of rows, each with its weight."""
    n, length = rows._spec.shape
    return p.reshape(p.matmul(p.reshape(weights, shape=(1, n)), rows), shape=(length,))


def _solved(triangle: Tensor, x: Tensor, *, upper: bool) -> Tensor:
    n = x._spec.shape[0]
    made = p.triangular_solve(triangle, p.reshape(x, shape=(n, 1)), upper=upper, unit=False)
    return p.reshape(made, shape=(n,))


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return p.sum(p.mul(a, b), axes=(0,), keepdims=False)
