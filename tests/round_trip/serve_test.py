"""`transformers serve` and vLLM on a folder that the program wrote."""

import contextlib
import http.client
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
import unittest
from pathlib import Path

import packages
import program
from limbeck_program import done, generate
from transformers import AutoTokenizer
from transformers.utils.import_utils import is_serve_available

QUICKSTART = packages.ROOT / "recipes" / "quickstart" / "teacher"
READY_SECONDS = 240
CHATS = [
    [{"role": "user", "content": "Compute 17 + 25 - 6."}],
    [{"role": "user", "content": "Compute 3 * 4 + 5."}],
]
NEW_TOKENS = 64


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def request(port, method, path, body=None, seconds=60):
    """Status and parsed answer of one request."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        link.request(method, path, json.dumps(body) if body else None,
                     {"Content-Type": "application/json"})
        answer = link.getresponse()
        text = answer.read().decode()
        return answer.status, json.loads(text) if answer.status == 200 else text
    finally:
        link.close()


def is_ready(port):
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
        return request(port, "GET", "/health", seconds=2)[0] == 200
    return False


@contextlib.contextmanager
def server(command, port, log):
    """A server in a process group of its own, which ends with the block."""
    with open(log, "wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output,
                                   stdin=subprocess.DEVNULL,
                                   start_new_session=True)
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not is_ready(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(Path(log).read_text(errors="replace"))
            time.sleep(0.3)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Serve(program.Case):
    def setUp(self):
        super().setUp()
        # A name without "/" would be one of the Hub's.
        self.model = self.folder / "model"
        done("convert", QUICKSTART, self.model)

    def assert_served(self, command, port):
        # The servers leave special tokens out; </think> is one here.
        tokenizer = AutoTokenizer.from_pretrained(self.model)
        ours = [(tokenizer.decode(sample["ids"], skip_special_tokens=True),
                 len(sample["ids"]), sample["finish_reason"])
                for sample in generate(
                    self.model, [{"messages": chat} for chat in CHATS],
                    NEW_TOKENS)]
        theirs = []
        with server(command, port, self.folder / "server.log"):
            for chat in CHATS:
                status, answer = request(port, "POST", "/v1/chat/completions", {
                    "model": str(self.model), "messages": chat,
                    "temperature": 0.0, "max_tokens": NEW_TOKENS,
                    "stream": False})
                self.assertEqual(status, 200, answer)
                choice = answer["choices"][0]
                theirs.append((choice["message"]["content"],
                               answer["usage"]["completion_tokens"],
                               choice["finish_reason"]))
        self.assertEqual(theirs, ours)
        self.assertIn("boxed{36}", theirs[0][0])

    @unittest.skipUnless(is_serve_available(),
                         "no fastapi, uvicorn and openai: scripts/setup "
                         "--python")
    def test_transformers(self):
        port = free_port()
        self.assert_served(
            [sys.executable, "-m", "transformers.cli.transformers", "serve",
             str(self.model), "--host", "127.0.0.1", "--port", str(port),
             "--device", "cpu", "--dtype", "float32"], port)

    @unittest.skipUnless(importlib.util.find_spec("vllm"),
                         "no vLLM in the Python environment")
    def test_vllm(self):
        port = free_port()
        self.assert_served(
            [sys.executable, "-m", "vllm.entrypoints.openai.api_server",
             "--model", str(self.model), "--host", "127.0.0.1", "--port",
             str(port), "--dtype", "float32"], port)


if __name__ == "__main__":
    program.main()
