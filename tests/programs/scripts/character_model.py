"""A character model: an LSTM of two layers reads a text, its state carried from piece to piece."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

nn = torch.nn
STEPS, LENGTH, BATCH = 50, 6, 4

TEXT = (
    "the time traveller for so it will be convenient to speak of him was expounding a recondite matter to us "
    "his pale grey eyes shone and twinkled and his usually pale face was flushed and animated the fire burnt "
    "brightly and the soft radiance of the incandescent lights in the lilies of silver caught the bubbles "
    "that flashed and passed in our glasses"
)


class CharacterModel(nn.Module):  # type: ignore[name-defined]
    """Characters in, scores for the next ones out."""

    def __init__(self, characters: int, features: int, hidden: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(characters, features)
        self.lstm = nn.LSTM(features, hidden, num_layers=2)
        self.head = nn.Linear(hidden, characters)

    def forward(self, tokens: Any, state: Any) -> tuple[Any, Any]:
        out, state = self.lstm(self.embedding(tokens), state)
        return self.head(out), state


def pieces(rng: np.random.Generator) -> list[tuple[Any, Any]]:
    """The text in rows that go on from piece to piece, and the same one character later."""
    alphabet = sorted(set(TEXT))
    codes = np.array([alphabet.index(c) for c in TEXT])
    width = (len(codes) - 1) // BATCH
    now = codes[: width * BATCH].reshape(BATCH, width).T
    later = codes[1 : width * BATCH + 1].reshape(BATCH, width).T
    starts = range(0, width - LENGTH + 1, LENGTH)
    return [(torch.tensor(now[i : i + LENGTH]), torch.tensor(later[i : i + LENGTH])) for i in starts]


def main() -> list[float]:
    rng = np.random.default_rng(5)
    parts = pieces(rng)
    model = CharacterModel(len(set(TEXT)), 16, 24).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.tensor(rng.uniform(-0.2, 0.2, tuple(parameter.shape))))
    optimizer = torch.optim.RMSprop(model.parameters(), lr=5e-3)
    losses = []
    state = None
    for step in range(STEPS):
        tokens, later = parts[step % len(parts)]
        if step % len(parts) == 0:
            state = None
        elif state is not None:
            state = tuple(part.detach() for part in state)
        optimizer.zero_grad()
        scores, state = model(tokens, state)
        loss = nn.functional.cross_entropy(scores.reshape(-1, scores.shape[-1]), later.reshape(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    return losses


if __name__ == "__main__":
    print(*main(), sep="\n")
