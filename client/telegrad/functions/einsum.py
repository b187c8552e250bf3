"""Einstein summation: an equation over dimensions, worked off as batched matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from telegrad import _primitives as p
from telegrad.functions.operands import expanded, reshaped, widened
from telegrad.functions.pieces import diagonal_of
from telegrad.functions.shape import permuted
from telegrad.making.promotion import cast, result_type
from telegrad.recording.registry import function
from telegrad.tensor import Tensor
from telegrad_proto import shapes
from telegrad_proto.errors import ArgumentError, ShapeError

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Term:
    """An operand with a label for each of its dimensions, none twice."""

    x: Tensor
    labels: tuple[str, ...]

    def size(self, label: str) -> int:
        return self.x.shape[self.labels.index(label)] if label in self.labels else 1


def _sublists(args: tuple[Any, ...]) -> tuple[str, list[Tensor]]:
    """The equation that operands and lists of numbers in turn stand for."""

    def text(labels: Sequence[Any]) -> str:
        return "".join("..." if label is Ellipsis else _LETTERS[label] for label in labels)

    operands, inputs = list(args[0::2]), [text(labels) for labels in args[1::2]]
    if len(args) % 2:
        return f"{','.join(inputs)}->{text(operands[-1])}", operands[:-1]
    return ",".join(inputs), operands


def _labels(text: str, x: Tensor, position: int, dots: int) -> tuple[str, ...]:
    """The labels of an operand's dimensions; those of an ellipsis are numbers counted from the right."""
    before, ellipsis, after = text.partition("...")
    named = len(before) + len(after)
    for letter in before + after:
        if letter not in _LETTERS:
            raise ArgumentError(
                f"einsum(): invalid subscript given at index {text.index(letter)} in the equation string, "
                "subscripts must be in [a-zA-Z]"
            )
    if not ellipsis and named != x.ndim:
        raise ShapeError(
            f"einsum(): the number of subscripts in the equation ({named}) does not match the number of "
            f"dimensions ({x.ndim}) for operand {position} and no ellipsis was given"
        )
    if named > x.ndim:
        raise ShapeError(
            f"einsum(): the number of subscripts in the equation ({named}) is more than the number of "
            f"dimensions ({x.ndim}) for operand {position}"
        )
    covered = x.ndim - named
    return (*before, *(str(i) for i in range(dots - covered, dots)), *after)


def _diagonals(x: Tensor, labels: tuple[str, ...]) -> Term:
    """The operand with each label that stands twice made one dimension."""
    while len(set(labels)) != len(labels):
        label = next(a for a in labels if labels.count(a) > 1)
        first = labels.index(label)
        second = labels.index(label, first + 1)
        if x.shape[first] != x.shape[second]:
            raise ShapeError(
                f"einsum(): subscript {label} is repeated for operand 0 but the sizes don't match, "
                f"{x.shape[second]} != {x.shape[first]}"
            )
        x = diagonal_of(x, 0, first, second)
        labels = (*(a for i, a in enumerate(labels) if i not in (first, second)), label)
    return Term(x, labels)


def _summed(term: Term, keep: set[str]) -> Term:
    axes = tuple(i for i, label in enumerate(term.labels) if label not in keep)
    if not axes:
        return term
    return Term(p.sum(term.x, axes=axes, keepdims=False), tuple(a for a in term.labels if a in keep))


def _product(a: Term, b: Term, keep: set[str]) -> Term:
    """Both operands multiplied and summed over the labels that nothing after them needs, as one batched
    product.
    """
    alone_a, alone_b = keep | set(b.labels), keep | set(a.labels)
    a, b = _summed(a, alone_a), _summed(b, alone_b)
    # A dimension of 1 that stretches against a longer one to be summed is summed on its own.
    short = {n for n in set(a.labels) & set(b.labels) if n not in keep and a.size(n) != b.size(n)}
    if short:
        a = _summed(a, set(a.labels) - {n for n in short if a.size(n) == 1})
        b = _summed(b, set(b.labels) - {n for n in short if b.size(n) == 1})
        a = _summed(a, keep | set(b.labels))
        b = _summed(b, keep | set(a.labels))
    both = [n for n in a.labels if n in b.labels]
    batch, inside = [n for n in both if n in keep], [n for n in both if n not in keep]
    left = [n for n in a.labels if n not in b.labels]
    right = [n for n in b.labels if n not in a.labels]
    batch_shape = tuple(max(a.size(n), b.size(n)) if 0 not in (a.size(n), b.size(n)) else 0 for n in batch)
    sizes_l, sizes_r = tuple(a.size(n) for n in left), tuple(b.size(n) for n in right)
    total = shapes.size_of(tuple(a.size(n) for n in inside))
    x = permuted(a.x, [a.labels.index(n) for n in (*batch, *left, *inside)])
    y = permuted(b.x, [b.labels.index(n) for n in (*batch, *inside, *right)])
    x = reshaped(x, (*(a.size(n) for n in batch), shapes.size_of(sizes_l), total))
    y = reshaped(y, (*(b.size(n) for n in batch), total, shapes.size_of(sizes_r)))
    out = p.matmul(x, y)
    return Term(reshaped(out, (*batch_shape, *sizes_l, *sizes_r)), (*batch, *left, *right))


