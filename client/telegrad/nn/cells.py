"""One step of a recurrent network: RNNCell, LSTMCell, GRUCell."""

from __future__ import annotations

import math
from typing import Any

from telegrad.making.creation import zeros
from telegrad.nn import init
from telegrad.nn.functional.recurrence import gru_cell, lstm_cell, rnn_relu_cell, rnn_tanh_cell
from telegrad.nn.module import Module
from telegrad.nn.parameter import Parameter, new_parameter
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError


class RNNCellBase(Module):
    """What the cells share.

    Shape: weight_ih (num_chunks * hidden_size, input_size), weight_hh (num_chunks * hidden_size,
        hidden_size), bias_ih and bias_hh (num_chunks * hidden_size).
    """

    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows = num_chunks * hidden_size
        self.weight_ih = new_parameter(rows, input_size, dtype=dtype, device=device)
        self.weight_hh = new_parameter(rows, hidden_size, dtype=dtype, device=device)
        for name in ("bias_ih", "bias_hh"):
            made = new_parameter(rows, dtype=dtype, device=device) if bias else None
            self.register_parameter(name, made)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws the parameters anew."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self) -> str:
        said = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            said += f", bias={self.bias}"
        if getattr(self, "nonlinearity", "tanh") != "tanh":
            said += f", nonlinearity={self.nonlinearity}"
        return said

    def _check(self, input: Tensor, state: tuple[Tensor, ...] | None, names: tuple[str, ...]) -> None:
        kind = type(self).__name__
        if input.ndim not in (1, 2):
            raise ArgumentError(f"{kind}: Expected input to be 1D or 2D, got {input.ndim}D instead")
        for name, part in zip(names, state or (), strict=False):
            if part.ndim not in (1, 2):
                raise ArgumentError(f"{kind}: Expected {name} to be 1D or 2D, got {part.ndim}D instead")

    def _weights(self) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh

    def _single(self, step: Any, input: Tensor, hx: Tensor | None) -> Tensor:
        """The state after a step, for a batch or one input."""
        self._check(input, None if hx is None else (hx,), ("hidden",))
        rows = input if input.ndim == 2 else input.unsqueeze(0)
        if hx is None:
            state = zeros(rows.shape[0], self.hidden_size, dtype=input.dtype)
        else:
            state = hx if input.ndim == 2 else hx.unsqueeze(0)
        after: Tensor = step(rows, state, *self._weights())
        return after if input.ndim == 2 else after.squeeze(0)


class RNNCell(RNNCellBase):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu.

    Shape: input (n, input_size), hx and result (n, hidden_size); without n likewise.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        if self.nonlinearity not in ("tanh", "relu"):
            raise ArgumentError(f"Unknown nonlinearity: {self.nonlinearity}")
        return self._single(rnn_tanh_cell if self.nonlinearity == "tanh" else rnn_relu_cell, input, hx)


class GRUCell(RNNCellBase):
    """One step of a GRU.

    Shape: input (n, input_size), hx and result (n, hidden_size); without n likewise.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        return self._single(gru_cell, input, hx)


class LSTMCell(RNNCellBase):
    """One step of an LSTM: its output and its cell state.

    Shape: input (n, input_size), both states and results (n, hidden_size); without n likewise.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """The next output and the next cell state.

        Raises:
            TypeError: the state is one tensor.
            ArgumentError: or another number of them than two.
            ShapeError: sizes that do not fit.
        """
        if isinstance(hx, Tensor):
            raise TypeError(
                f"lstm_cell(): argument 'hx' (position 2) must be tuple of Tensors, not {type(hx).__name__}"
            )
        if hx is not None and len(hx) != 2:
            raise ArgumentError(f"lstm_cell expects two hidden states, got {len(hx)}")
        self._check(input, hx, ("hx[0]", "hx[1]"))
        batched = input.ndim == 2
        rows = input if batched else input.unsqueeze(0)
        if hx is None:
            zero = zeros(rows.shape[0], self.hidden_size, dtype=input.dtype)
            state = (zero, zero)
        else:
            state = (hx[0], hx[1]) if batched else (hx[0].unsqueeze(0), hx[1].unsqueeze(0))
        hidden, cell = lstm_cell(rows, state, *self._weights())
        return (hidden, cell) if batched else (hidden.squeeze(0), cell.squeeze(0))
