"""Recurrent networks: one step of each kind, and going over all steps of a batch.

A batch is kept as rows, those of the first step before those of the second, and the number of rows of each
step, so that padded and packed batches go the same way. What does not depend on the state, the product of the
input and its weights, is one product for all steps; a step itself is a handful of primitives.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from telegrad import _primitives as p
from telegrad.making.creation import array_from
from telegrad.nn.functional.activation import rectified
from telegrad.nn.functional.noise import dropped
from telegrad.recording.registry import function
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, ShapeError

#: The hidden state, and the cell state where there is one.
State = tuple[Tensor, ...]
#: What the inputs contribute to a step's rows, and the state before: gives the state after.
Step = Callable[[Tensor, State], State]


class Layer(NamedTuple):
    """The weights of one layer in one direction.

    Shape: weight_ih (gates * h, i), weight_hh (gates * h, out), biases (gates * h), weight_hr (out, h)
    """

    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor | None = None
    bias_hh: Tensor | None = None
    weight_hr: Tensor | None = None


class Settings(NamedTuple):
    """How a network goes over its input: as torch's arguments of the same names."""

    has_biases: bool
    num_layers: int
    dropout: float
    train: bool
    bidirectional: bool


def _turned(weight: Tensor) -> Tensor:
    return p.transpose(weight, perm=(1, 0))


def rows_of(x: Tensor, start: int, stop: int) -> Tensor:
    """Some rows of a matrix, as a tensor of their own; all of them are the matrix itself."""
    if start == 0 and stop == x.shape[0]:
        return x
    return p.slice(x, starts=(start, 0), limits=(stop, x.shape[1]), strides=(1, 1))


def _columns(x: Tensor, *cuts: int) -> list[Tensor]:
    """The columns of a matrix between one cut and the next."""
    rows = x.shape[0]
    return [
        p.slice(x, starts=(0, start), limits=(rows, stop), strides=(1, 1))
        for start, stop in itertools.pairwise(cuts)
    ]


def _rnn(activation: Callable[[Tensor], Tensor]) -> Callable[[Layer], Step]:
    def prepared(layer: Layer) -> Step:
        weight = _turned(layer.weight_hh)

        def step(x: Tensor, state: State) -> State:
            return (activation(p.add(x, p.matmul(state[0], weight))),)

        return step

    return prepared


def _lstm(layer: Layer) -> Step:
    weight = _turned(layer.weight_hh)
    size = layer.weight_hh.shape[0] // 4
    narrow = None if layer.weight_hr is None else _turned(layer.weight_hr)

    def step(x: Tensor, state: State) -> State:
        gates = p.add(x, p.matmul(state[0], weight))
        let_in, keep, new, show = _columns(gates, 0, size, 2 * size, 3 * size, 4 * size)
        kept, added = p.mul(p.sigmoid(keep), state[1]), p.mul(p.sigmoid(let_in), p.tanh(new))
        cell = p.add(kept, added)
        hidden = p.mul(p.sigmoid(show), p.tanh(cell))
        return (hidden if narrow is None else p.matmul(hidden, narrow)), cell

    return step


def _gru(layer: Layer) -> Step:
    weight, bias = _turned(layer.weight_hh), layer.bias_hh
    size = layer.weight_hh.shape[0] // 3
    cuts = (0, 2 * size, 3 * size)

    def step(x: Tensor, state: State) -> State:
        (before,) = state
        of_state = p.matmul(before, weight)
        if bias is not None:
            of_state = p.add(of_state, bias)
        (x_gates, x_new), (h_gates, h_new) = _columns(x, *cuts), _columns(of_state, *cuts)
        reset, update = _columns(p.sigmoid(p.add(x_gates, h_gates)), 0, size, 2 * size)
        new = p.tanh(p.add(x_new, p.mul(reset, h_new)))
        return (p.add(p.mul(p.sub(before, new), update), new),)

    return step


#: Each kind by torch's name of its mode.
KINDS: Final[dict[str, Callable[[Layer], Step]]] = {
    "RNN_TANH": _rnn(p.tanh),
    "RNN_RELU": _rnn(rectified),
    "LSTM": _lstm,
    "GRU": _gru,
}


def _of_inputs(kind: str, layer: Layer, rows: Tensor) -> Tensor:
    """What the inputs contribute, for all steps."""
    out = p.matmul(rows, _turned(layer.weight_ih))
    if layer.bias_ih is None or layer.bias_hh is None:
        return out
    # A GRU scales its state's bias: it is added where the state is.
    return p.add(out, layer.bias_ih if kind == "GRU" else p.add(layer.bias_ih, layer.bias_hh))


