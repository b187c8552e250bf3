"""A program's values do not depend on how it is cut into fragments, nor on what is looked at, cancelled or
released on the way.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from telegrad_engine.plan.compiler import PlanCache
from telegrad_engine.session import EngineSession
from telegrad_proto.opset import AttrValue
from tests.engine.drafts import Array, Draft, error_of

SEED = int(os.environ.get("TELEGRAD_TEST_SEED", "20240229"))
LEAVES = 3
SHAPE = (2, 3)
PLANS = PlanCache()  # shared on purpose: a plan that serves the wrong graph would be found out


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator on values by their number."""

    name: str
    inputs: tuple[int, ...]
    attrs: tuple[AttrValue, ...] = ()
    outputs: int = 1
    no_grad: bool = False


@dataclass(frozen=True, slots=True)
class Backward:
    """Gradients of the sum of a value."""

    root: int
    wrt: tuple[int, ...]
    retain_graph: bool
    create_graph: bool


Action = Apply | Backward

OPERATORS: dict[str, st.SearchStrategy[tuple[str, tuple[AttrValue, ...]]]] = {
    "unary": st.sampled_from([(n, ()) for n in ("sin", "exp", "neg", "sigmoid", "identity", "abs")]),
    "binary": st.sampled_from([(n, ()) for n in ("add", "mul", "sub", "maximum", "atan2")]),
    "sort": st.booleans().map(lambda down: ("sort", (1, down, True))),
    "sum": st.booleans().map(lambda back: ("cumsum", (1, back))),
    "turn": st.integers(0, 1).map(lambda axis: ("flip", ((axis,),))),
}


@st.composite
def programs(draw: st.DrawFn) -> list[Action]:
    """Actions on values of one shape, numbered as they are made; integers are never differentiated.

    As a client would, no backward pass goes through what an earlier one may have freed.
    """
    floats = list(range(LEAVES))
    behind: list[set[int]] = [
        set() for _ in floats
    ]  # for each value those that it was made of, leaves left out
    freed: set[int] = set()
    actions: list[Action] = []
    for _ in range(draw(st.integers(1, 9))):
        pick = st.sampled_from(floats)
        kind = draw(
            st.sampled_from(["unary", "binary", "binary", "sort", "sum", "turn", "backward", "backward"])
        )
        no_grad = draw(st.integers(0, 4)) == 0
        made = 1
        if kind == "backward":
            root, wrt = draw(pick), tuple(draw(st.lists(pick, min_size=1, max_size=3)))
            retain_graph, create_graph = draw(st.booleans()), draw(st.integers(0, 2)) == 0
            if behind[root] & freed:
                continue
            if not retain_graph and not create_graph:
                freed |= behind[root]
            inputs = (root, *wrt)
            actions.append(Backward(root, wrt, retain_graph, create_graph))
            made = len(wrt)
        else:
            name, attrs = draw(OPERATORS[kind])
            inputs = tuple(draw(pick) for _ in range(2 if kind == "binary" else 1))
            made = 2 if kind == "sort" else 1
            actions.append(Apply(name, inputs, attrs, made, no_grad))
        history = set().union(*[behind[i] for i in inputs])
        first = len(behind)
        behind += [history | {first + i} for i in range(made)]
        floats += range(first, first + (1 if kind == "sort" else made))
    return actions


class Run:
    """A program on a session of its own."""

    def __init__(self, arrays: list[Array]) -> None:
        self.draft = Draft(EngineSession(plans=PLANS))
        self.ids = [self.draft.leaf(a, grad=i < 2) for i, a in enumerate(arrays)]

    def do(self, action: Action) -> None:
        draft = self.draft
        if isinstance(action, Apply):
            needs = () if action.no_grad else None
            first = draft.node(
                action.name, *[self.ids[i] for i in action.inputs], attrs=action.attrs, needs=needs
            )
            self.ids += range(first, first + action.outputs)
            return
        wrt = [self.ids[i] for i in action.wrt]
        self.ids += draft.backward(
            [self.ids[action.root]],
            wrt,
            retain_graph=action.retain_graph,
            create_graph=action.create_graph,
        )


def last_uses(actions: list[Action], wanted: set[int]) -> dict[int, int]:
    """For each value the number of the last action that names it; wanted ones are named at the end."""
    uses = dict.fromkeys(range(LEAVES), -1)
    count = LEAVES
    for at, action in enumerate(actions):
        named = (action.root, *action.wrt) if isinstance(action, Backward) else action.inputs
        uses.update(dict.fromkeys(named, at))
        made = len(action.wrt) if isinstance(action, Backward) else action.outputs
        uses.update(dict.fromkeys(range(count, count + made), at))
        count += made
    uses.update(dict.fromkeys(wanted, len(actions)))
    return uses


@seed(SEED)
@settings(
    max_examples=300,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
@given(actions=programs(), data=st.data(), numbers=st.integers(0, 2**32 - 1))
def test_any_split_gives_the_same_values(actions: list[Action], data: st.DataObject, numbers: int) -> None:
    rng = np.random.default_rng(numbers)
    arrays = [rng.normal(size=SHAPE) for _ in range(LEAVES)]
    whole = Run(arrays)
    for action in actions:
        whole.do(action)
    want = dict(enumerate(whole.draft.fetch(*whole.ids)))

    wanted = data.draw(st.sets(st.sampled_from(sorted(want)), min_size=1))
    uses = last_uses(actions, wanted)
    parts = Run(arrays)
    released: set[int] = set()
    for at, action in enumerate(actions):
        parts.do(action)
        if data.draw(st.booleans()):
            live = [i for i in range(len(parts.ids)) if i not in released]
            looked_at = data.draw(st.lists(st.sampled_from(live), max_size=3))
            compare(parts, looked_at, want, cancel=data.draw(st.integers(0, 3)) == 0)
            gone = [i for i in live if uses[i] <= at]
            parts.draft.release(*[parts.ids[i] for i in gone])
            released.update(gone)
    compare(parts, sorted(wanted), want, cancel=False)
    parts.draft.release_all_but()
    parts.draft.done()
    assert parts.draft.session.held_bytes == 0
    assert parts.draft.session._pending == []


def compare(run: Run, numbers: list[int], want: dict[int, Array], *, cancel: bool) -> None:
    ids = [run.ids[i] for i in numbers]
    if cancel:
        run.draft.session.cancel(run.draft.fragment.seq)
        run.draft.fragment.fetches.extend(ids)
        if run.draft.send().error.code:
            assert error_of(run.draft.outcome).reason == "CANCELLED"
    for number, got in zip(numbers, run.draft.fetch(*ids), strict=True):
        np.testing.assert_array_equal(got, want[number], err_msg=f"value {number}")
