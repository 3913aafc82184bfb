"""Rows of the table: what was measured of whom, kept part by part, so that one part can be run again by itself."""
import json
import os
import statistics
import sys
import time
from pathlib import Path

OUT = Path("test-output/peer")
QUICK = bool(os.environ.get("QUICK"))


def say(*words):
    print(time.strftime("%H:%M:%S"), *words, file=sys.stderr, flush=True)


class Part:
    """The rows of one part; every row is on disk as soon as it is known."""

    def __init__(self, name):
        self.name = name
        self.rows = []
        self.facts = {"part": name, "quick": QUICK, "at": time.strftime("%Y-%m-%d %H:%M"), "load": os.getloadavg()[0]}
        self.versions = {}
        OUT.mkdir(parents=True, exist_ok=True)

    def add(self, work, who, unit, runs, *, better="more", **more):
        """`runs`: the figure of every repetition. `more`: bytes, server_ms, database_ms (of processor, for one tile),
        memory_mb, p50_ms, p99_ms, errors, note."""
        row = {"work": work, "who": who, "unit": unit, "runs": runs, "median": statistics.median(runs), "low": min(runs),
               "high": max(runs), "better": better, **{key: value for key, value in more.items() if value is not None}}
        self.keep(row)
        say(f"  {work}: {who}: {row['median']:.4g} {unit} ({row['low']:.4g} to {row['high']:.4g})", more.get("note", ""))

    def missing(self, work, who, why):
        self.keep({"work": work, "who": who, "missing": str(why).strip()[:300]})
        say(f"  {work}: {who}: not available: {str(why).strip()[:300]}")

    def keep(self, row):
        self.rows.append(row)
        whole = {**self.facts, "versions": self.versions, "rows": self.rows}
        new = OUT / f"{self.name}.json.new"
        new.write_text(json.dumps(whole, ensure_ascii=False, indent=1))
        new.replace(OUT / f"{self.name}.json")


def alternate(part, work, contenders, repetitions, measure, add):
    """Measures all contenders in turn, again and again; one that fails gets a row that says why. `contenders`: by name.
    `measure(name, contender)` answers a dict, `add(name, results)` makes the row of all of its results."""
    results, failed = {name: [] for name in contenders}, {}
    for _ in range(repetitions):
        for name, contender in contenders.items():
            if name not in failed:
                try:
                    results[name].append(measure(name, contender))
                except Exception as why:  # whatever a peer does wrong, the others are measured
                    failed[name] = why
    for name in contenders:
        if name in failed:
            part.missing(work, name, failed[name])
        else:
            add(name, results[name])