def _forwards(step: Step, x: Tensor, sizes: Sequence[int], state: State) -> tuple[list[Tensor], State]:
    """The outputs of each step from the first to the last, and each row's last state."""
    outputs, ended = [], []
    start, living = 0, sizes[0]
    for size in sizes:
        if size < living:
            ended.append(tuple(rows_of(part, size, living) for part in state))
            state, living = tuple(rows_of(part, 0, size) for part in state), size
        state = step(rows_of(x, start, start + size), state)
        outputs.append(state[0])
        start += size
    if ended:
        state = tuple(p.concatenate(*parts, axis=0) for parts in zip(state, *reversed(ended), strict=True))
    return outputs, state


def _backwards(step: Step, x: Tensor, sizes: Sequence[int], begin: State) -> tuple[list[Tensor], State]:
    """The outputs of each step, computed from the last to the first, and each row's state at the first."""
    outputs = []
    stop, living = x.shape[0], sizes[-1]
    state = tuple(rows_of(part, 0, living) for part in begin)
    for size in reversed(sizes):
        if size > living:
            state = tuple(
                p.concatenate(part, rows_of(first, living, size), axis=0)
                for part, first in zip(state, begin, strict=True)
            )
            living = size
        state = step(rows_of(x, stop - size, stop), state)
        outputs.append(state[0])
        stop -= size
    return outputs[::-1], state


def recur(
    kind: str, rows: Tensor, sizes: Sequence[int], state: State, layers: Sequence[Layer], settings: Settings
) -> tuple[Tensor, State]:
    """The last layer's output at every step, and every layer's last state.

    Args:
        kind: one of `KINDS`.
        rows: the inputs, step after step.
        sizes: how many rows each step has; never more than the step before.
        state: where each layer and direction starts.
        layers: their weights, in the same order.
        settings: how to go.

    Shape: rows (sum of sizes, i); state (layers, sizes[0], h) each; result (sum of sizes, h), and as state
    """
    directions = 2 if settings.bidirectional else 1
    ends: list[State] = []
    for number in range(settings.num_layers):
        found = []
        for direction in range(directions):
            place = number * directions + direction
            layer = layers[place]
            begin = tuple(_layer_of(part, place) for part in state)
            over = _backwards if direction else _forwards
            outputs, end = over(KINDS[kind](layer), _of_inputs(kind, layer, rows), sizes, begin)
            found.append(outputs[0] if len(outputs) == 1 else p.concatenate(*outputs, axis=0))
            ends.append(end)
        rows = found[0] if directions == 1 else p.concatenate(*found, axis=1)
        if settings.train and settings.dropout and number < settings.num_layers - 1:
            rows = dropped(rows, settings.dropout)
    return rows, tuple(
        p.concatenate(*(p.reshape(part, shape=(1, *part.shape)) for part in parts), axis=0)
        for parts in zip(*ends, strict=True)
    )


def _layer_of(part: Tensor, place: int) -> Tensor:
    count, rows, columns = part.shape
    if count != 1:
        starts, limits = (place, 0, 0), (place + 1, rows, columns)
        part = p.slice(part, starts=starts, limits=limits, strides=(1, 1, 1))
    return p.reshape(part, shape=(rows, columns))


def _layers(params: Sequence[Tensor], kind: str, settings: Settings) -> list[Layer]:
    """torch's flat list of weights, by layer and direction."""
    count = settings.num_layers * (2 if settings.bidirectional else 1)
    each = len(params) // count
    if each * count != len(params) or each - (4 if settings.has_biases else 2) not in (
        (0, 1) if kind == "LSTM" else (0,)
    ):
        raise ArgumentError(f"{kind}: {len(params)} weights do not fit {count} layers")
    found = []
    for i in range(count):
        own: list[Tensor | None] = list(params[i * each : (i + 1) * each])
        if each in (3, 5):  # the last one projects
            own = [*own[:-1], *([None, None] if each == 3 else []), own[-1]]
        found.append(Layer._make([*own, *[None] * (len(Layer._fields) - len(own))]))
    return found


def over_batch(
    kind: str, input: Tensor, state: State, params: Sequence[Tensor], settings: Settings, batch_first: bool
) -> tuple[Tensor, State]:
    """What `recur` gives, for sequences of one length.

    Shape: input (t, n, i), or (n, t, i) with `batch_first`; result likewise
    """
    if input.ndim != 3:
        raise ShapeError(f"input must have 3 dimensions, got {input.ndim}")
    if batch_first:
        input = p.transpose(input, perm=(1, 0, 2))
    steps, batch, features = input.shape
    if not steps:
        raise ArgumentError("Expected sequence length to be larger than 0 in RNN")
    layers = _layers(params, kind, settings)
    rows = p.reshape(input, shape=(steps * batch, features))
    out, ends = recur(kind, rows, [batch] * steps, state, layers, settings)
    out = p.reshape(out, shape=(steps, batch, out.shape[1]))
    return (p.transpose(out, perm=(1, 0, 2)) if batch_first else out), ends


