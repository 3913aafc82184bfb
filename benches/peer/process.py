"""Processor time and memory of processes, from /proc."""
import os

TICK = os.sysconf("SC_CLK_TCK")


def family(pid):
    """A process and everything below it."""
    found, look = [], [pid]
    while look:
        one = look.pop()
        found.append(one)
        try:
            for task in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{task}/children") as children:
                    look += [int(child) for child in children.read().split()]
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def cpu_s(pid):
    """Seconds of processor that a process and everything below it have taken, in steps of a hundredth."""
    ticks = 0
    for one in family(pid):
        try:
            with open(f"/proc/{one}/stat") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
                ticks += int(fields[11]) + int(fields[12])
        except (FileNotFoundError, ProcessLookupError):
            pass
    return ticks / TICK


def run_s(pid):
    """Seconds of processor of a process's first thread, in nanoseconds' steps."""
    with open(f"/proc/{pid}/schedstat") as stat:
        return int(stat.read().split()[0]) / 1e9


def memory_mb(pid, field="VmHWM"):
    """Resident memory of one process: VmRSS now, VmHWM at most."""
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    return None


def shared_mb(pid):
    """Memory of a process and everything below it, what they share counted once; none where that can't be read."""
    total = 0
    for one in family(pid):
        try:
            with open(f"/proc/{one}/smaps_rollup") as rollup:
                total += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
        except (FileNotFoundError, ProcessLookupError):
            pass
        except PermissionError:
            return None
    return total / 1024
