"""A transformer of two layers that learns to reverse sequences, each place seeing only those before it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

nn = torch.nn
STEPS, TOKENS, LENGTH, WIDTH = 50, 12, 6, 16


class Reverser(nn.Module):  # type: ignore[name-defined]
    """Tokens in, scores for the next ones out."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(TOKENS, WIDTH)
        layer = nn.TransformerEncoderLayer(WIDTH, 4, 32, dropout=0.0, activation="gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(WIDTH))
        self.head = nn.Linear(WIDTH, TOKENS, bias=False)
        self.register_buffer("places", waves(2 * LENGTH))

    def forward(self, tokens: Any) -> Any:
        length = tokens.size(1)
        mask = nn.Transformer.generate_square_subsequent_mask(length, dtype=torch.float64)
        x = self.embedding(tokens) * math.sqrt(WIDTH) + self.places[:length]
        return self.head(self.encoder(x, mask=mask, is_causal=True))


def waves(length: int) -> Any:
    """Sines and cosines that tell places apart."""
    place = torch.arange(length, dtype=torch.float64).unsqueeze(1)
    rate = torch.exp(torch.arange(0, WIDTH, 2, dtype=torch.float64) * (-math.log(10000.0) / WIDTH))
    out = torch.zeros(length, WIDTH, dtype=torch.float64)
    out[:, 0::2] = torch.sin(place * rate)
    out[:, 1::2] = torch.cos(place * rate)
    return out


def main() -> list[float]:
    rng = np.random.default_rng(6)
    model = Reverser().double()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" not in name:
                parameter.copy_(torch.tensor(rng.normal(0, 0.15, tuple(parameter.shape))))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, betas=(0.9, 0.98), weight_decay=0.01)
    warming = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 10))
    losses = []
    for _ in range(STEPS):
        forwards = rng.integers(0, TOKENS, (8, LENGTH))
        both = torch.tensor(np.concatenate([forwards, forwards[:, ::-1]], axis=1))
        scores = model(both[:, :-1])[:, LENGTH - 1 :]
        loss = nn.functional.cross_entropy(scores.transpose(1, 2), both[:, LENGTH:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        warming.step()
        losses.append(loss.item())
    return losses


if __name__ == "__main__":
    print(*main(), sep="\n")
