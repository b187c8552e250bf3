"""A softmax over many classes, of which the rare ones are in clusters with smaller layers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

from telegrad import _primitives as p
from telegrad.functions.joining import cat
from telegrad.functions.pieces import part
from telegrad.functions.selection import where
from telegrad.nn import functional as F
from telegrad.nn.containers import ModuleList, Sequential
from telegrad.nn.linear import Linear
from telegrad.nn.module import Module
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, ShapeError


class _ASMoutput(NamedTuple):
    """What an adaptive softmax gives.

    Attributes:
        output: the logarithms of the targets' probabilities.
        loss: the negative of their mean.
    """

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """The logarithms of the targets' probabilities, and the loss.

    Args:
        in_features: of the input.
        n_classes: how many there are, the frequent ones first.
        cutoffs: where each cluster of classes begins.
        div_value: each cluster's layer is so many times smaller than that of the one before.
        head_bias: add a bias to the scores of frequent classes and clusters.

    Source: Grave et al. 2017.

    Raises:
        ArgumentError: cutoffs that are no growing numbers below the classes.
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        given = list(cutoffs)
        if not given:
            raise ArgumentError("cutoffs should be a sequence of length larger than 0")
        growing = all(a < b for a, b in itertools.pairwise([0, *given, n_classes]))
        if not growing or any(int(c) != c for c in given):
            raise ArgumentError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, "
                "where each value is between 1 and n_classes-1"
            )
        self.in_features, self.n_classes, self.cutoffs = in_features, n_classes, [*given, n_classes]
        self.div_value, self.head_bias = div_value, head_bias
        self.shortlist_size, self.n_clusters = self.cutoffs[0], len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        where_ = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **where_)
        self.tail = ModuleList()
        for i, (start, stop) in enumerate(itertools.pairwise(self.cutoffs)):
            size = int(in_features // div_value ** (i + 1))
            into = Linear(in_features, size, bias=False, **where_)
            self.tail.append(Sequential(into, Linear(size, stop - start, bias=False, **where_)))

    def reset_parameters(self) -> None:
        """Draws the parameters anew."""
        self.head.reset_parameters()
        for into, out in self.tail:
            into.reset_parameters()
            out.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        """What each target's probability is, and how large the loss.

        Shape: input_ (n, in_features), target_ (n), or both without n; output as target_

        Raises:
            ShapeError: other dimensions.
        """
        if target_.ndim == 1:
            if input_.shape[0] != target_.shape[0]:
                raise ShapeError("Input and target should have the same size in the batch dimension.")
            if input_.ndim != 2:
                raise ShapeError(
                    f"1D target tensor expects 2D input tensors, but found inputs with size {input_.size()}"
                )
        elif target_.ndim == 0:
            if input_.ndim != 1:
                raise ShapeError(
                    f"0D target tensor expects 1D input tensors, but found inputs with size {input_.size()}"
                )
        else:
            raise ShapeError("0D or 1D target tensor expected, multi-target not supported")
        rows = input_ if target_.ndim else input_.unsqueeze(0)
        target = target_ if target_.ndim else target_.unsqueeze(0)
        words = f"Target values should be in [0, {self.n_classes - 1}]"
        target = p.require(target, (target >= 0) & (target < self.n_classes), message=words)
        # Which cluster a target is in, nobody knows here: every cluster is asked, and the right one chosen.
        head = F.log_softmax(self.head(rows), dim=1)
        found = _at(head, target.clamp(max=self.shortlist_size - 1))
        for i, (start, stop) in enumerate(itertools.pairwise(self.cutoffs)):
            inside = F.log_softmax(self.tail[i](rows), dim=1)
            own = _at(inside, (target - start).clamp(0, stop - start - 1))
            chosen = own + head[:, self.shortlist_size + i]
            found = where((target >= start) & (target < stop), chosen, found)
        loss = (-found).mean()
        return _ASMoutput(found if target_.ndim else found.squeeze(0), loss)

    def log_prob(self, input: Tensor) -> Tensor:
        """The logarithms of all classes' probabilities.

        Shape: (n, in_features) to (n, n_classes)
        """
        head = F.log_softmax(self.head(input), dim=1)
        parts = [part(head, 1, 0, self.shortlist_size)]
        for i, cluster in enumerate(self.tail):
            place = self.shortlist_size + i
            parts.append(F.log_softmax(cluster(input), dim=1) + part(head, 1, place, place + 1))
        return cat(parts, dim=1)

    def predict(self, input: Tensor) -> Tensor:
        """The likeliest classes, those of a cluster only where the cluster is likeliest.

        Shape: (n, in_features) to int64 (n)
        """
        first: Tensor = self.head(input).argmax(dim=1)
        found: Tensor = where(first >= self.shortlist_size, self.log_prob(input).argmax(dim=1), first)
        return found


def _at(scores: Tensor, places: Tensor) -> Tensor:
    found: Tensor = scores.gather(1, places.unsqueeze(1)).squeeze(1)
    return found
