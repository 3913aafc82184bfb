"""psql as a process of its own, so that nothing but PostgreSQL's own client is needed."""
import os
import subprocess
import time
import urllib.parse

from process import run_s

ADMIN = os.environ.get("BENCH_ADMIN", "")


def url(database, base=None):
    """The superuser's URL, or that of another role, of a database."""
    return (base or ADMIN).rsplit("/", 1)[0] + "/" + database


def sql(database, text, stdin=None):
    """Runs SQL as the superuser; answers what it prints."""
    done = subprocess.run(["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", url(database), "-c", text],
                          stdin=stdin, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.strip()


def copy(database, table, rows):
    """COPY of rows, each a list of texts or None."""
    clean = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
    psql = subprocess.Popen(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url(database), "-c", f"copy {table} from stdin"],
                            stdin=subprocess.PIPE, text=True, encoding="utf-8")
    for row in rows:
        psql.stdin.write("\t".join("\\N" if v is None else str(v).translate(clean) for v in row) + "\n")
    psql.stdin.close()
    if psql.wait():
        raise RuntimeError(f"copy into {table} failed")


def has(database, table):
    exists = sql("postgres", f"select count(*) from pg_database where datname = '{database}'")
    return exists == "1" and sql(database, f"select to_regclass('{table}') is not null") == "t"


class Session:
    """One backend, whose processor time is known."""

    END = "-- end --"

    def __init__(self, database):
        self.psql = subprocess.Popen(["psql", "-X", "-q", "-At", "-d", url(database)], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.pid = int(self.ask("select pg_backend_pid()")[0])

    def ask(self, text):
        self.psql.stdin.write(f"{text};\n\\echo '{self.END}'\n")
        self.psql.stdin.flush()
        lines = []
        for line in self.psql.stdout:
            if line.strip() == self.END:
                if lines and lines[-1].startswith("ERROR"):
                    raise RuntimeError(lines[-1])
                return lines
            lines.append(line.rstrip("\n"))
        raise RuntimeError("psql ended: " + " ".join(lines))

    def timed(self, text):
        """The answer, seconds of the backend's processor, seconds."""
        cpu, wall = run_s(self.pid), time.perf_counter()
        lines = self.ask(text)
        return lines, run_s(self.pid) - cpu, time.perf_counter() - wall

    def close(self):
        self.psql.stdin.close()
        self.psql.wait()


def postmaster():
    """Process of the cluster's first server; its children are the backends."""
    port = urllib.parse.urlsplit(ADMIN).port
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as command:
                words = command.read().split(b"\0")
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
        if words[0].endswith(b"postgres") and b"-D" in words and str(port).encode() in words:
            return int(pid)
    raise RuntimeError("the cluster's process is not to be found")
