#!/usr/bin/env python3
"""One table of all parts that were measured: test-output/peer/table.md and table.json, and on the screen."""
import json
import os
import platform
import subprocess
from pathlib import Path

from row import OUT

ORDER = ["locate", "nearest", "tile", "edit", "start"]


def said(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
        return (done.stdout or done.stderr).strip().split("\n")[0]
    except (OSError, subprocess.TimeoutExpired):
        return ""


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    total = next(int(line.split()[1]) for line in open("/proc/meminfo") if line.startswith("MemTotal"))
    return f"{os.cpu_count()} cores ({model}), {total / 1048576:.0f} GiB, Linux {platform.release()}"


def number(value):
    """Three digits that say something."""
    if value is None:
        return ""
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 1 else f"{value:.3g}"


def size(value):
    return "" if value is None else f"{value / 1e6:.2f} MB" if value >= 1e6 else f"{value / 1e3:.1f} kB"


def ratio(row, rows):
    """How many times better gridpin is than this peer, of the same work."""
    ours = next((r for r in rows if r["who"].startswith("gridpin") and r["work"] == row["work"] and "median" in r), None)
    if row["who"].startswith("gridpin") or not ours or "median" not in row or not row["median"] or not ours["median"]:
        return ""
    times = ours["median"] / row["median"] if row["better"] == "more" else row["median"] / ours["median"]
    return f"{number(times)}×"


def lines(part):
    rows = part["rows"]
    for row in rows:
        if "missing" in row:
            yield f"| {row['work']} | {row['who']} | not available | | | | | | {row['missing'].replace('|', '/')} |"
            continue
        cpu = f"{number(row.get('server_ms'))} + {number(row.get('database_ms', 0))}" if "server_ms" in row else ""
        times = f"{number(row['p50_ms'])}, {number(row['p99_ms'])}" if "p99_ms" in row else ""
        yield (f"| {row['work']} | {row['who']} | **{number(row['median'])}** {row['unit']} ({number(row['low'])} to "
               f"{number(row['high'])}, {len(row['runs'])}×) | {ratio(row, rows)} | {times} | {size(row.get('bytes'))} | {cpu} | "
               f"{number(row.get('memory_mb'))} | {row.get('note', '').replace('|', '/')} |")


def main():
    found = [json.loads(path.read_text()) for path in OUT.glob("*.json") if path.name != "table.json"]
    found.sort(key=lambda part: (ORDER.index(part["part"]) if part["part"] in ORDER else 9, part["part"]))
    versions = {"gridpin": said("git", "describe", "--always", "--dirty"), "rustc": said("rustc", "--version"),
                "PostgreSQL": said("/usr/lib/postgresql/15/bin/postgres", "--version")}
    martin = os.environ.get("MARTIN") or ".data/bench/martin/bin/martin"
    if Path(martin).exists():
        versions["Martin"] = said(martin, "--version")
    for part in found:
        versions.update(part["versions"])
    out = [f"Measured on {machine()}. " + "; ".join(f"{k} {v}" for k, v in versions.items() if v) + "."]
    for part in found:
        quick = ", short runs" if part["quick"] else ""
        out += ["", f"### {part['part']} ({part['at']}{quick}; load before {part['load']:.1f})", "",
                "| work | who | median (least to most, runs) | gridpin is | p50, p99 ms | bytes | CPU ms of one tile, server + database | "
                "memory MB | |", "| --- | --- | --- | --- | --- | --- | --- | --- | --- |", *lines(part)]
    text = "\n".join(out) + "\n"
    (OUT / "table.md").write_text(text)
    whole = {"machine": machine(), "versions": versions, "parts": found}
    (OUT / "table.json").write_text(json.dumps(whole, ensure_ascii=False, indent=1))
    print(text)
    print(f"kept in {OUT / 'table.md'} and {OUT / 'table.json'}")


if __name__ == "__main__":
    main()