def over_packed(
    kind: str, data: Tensor, sizes: Sequence[int], state: State, params: Sequence[Tensor], settings: Settings
) -> tuple[Tensor, State]:
    """What `recur` gives, for packed sequences.

    Shape: data (sum of sizes, i); result likewise
    """
    return recur(kind, data, sizes, state, _layers(params, kind, settings), settings)


def _called(kind: str, input: Tensor, args: tuple[Any, ...]) -> tuple[Tensor, State]:
    """torch's two ways of calling a network: (hx, params, ...), or (batch_sizes, hx, params, ...)."""
    if isinstance(args[0], Tensor) and not (len(args) > 1 and _is_list_of_weights(args[1])):
        sizes, state, params, *rest = args
        batch = array_from(sizes).tolist()
        return over_packed(kind, input, batch, _listed(state), params, Settings(*rest))
    state, params, *rest = args
    batch_first = bool(rest.pop()) if len(rest) > len(Settings._fields) else False
    return over_batch(kind, input, _listed(state), params, Settings(*rest), batch_first)


def _is_list_of_weights(given: Any) -> bool:
    # Of an LSTM that gets batch sizes, a list is the state: it has no matrices.
    return isinstance(given, (list, tuple)) and given[0].ndim == 2


def _listed(state: Any) -> State:
    return (state,) if isinstance(state, Tensor) else tuple(state)


@function(method=False, label="StackBackward0")
def rnn_tanh(input: Tensor, *args: Any) -> tuple[Tensor, Tensor]:
    """The outputs and last states of a network of tanh; takes what torch.rnn_tanh takes, in its order."""
    out, (hidden,) = _called("RNN_TANH", input, args)
    return out, hidden


@function(method=False, label="StackBackward0")
def rnn_relu(input: Tensor, *args: Any) -> tuple[Tensor, Tensor]:
    """The outputs and last states of a network of relu; takes what torch.rnn_relu takes, in its order."""
    out, (hidden,) = _called("RNN_RELU", input, args)
    return out, hidden


@function(method=False, label="StackBackward0")
def gru(input: Tensor, *args: Any) -> tuple[Tensor, Tensor]:
    """The outputs and last states of a GRU; takes what torch.gru takes, in its order."""
    out, (hidden,) = _called("GRU", input, args)
    return out, hidden


@function(method=False, label="StackBackward0")
def lstm(input: Tensor, *args: Any) -> tuple[Tensor, Tensor, Tensor]:
    """The outputs and last states of an LSTM; takes what torch.lstm takes, in its order."""
    out, (hidden, cell) = _called("LSTM", input, args)
    return out, hidden, cell


def _one_step(kind: str, input: Tensor, state: State, layer: Layer) -> State:
    width = layer.weight_ih.shape[1]
    if input.shape[-1] != width:
        raise ShapeError(f"input has inconsistent input_size: got {input.shape[-1]} expected {width}")
    if state[0].shape[-1] != layer.weight_hh.shape[1]:
        raise ShapeError(
            f"hidden0 has inconsistent hidden_size: got {state[0].shape[-1]}, expected "
            f"{layer.weight_hh.shape[1]}"
        )
    return KINDS[kind](layer)(_of_inputs(kind, layer, input), state)


@function(method=False, label="TanhBackward0")
def rnn_tanh_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """tanh(input @ w_ih.T + b_ih + hx @ w_hh.T + b_hh)."""
    return _one_step("RNN_TANH", input, (hx,), Layer(w_ih, w_hh, b_ih, b_hh))[0]


@function(method=False, label="ReluBackward0")
def rnn_relu_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """relu(input @ w_ih.T + b_ih + hx @ w_hh.T + b_hh)."""
    return _one_step("RNN_RELU", input, (hx,), Layer(w_ih, w_hh, b_ih, b_hh))[0]


@function(method=False, label="AddBackward0")
def gru_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """The state of a GRU after one step."""
    return _one_step("GRU", input, (hx,), Layer(w_ih, w_hh, b_ih, b_hh))[0]


@function(method=False, label=None)
def lstm_cell(
    input: Tensor,
    hx: Sequence[Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The hidden and the cell state of an LSTM after one step."""
    hidden, cell = _one_step("LSTM", input, tuple(hx), Layer(w_ih, w_hh, b_ih, b_hh))
    return hidden, cell
