"""Recurrent networks over whole sequences: RNN, LSTM, GRU."""

from __future__ import annotations

import math
import warnings
from typing import Any, ClassVar

from telegrad.making.creation import array_from, zeros
from telegrad.nn import init
from telegrad.nn.functional.recurrence import Settings, State, over_batch, over_packed
from telegrad.nn.module import Module
from telegrad.nn.parameter import Parameter, new_parameter
from telegrad.nn.utils.rnn import PackedSequence
from telegrad.recording.recorder import Recorder
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, ShapeError


class RNNBase(Module):
    """What the three share: weights for each layer and direction, and going over the input.

    Args:
        mode: RNN_TANH, RNN_RELU, LSTM or GRU.
        input_size: features of the input.
        hidden_size: features of the state.
        num_layers: each takes the outputs of the one before.
        bias: add biases.
        batch_first: the batch is the first dimension of input and output.
        dropout: share of the outputs between layers that is dropped in training.
        bidirectional: go both ways, and put both outputs side by side.
        proj_size: features of an LSTM's output, where they are projected.

    Shape: weight_ih (gates * hidden_size, features), weight_hh (gates * hidden_size, outputs), biases
        (gates * hidden_size), weight_hr (proj_size, hidden_size), of each layer and direction.

    Raises:
        ArgumentError: sizes that are not positive, or a dropout that is no share.
        TypeError: sizes or flags of another type.
    """

    gates: ClassVar[dict[str, int]] = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _check_settings(input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size)
        if mode not in self.gates:
            raise ArgumentError("Unrecognized RNN mode: " + mode)
        self.mode, self.input_size, self.hidden_size = mode, input_size, hidden_size
        self.num_layers, self.bias, self.batch_first = num_layers, bias, batch_first
        self.dropout, self.bidirectional, self.proj_size = float(dropout), bidirectional, proj_size
        self._flat_weights_names: list[str] = []
        self._all_weights: list[list[str]] = []
        gates, out = self.gates[mode] * hidden_size, proj_size or hidden_size
        for layer in range(num_layers):
            for suffix in ("", "_reverse") if bidirectional else ("",):
                features = out * (2 if bidirectional else 1) if layer else input_size
                shapes: dict[str, tuple[int, ...]] = {
                    "weight_ih": (gates, features),
                    "weight_hh": (gates, out),
                }
                if bias:
                    shapes |= {"bias_ih": (gates,), "bias_hh": (gates,)}
                if proj_size:
                    shapes["weight_hr"] = (proj_size, hidden_size)
                names = [f"{name}_l{layer}{suffix}" for name in shapes]
                for name, shape in zip(names, shapes.values(), strict=True):
                    self.register_parameter(name, new_parameter(*shape, dtype=dtype, device=device))
                self._flat_weights_names += names
                self._all_weights.append(names)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws the parameters anew."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The weights of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    @property
    def _flat_weights(self) -> list[Tensor]:
        return [getattr(self, name) for name in self._flat_weights_names]

    def flatten_parameters(self) -> None:
        """Returns: how arrays lie in memory is the server's matter."""

    def extra_repr(self) -> str:
        said = f"{self.input_size}, {self.hidden_size}"
        defaults = {
            "proj_size": 0,
            "num_layers": 1,
            "bias": True,
            "batch_first": False,
            "dropout": 0,
            "bidirectional": False,
        }
        for name, default in defaults.items():
            if getattr(self, name) != default:
                said += f", {name}={getattr(self, name)}"
        return said

    def _state_sizes(self) -> tuple[int, ...]:
        """The features of each part of the state."""
        return (self.proj_size or self.hidden_size,)

    def check_input(self, input: Tensor, batch_sizes: Any) -> None:
        """Returns where the input fits the weights.

        Raises:
            ArgumentError: it has another type.
            ShapeError: it has other dimensions.
        """
        own = self._flat_weights[0].dtype
        if input.dtype is not own:
            raise ArgumentError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({own}). Convert input: "
                f"input.to({own}), or convert model: model.to({input.dtype})"
            )
        wanted = 3 if batch_sizes is None else 2
        if input.ndim != wanted:
            raise ShapeError(f"input must have {wanted} dimensions, got {input.ndim}")
        if input.shape[-1] != self.input_size:
            raise ShapeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got "
                f"{input.shape[-1]}"
            )

    def _begin(self, input: Tensor, hx: Any, batch: int) -> State:
        """The state at the start: what was given, or zeros.

        Raises:
            ArgumentError: another number of tensors was given.
            ShapeError: what was given does not fit.
        """
        count = self.num_layers * (2 if self.bidirectional else 1)
        shapes = [(count, batch, size) for size in self._state_sizes()]
        if hx is None:
            return tuple(zeros(shape, dtype=input.dtype) for shape in shapes)
        given = (hx,) if isinstance(hx, Tensor) else tuple(hx)
        if len(given) != len(shapes):
            wanted = "one hidden state" if len(shapes) == 1 else "two hidden states"
            raise ArgumentError(f"{self.mode.lower()} expects {wanted}, got {len(given)}")
        for i, (part, shape) in enumerate(zip(given, shapes, strict=True)):
            if tuple(part.shape) != shape:
                which = "hidden" if len(shapes) == 1 else f"hidden[{i}]"
                raise ShapeError(f"Expected {which} size {shape}, got {list(part.shape)}")
        return given

    def _check_ranks(self, hx: Any, batched: bool) -> None:
        ranks = [part.ndim for part in ((hx,) if isinstance(hx, Tensor) else hx)]
        wanted = 3 if batched else 2
        if all(rank == wanted for rank in ranks):
            return
        kind = f"{'batched' if batched else 'unbatched'} {wanted}-D input"
        if len(ranks) == 1:
            raise ShapeError(f"For {kind}, hx should also be {wanted}-D but got {ranks[0]}-D tensor")
        raise ShapeError(
            f"For {kind}, hx and cx should also be {wanted}-D but got "
            f"({', '.join(f'{rank}-D' for rank in ranks)}) tensors"
        )

    def _shown(self, state: State) -> Any:
        return state[0] if len(state) == 1 else state

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """The last layer's output at every step, and the last state of each layer and direction.

        Shape: input (t, n, input_size), (n, t, input_size) with `batch_first`, (t, input_size) without a
            batch, or packed; state (layers * directions, n, hidden_size), without n likewise.

        Raises:
            ArgumentError: the input has other dimensions, or another type than the weights.
            ShapeError: sizes that do not fit.
        """
        settings = Settings(self.bias, self.num_layers, self.dropout, self.training, self.bidirectional)
        if isinstance(input, PackedSequence):
            return self._over_packed(input, hx, settings)
        if input.ndim not in (2, 3):
            what = "RNN" if self.mode.startswith("RNN") else self.mode
            tensor = " tensor" if what == "RNN" else ""
            raise ArgumentError(f"{what}: Expected input to be 2D or 3D, got {input.ndim}D{tensor} instead")
        batched = input.ndim == 3
        if hx is not None:
            self._check_ranks(hx, batched)
        place = 0 if self.batch_first else 1
        if not batched:
            input = input.unsqueeze(place)
            if hx is not None:
                hx = tuple(part.unsqueeze(1) for part in ((hx,) if isinstance(hx, Tensor) else hx))
        self.check_input(input, None)
        state = self._begin(input, hx, input.shape[place])
        out, ends = over_batch(self.mode, input, state, self._flat_weights, settings, self.batch_first)
        if not batched:
            out, ends = out.squeeze(place), tuple(part.squeeze(1) for part in ends)
        _compute_with_backward(ends)
        return out, self._shown(ends)

    def _over_packed(self, input: PackedSequence, hx: Any, settings: Settings) -> tuple[Any, Any]:
        data, batch_sizes, order, back = input
        sizes = [int(size) for size in array_from(batch_sizes)]
        self.check_input(data, batch_sizes)
        state = self._begin(data, hx, sizes[0])
        if hx is not None and order is not None:
            state = tuple(part.index_select(1, order) for part in state)
        out, ends = over_packed(self.mode, data, sizes, state, self._flat_weights, settings)
        if back is not None:
            ends = tuple(part.index_select(1, back) for part in ends)
        _compute_with_backward(ends)
        return PackedSequence(out, batch_sizes, order, back), self._shown(ends)


