#!/usr/bin/env python3
"""A plain PyTorch distillation step, and the same with the fused operators.

Usage: example_training_step.py [PATH_TO_LIBLIMBECK_OPS]

The models need two things that those of the transformers library have as well:
`model.model(input_ids).last_hidden_state` and `model.lm_head.weight`. In a
trainer of the TRL kind, override compute_loss and return fused_loss(...).
"""

import sys
import types

import torch

MIX = 0.5  # of GKD's generalised JSD: 0 forward KL, 1 reverse KL
IGNORED = -100


def plain_loss(student, teacher, input_ids, labels):
    """All logits of both models at once: 6 N V numbers and more."""
    with torch.no_grad():
        hidden = teacher.model(input_ids).last_hidden_state
        teacher_logits = teacher.lm_head(hidden)[:, :-1]
    logits = student.lm_head(student.model(input_ids).last_hidden_state)
    logits = logits[:, :-1]
    lp = torch.log_softmax(teacher_logits.float(), -1)
    lq = torch.log_softmax(logits.float(), -1)
    lm = torch.logaddexp(lp + torch.tensor(MIX).log(),
                         lq + torch.tensor(1 - MIX).log())
    kept = labels[:, 1:] != IGNORED
    token = (MIX * lp.exp() * (lp - lm) + (1 - MIX) * lq.exp() * (lq - lm))
    return token.sum(-1)[kept].mean()


def fused_loss(student, teacher, input_ids, labels):
    """The same loss; no tensor of N V numbers exists."""
    with torch.no_grad():
        teacher_hidden = teacher.model(input_ids).last_hidden_state[:, :-1]
    hidden = student.model(input_ids).last_hidden_state[:, :-1]
    loss, _ = torch.ops.limbeck.linear_distillation(
        hidden.flatten(0, 1), student.lm_head.weight,
        teacher_hidden.flatten(0, 1), teacher.lm_head.weight,
        divergence="jsd", mix=MIX, target=labels[:, 1:].flatten())
    return loss


class Body(torch.nn.Module):
    """Stands for a transformer without its head."""

    def __init__(self, vocabulary, width):
        super().__init__()
        self.embedding = torch.nn.Embedding(vocabulary, width)
        self.mixer = torch.nn.GRU(width, width, batch_first=True)

    def forward(self, input_ids):
        hidden, _ = self.mixer(self.embedding(input_ids))
        return types.SimpleNamespace(last_hidden_state=hidden)


class Model(torch.nn.Module):
    def __init__(self, vocabulary, width):
        super().__init__()
        self.model = Body(vocabulary, width)
        self.lm_head = torch.nn.Linear(width, vocabulary, bias=False)


def train(loss_function, steps=5, vocabulary=997):
    """Losses of a few steps; the same numbers for the same function."""
    torch.manual_seed(1)
    student, teacher = Model(vocabulary, 24), Model(vocabulary, 48)
    optimizer = torch.optim.AdamW(student.parameters(), lr=1e-2)
    input_ids = torch.randint(vocabulary, (4, 33))
    labels = input_ids.clone()
    labels[:, :9] = IGNORED  # the prompt
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_function(student, teacher, input_ids, labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def main():
    torch.ops.load_library(sys.argv[1] if len(sys.argv) > 1 else
                           "build/dev/kernels/python/liblimbeck_ops.so")
    for step, (plain, fused) in enumerate(zip(train(plain_loss),
                                              train(fused_loss))):
        print(f"step {step}: PyTorch {plain:.6f}, fused {fused:.6f}")


if __name__ == "__main__":
    main()
