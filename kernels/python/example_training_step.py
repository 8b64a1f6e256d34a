#!/usr/bin/env python3
"""A plain PyTorch distillation step and a TRL-style one, with fused operators.

Usage: example_training_step.py [PATH_TO_LIBLIMBECK_OPS]

The models need two things that those of the transformers library have as well:
`model.model(input_ids=...).last_hidden_state` and `model.lm_head.weight`.
Prints the losses of a few steps, with PyTorch's operators and with the fused
ones, then those of a TRL-style trainer that accumulates two micro-batches.
"""

import sys
import types

import torch

MIX = 0.5  # of GKD's generalised JSD: 0 forward KL, 1 reverse KL
IGNORED = -100


def plain_loss(student, teacher, batch):
    """All logits of both models at once: 6 N V numbers and more."""
    ids, kept = batch["input_ids"], batch["labels"][:, 1:] != IGNORED
    with torch.no_grad():
        hidden = teacher.model(input_ids=ids).last_hidden_state
        teacher_logits = teacher.lm_head(hidden)[:, :-1]
    logits = student.lm_head(student.model(input_ids=ids).last_hidden_state)
    logits = logits[:, :-1]
    lp = torch.log_softmax(teacher_logits.float(), -1)
    lq = torch.log_softmax(logits.float(), -1)
    lm = torch.logaddexp(lp + torch.tensor(MIX).log(),
                         lq + torch.tensor(1 - MIX).log())
    token = (MIX * lp.exp() * (lp - lm) + (1 - MIX) * lq.exp() * (lq - lm))
    return token.sum(-1)[kept].mean()


def fused_loss(student, teacher, batch):
    """The same loss; no tensor of N V numbers exists."""
    ids = batch["input_ids"]
    with torch.no_grad():
        teacher_hidden = teacher.model(input_ids=ids).last_hidden_state[:, :-1]
    hidden = student.model(input_ids=ids).last_hidden_state[:, :-1]
    loss, _ = torch.ops.limbeck.linear_distillation(
        hidden.flatten(0, 1), student.lm_head.weight,
        teacher_hidden.flatten(0, 1), teacher.lm_head.weight,
        divergence="jsd", mix=MIX, target=batch["labels"][:, 1:].flatten())
    return loss


class FusedGkdLoss:
    """TRL's GKDTrainer.compute_loss, fused. It comes first among the bases:

        class Trainer(FusedGkdLoss, GKDTrainer):
            pass

    It reads what that trainer has: self.teacher_model, self.beta. A wrapped
    model (DDP, FSDP) has to be unwrapped first, and its parameters gathered.
    """

    def compute_loss(self, model, inputs, return_outputs=False,
                     num_items_in_batch=None):
        given = {name: inputs[name] for name in ("input_ids",
                                                 "attention_mask")}
        with torch.no_grad():
            teacher = self.teacher_model.model(**given).last_hidden_state
        outputs = model.model(**given)
        labels = inputs["labels"][:, 1:].flatten()
        weight = None  # the mean over the labels of this micro-batch
        if num_items_in_batch is not None:  # over those of the whole step
            weight = torch.full(labels.shape, 1 / float(num_items_in_batch),
                                device=labels.device)
        loss, _ = torch.ops.limbeck.linear_distillation(
            outputs.last_hidden_state[:, :-1].flatten(0, 1),
            model.lm_head.weight, teacher[:, :-1].flatten(0, 1),
            self.teacher_model.lm_head.weight, divergence="jsd",
            mix=self.beta, target=labels, token_weight=weight)
        return (loss, outputs) if return_outputs else loss


class StandIn:
    """Stands for GKDTrainer: what compute_loss reads of it, and a step."""

    def __init__(self, teacher):
        self.teacher_model = teacher
        self.beta = MIX

    def step(self, model, batch, pieces=2):
        """The loss of a batch in micro-batches; gradients are added up."""
        count = (batch["labels"][:, 1:] != IGNORED).sum()
        total = 0.0
        for piece in range(pieces):
            part = {name: values.tensor_split(pieces)[piece]
                    for name, values in batch.items()}
            loss = self.compute_loss(model, part, num_items_in_batch=count)
            loss.backward()
            total += loss.item()
        return total


class TrlStyleTrainer(FusedGkdLoss, StandIn):
    pass


class Body(torch.nn.Module):
    """Stands for a transformer without its head."""

    def __init__(self, vocabulary, width):
        super().__init__()
        self.embedding = torch.nn.Embedding(vocabulary, width)
        self.mixer = torch.nn.GRU(width, width, batch_first=True)

    def forward(self, input_ids, attention_mask=None):
        hidden, _ = self.mixer(self.embedding(input_ids))
        return types.SimpleNamespace(last_hidden_state=hidden)


class Model(torch.nn.Module):
    def __init__(self, vocabulary, width):
        super().__init__()
        self.model = Body(vocabulary, width)
        self.lm_head = torch.nn.Linear(width, vocabulary, bias=False)


def one_step(loss_function):
    """A step of plain PyTorch: forward and backward, all rows at once."""
    def step(student, teacher, batch):
        loss = loss_function(student, teacher, batch)
        loss.backward()
        return loss.item()
    return step


def trl_step(student, teacher, batch):
    return TrlStyleTrainer(teacher).step(student, batch)


def train(step, steps=5, vocabulary=997):
    """Losses of a few steps; the same numbers for the same loss."""
    torch.manual_seed(1)
    student, teacher = Model(vocabulary, 24), Model(vocabulary, 48)
    optimizer = torch.optim.AdamW(student.parameters(), lr=1e-2)
    input_ids = torch.randint(vocabulary, (4, 33))
    labels = input_ids.clone()
    labels[:, :9] = IGNORED  # the prompt
    labels[1, 20:] = IGNORED  # a shorter answer
    batch = {"input_ids": input_ids, "labels": labels,
             "attention_mask": torch.ones_like(input_ids)}
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        losses.append(step(student, teacher, batch))
        optimizer.step()
    return losses


def main():
    torch.ops.load_library(sys.argv[1] if len(sys.argv) > 1 else
                           "build/dev/kernels/python/liblimbeck_ops.so")
    runs = (train(one_step(plain_loss)), train(one_step(fused_loss)),
            train(trl_step))
    for step, (plain, fused, trl) in enumerate(zip(*runs)):
        print(f"step {step}: PyTorch {plain:.6f}, fused {fused:.6f}, "
              f"TRL-style {trl:.6f}")


if __name__ == "__main__":
    main()