def _compute_with_backward(state: State) -> None:
    """Has the next backward pass compute the last state too, if it is still wanted then.

    A loss of the outputs does not read it. Asked for afterwards, as by a program that goes on with it, it
    would have to be computed from the start: the pass lets go of what it is made of.
    """
    for part in state:
        recorder = part._refresh().recorder
        if type(recorder) is Recorder:  # not inside vmap, nor where a program is written down
            recorder.written[id(part)] = part


def _check_settings(
    input_size: Any,
    hidden_size: Any,
    num_layers: int,
    bias: Any,
    batch_first: Any,
    dropout: Any,
    proj_size: int,
) -> None:
    if isinstance(dropout, bool) or not isinstance(dropout, (int, float)) or not 0 <= dropout <= 1:
        raise ArgumentError(
            "dropout should be a number in range [0, 1] representing the probability of an element being "
            "zeroed"
        )
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
            f"num_layers greater than 1, but got dropout={dropout} and num_layers={num_layers}",
            stacklevel=4,
        )
    kinds: dict[str, tuple[Any, type]] = {
        "bias": (bias, bool),
        "batch_first": (batch_first, bool),
        "input_size": (input_size, int),
        "hidden_size": (hidden_size, int),
    }
    for name, (value, kind) in kinds.items():
        if not isinstance(value, kind):
            raise TypeError(f"{name} should be of type {kind.__name__}, got: {type(value).__name__}")
    sizes = {"input_size": input_size, "hidden_size": hidden_size, "num_layers": num_layers}
    for name, size in sizes.items():
        if size <= 0:
            raise ArgumentError(f"{name} must be greater than zero")
    if proj_size < 0:
        raise ArgumentError("proj_size should be a positive integer or zero to disable projections")
    if proj_size >= hidden_size:
        raise ArgumentError("proj_size has to be smaller than hidden_size")


def _refuse_projection(named: dict[str, Any]) -> None:
    if "proj_size" in named:
        raise ArgumentError("proj_size argument is only supported for LSTM, not RNN or GRU")


class RNN(RNNBase):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu, at every step.

    Raises:
        ArgumentError: another nonlinearity.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse_projection(kwargs)
        if len(args) > 3:
            nonlinearity, args = args[3], args[:3] + args[4:]
        else:
            nonlinearity = kwargs.pop("nonlinearity", "tanh")
        if nonlinearity not in ("tanh", "relu"):
            raise ArgumentError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(f"RNN_{nonlinearity.upper()}", *args, **kwargs)
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """A network whose state has a cell beside its output: gates say what goes in, stays and is shown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)

    def _state_sizes(self) -> tuple[int, ...]:
        return (self.proj_size or self.hidden_size, self.hidden_size)


class GRU(RNNBase):
    """A network whose gates say how much of the state is forgotten, and how much of it is renewed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse_projection(kwargs)
        super().__init__("GRU", *args, **kwargs)
