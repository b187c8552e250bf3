"""Which function a NaN in a backward pass comes from: `detect_anomaly`.

While it is on, the nodes of what is recorded hold their values. A pass then asks for the gradient of each of
these values too, and looks, in one message, where NaN stand. The first function that was given none and
returned some is the one to name, with the line that recorded it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from telegrad import _primitives as p
from telegrad.autograd.custom import CustomNode
from telegrad.autograd.graph import Accumulate, Edge, Node
from telegrad.autograd.mode import ANOMALY
from telegrad.autograd.task import UNUSED, Pass, Target
from telegrad.making.creation import array_from
from telegrad.sharing.aliasing import grad_mode
from telegrad.tensor import Tensor, make
from telegrad.wire.callsite import describe, source
from telegrad.wire.values import Value
from telegrad_proto.errors import GradientError

#: One of a node's outputs, or a leaf.
Place = tuple[int, int]


def set_anomaly_enabled(mode: bool, check_nan: bool = True) -> None:
    """Switches the search for NaN in backward passes on or off."""
    ANOMALY.enabled, ANOMALY.check_nan = mode, check_nan


def is_anomaly_enabled() -> bool:
    """Whether nodes hold what a search for NaN needs."""
    return ANOMALY.enabled


def is_anomaly_check_nan_enabled() -> bool:
    """Whether a pass in which a function returns NaN raises, where the search is on."""
    return ANOMALY.check_nan


class set_detect_anomaly:
    """Switches at once, as a function; as a context it switches back at the end."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.before = ANOMALY.enabled, ANOMALY.check_nan
        set_anomaly_enabled(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        set_anomaly_enabled(*self.before)


class detect_anomaly:
    """Inside, a backward pass in which a function returns NaN raises, and names the line that called it.

    The forward pass belongs inside, too. Each pass costs a look, and computes the gradients of all that lies
    on its way.

    Args:
        check_nan: raise; without it, nothing is looked at.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.before = ANOMALY.enabled, ANOMALY.check_nan
        self.check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be "
            "enabled for debugging.",
            UserWarning,
            stacklevel=2,
        )

    def __enter__(self) -> None:
        set_anomaly_enabled(True, self.check_nan)

    def __exit__(self, *_: object) -> None:
        set_anomaly_enabled(*self.before)


def check(task: Pass, targets: Sequence[Target]) -> None:
    """Returns where no function that the pass goes through returns NaN.

    Args:
        task: has called its hooks and Python derivatives, and freed nothing yet.
        targets: what gradients are asked for.

    Raises:
        GradientError: one does: torch's text, and the user's line.
    """
    seen: dict[Place, tuple[Edge, Value]] = {}
    for node in task.reached.nodes:
        for index, value in _held(node).items():
            seen[id(node), index] = ((node, index), value)
    for target in targets:
        if target.value is not UNUSED:
            seen.setdefault((id(target.edge[0]), target.edge[1]), (target.edge, target.value))
    if not seen:
        return
    asked = {value.id: value for _, value in seen.values()}
    made = task._request(asked, retain_graph=True)
    totals = {place: make(made[value.id]) for place, (_, value) in seen.items()}
    broken = dict(zip(totals, _broken(list(totals.values())), strict=True))
    if not any(broken.values()):
        return
    for place, (edge, value) in seen.items():
        if not broken[place]:
            continue
        readers = _readers(task.reached.nodes, edge)
        if not any(broken.get((id(node), k)) for node, _ in readers for k in _held(node)):
            raise _error(task, edge, _culprit(readers, edge, value, totals), value)


def _held(node: Node) -> dict[int, Value]:
    if isinstance(node, CustomNode):
        return node.results
    return {} if node.extra is None else node.extra.values


def _broken(gradients: Sequence[Tensor]) -> list[bool]:
    """Which of them have NaN elements: one look for all."""
    with grad_mode(False):
        flags = [
            p.reshape(p.any(p.ne(g, g), axes=tuple(range(g.ndim)), keepdims=False), shape=(1,))
            for g in gradients
        ]
        found: list[bool] = array_from(p.concatenate(*flags, axis=0) if len(flags) > 1 else flags[0]).tolist()
    return found


def _readers(nodes: Sequence[Node], edge: Edge) -> list[tuple[Node, int]]:
    """The nodes whose gradients go to an edge, the first to be recorded first, and for which input."""
    return [
        (node, slot)
        for node in reversed(nodes)
        for slot, to in enumerate(node.edges)
        if to is not None and to[0] is edge[0] and to[1] == edge[1]
    ]


def _culprit(
    readers: list[tuple[Node, int]], edge: Edge, value: Value, totals: dict[Place, Tensor]
) -> tuple[Node, int] | None:
    """The one of the readers that returns NaN, and for which of its inputs; None where it is not known."""
    known = [(node, slot) for node, slot in readers if _held(node)]
    if len(known) != len(readers):
        return None
    for node, slot in known:
        outputs = _held(node)
        if len(known) == 1 or isinstance(node, CustomNode):
            return node, slot
        roots = [make(y, (node, k), tracked=True) for k, y in outputs.items()]
        alone = Pass(roots, [totals[id(node), k] for k in outputs], create_graph=False)
        if _broken([make(alone._request({value.id: value}, retain_graph=True)[value.id])])[0]:
            return node, slot
    # No reader: a root, whose own weight is NaN. Its function returns NaN in turn.
    return (edge[0], 0) if not known and isinstance(edge[0], Node) else None


def _error(task: Pass, edge: Edge, culprit: tuple[Node, int] | None, value: Value) -> GradientError:
    if culprit is None:
        what = "a leaf" if isinstance(edge[0], Accumulate) else f"the result of {edge[0].name()}"
        return GradientError(
            f"the gradient of {what} of shape {list(value.spec.shape)} has nan values; which function "
            "returned them is known where the forward pass ran with anomaly detection enabled"
        )
    node, slot = culprit
    shown: list[Any] = [each[0] for each in node.next_functions]
    place = shown.index(edge[0]) if edge[0] in shown else slot
    text = f"Function '{node.name()}' returned nan values in its {place}th output."
    site = task.recorder.site_of(node.output)
    if site is None:
        return GradientError(text)
    line = source(site)
    return GradientError(f"{text} (recorded at {describe(site)}{f': {line}' if line else ''})")
