"""Muon (Jordan et al. 2024): an optimizer that turns each weight matrix in all its directions alike.

On the arithmetic stories it needs about a quarter of AdamW's steps: the rare directions, in which a carry is learned,
get as long a step as the common ones. The painter's autoencoder gains still more by it.
"""

from collections.abc import Callable

import torch
from torch import Tensor

MATRIX = 7.0  # a matrix's step, relative to the learning rate of the rest


class Muon(torch.optim.Optimizer):
    """Muon for the matrices of a model's layers, AdamW for embeddings and norms; one learning rate moves both.

    inner: which weights, by name, are matrices of layers. A convolution's kernel is a matrix, outputs by all the rest.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        lr: float,
        inner: Callable[[str], bool] = lambda name: ".layers." in name,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.98),
        weight_decay: float = 0.01,
    ):
        named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
        self.matrices = {p for name, p in named if p.ndim > 1 and inner(name)}
        super().__init__(
            [p for _, p in named], {"lr": lr, "momentum": momentum, "betas": betas, "weight_decay": weight_decay}
        )

    @torch.no_grad()
    def step(self, closure=None) -> None:
        """One step along the gradients that are there."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(self._matrix(p, group) if p in self.matrices else self._adam(p, group), alpha=-group["lr"])

    def _matrix(self, p: Tensor, group: dict) -> Tensor:
        state = self.state[p]
        mean = state.setdefault("momentum", torch.zeros_like(p))
        mean.lerp_(p.grad, 1 - group["momentum"])
        ahead = p.grad.lerp(mean, group["momentum"]).flatten(1)
        return (orthogonal(ahead) * MATRIX * max(1, ahead.shape[0] / ahead.shape[1]) ** 0.5).view_as(p)

    def _adam(self, p: Tensor, group: dict) -> Tensor:
        state, (b1, b2) = self.state[p], group["betas"]
        mean = state.setdefault("mean", torch.zeros_like(p)).lerp_(p.grad, 1 - b1)
        square = state.setdefault("square", torch.zeros_like(p)).lerp_(p.grad.square(), 1 - b2)
        state["steps"] = n = state.get("steps", 0) + 1
        return mean / (1 - b1**n) / ((square / (1 - b2**n)).sqrt() + 1e-8)


def orthogonal(matrix: Tensor, rounds: int = 5) -> Tensor:
    """The matrix with its singular values pushed near 1 (0.7 to 1.2) by Newton and Schulz's iteration."""
    wide = matrix.shape[0] <= matrix.shape[1]
    X = (matrix if wide else matrix.T) / (matrix.norm() + 1e-7)
    for _ in range(rounds):
        A = X @ X.T
        X = 3.4445 * X + (2.0315 * A @ A - 4.775 * A) @ X
    return X if wide else X.T
