"""Contenders that take turns: processes that measure when they are told to (beside.rs, worker.py), and PostGIS."""
import json
import os
import subprocess
from pathlib import Path

from database import Session
from process import memory_mb

HERE = Path(__file__).parent


class Process:
    """A contender that is a process."""

    def __init__(self, command):
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.is_told = self.answer()

    @staticmethod
    def rust(what, who, *more):
        return Process([os.environ["BESIDE"], what, who, *more])

    @staticmethod
    def python(what, who, *more):
        return Process([os.environ["PYTHON"], HERE / "worker.py", what, who, *more])

    def answer(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        raise RuntimeError(self.process.stderr.read().strip().split("\n")[-1] or "it ended without a word")

    def tell(self, words):
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        return self.answer()

    def run(self):
        return self.tell("run")["cpu_s"]

    def memory_mb(self):
        return memory_mb(self.process.pid)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Query:
    """A contender that is a query; one backend, no parallel workers. `check` gets what it answers."""

    def __init__(self, text, check=lambda answer: None):
        self.session, self.text, self.check = Session("gis"), text, check
        self.session.ask("set max_parallel_workers_per_gather = 0")

    def run(self):
        lines, cpu_s, _ = self.session.timed(self.text)
        self.check(lines[-1])
        return cpu_s

    def memory_mb(self):
        return memory_mb(self.session.pid)

    def close(self):
        self.session.close()


def gather(part, work, makers):
    """Makes contenders, by name; those that can't be made get a row that says why."""
    made = {}
    for name, make in makers.items():
        try:
            made[name] = make()
        except Exception as why:
            part.missing(work, name, why)
    return made