@function(label="ViewBackward0", method=False)
def einsum(*args: Any) -> Tensor:
    """The sum of products that an equation such as "ij,jk->ik" says.

    A list of the operands may come before the equation, as in PyTorch's own samples.

    Raises:
        ArgumentError: the equation does not fit the operands.
        ShapeError: sizes under one label differ.
    """
    if len(args) < 2:
        raise ArgumentError(
            "einsum(): must specify the equation string and at least one operand, or at least one operand "
            "and its subscripts list"
        )
    if isinstance(args[0], str):
        equation = args[0]
        operands = list(args[1]) if len(args) == 2 and isinstance(args[1], (list, tuple)) else list(args[1:])
    elif isinstance(args[0], Tensor):
        equation, operands = _sublists(args)
    elif len(args) == 2 and isinstance(args[0], (list, tuple)) and isinstance(args[1], str):
        equation, operands = args[1], list(args[0])
    else:
        kind = type(args[0]).__name__
        raise TypeError(f"einsum(): argument 'equation' (position 1) must be str, not {kind}")
    for place, operand in enumerate(operands):
        if not isinstance(operand, Tensor):
            kind = type(operand).__name__
            raise TypeError(f"einsum(): expected Tensor as element {place} in argument 1, but got {kind}")
    left, arrow, right = equation.replace(" ", "").partition("->")
    texts = left.split(",")
    if len(texts) != len(operands):
        few = "fewer" if len(texts) > len(operands) else "more"
        raise ArgumentError(f"einsum(): {few} operands were provided than specified in the equation")
    covered = [x.ndim - len(t.replace("...", "")) for t, x in zip(texts, operands, strict=True) if "..." in t]
    dots = max([0, *covered])
    labels = [_labels(t, x, i, dots) for i, (t, x) in enumerate(zip(texts, operands, strict=True))]
    ellipsis = tuple(str(i) for i in range(dots))
    if arrow:
        before, has, after = right.partition("...")
        target = (*before, *(ellipsis if has else ()), *after)
    else:
        every = "".join(texts).replace(".", "")
        target = (*ellipsis, *sorted(n for n in set(every) if every.count(n) == 1))
    known = {n for each in labels for n in each}
    for name in target:
        if name not in known:
            raise ArgumentError(
                f"einsum(): output subscript {name} does not appear in the equation for any input operand"
            )
        if target.count(name) > 1:
            raise ArgumentError(f"einsum(): output subscript {name} appears more than once in the output")
    _check_sizes(labels, operands)
    dtype = result_type(*operands)
    terms = [_diagonals(cast(x, dtype), each) for x, each in zip(operands, labels, strict=True)]
    sizes = {n: max(t.size(n) for t in terms) if all(t.size(n) for t in terms) else 0 for n in known}
    if len(terms) == 1 and known - set(target):
        # Alone, a sum: of integers it is one of int64, as torch's sum.
        terms = [Term(widened(terms[0].x), terms[0].labels)]
    done = terms[0]
    for i, term in enumerate(terms[1:], start=1):
        later = {n for rest in terms[i + 1 :] for n in rest.labels}
        done = _product(done, term, set(target) | later)
    done = _summed(done, set(target))
    out = permuted(done.x, [done.labels.index(n) for n in target])
    return expanded(out, tuple(sizes[n] for n in target))


def _check_sizes(labels: Sequence[tuple[str, ...]], operands: Sequence[Tensor]) -> None:
    seen: dict[str, int] = {}
    for i, (each, x) in enumerate(zip(labels, operands, strict=True)):
        for axis, name in enumerate(each):
            size, before = x.shape[axis], seen.get(name, 1)
            if size not in (1, before) and before != 1:
                raise ShapeError(
                    f"einsum(): subscript {name} has size {size} for operand {i} which does not broadcast "
                    f"with previously seen size {before}"
                )
            seen[name] = before if size == 1 else size
