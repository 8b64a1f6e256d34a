"""What the program says of models, as Python values."""

import json

import torch
from program import run


def lines(done):
    if done.returncode != 0:
        raise AssertionError(done.stderr + done.stdout[:2000])
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def filter_lines(verb, *arguments, requests):
    """The answers of a filter to requests, one each."""
    text = "".join(json.dumps(request) + "\n" for request in requests)
    answers = lines(run(verb, *arguments, input=text))
    assert len(answers) == len(requests), (verb, len(answers))
    return answers


def done(verb, *arguments):
    finished = run(verb, *arguments)
    if finished.returncode != 0:
        raise AssertionError(finished.stderr)
    return finished.stdout


def score(folder, sequences, *arguments):
    """Log-probabilities of each sequence from the second token on."""
    answers = filter_lines("score", "--model", folder, *arguments,
                           requests=[{"ids": ids} for ids in sequences])
    return [torch.tensor(answer["logprobs"]) for answer in answers]


def generate(folder, requests, count, *arguments):
    """The greedy sample of each request."""
    answers = filter_lines("generate", "--model", folder, "--temperature", 0,
                           "--max_tokens", count, *arguments,
                           requests=requests)
    return [answer["samples"][0] for answer in answers]
