"""The servers that are measured: gridpin and Martin, each a process of its own on a free port."""
import http.client
import json
import os
import socket
import subprocess
import time
from pathlib import Path

from database import ADMIN, url
from process import cpu_s

DATA = Path(os.environ["BENCH_DATA"])
GRIDPIN = os.environ["GRIDPIN"]
MARTIN = os.environ.get("MARTIN", "")
NAME, PASSWORD = "bench", "measured-and-weighed"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Server:
    """A running server. `path(layers)` leads to the tiles of some layers."""

    def __init__(self, name, command, environment, port, path, ending=""):
        self.name, self.port, self.path, self.ending, self.cookie = name, port, path, ending, None
        self.log = open(DATA / f"{name.replace(' ', '-').replace(',', '')}.log", "w")
        self.began = time.perf_counter()
        self.process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=self.log, stderr=self.log)
        self.pid = self.process.pid

    def get(self, path, headers=None, method="GET", body=None):
        """Status, headers, body."""
        sent = {"Cookie": self.cookie} if self.cookie else {}
        sent.update(headers or {})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        try:
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def tile_path(self, layers, z, x, y):
        return f"{self.path(layers)}/{z}/{x}/{y}{self.ending}"

    def tile(self, layers, z, x, y, headers=None):
        status, _, body = self.get(self.tile_path(layers, z, x, y), headers)
        if status not in (200, 204):
            raise RuntimeError(f"{self.name}: {status} for {layers} {z}/{x}/{y}: {body[:200]}")
        return body

    def wait(self, path, most_s=3600, step_s=0.01):
        """Seconds from the start until `path` answers 200."""
        while time.perf_counter() - self.began < most_s:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended: " + Path(self.log.name).read_text()[-500:])
            try:
                if self.get(path)[0] == 200:
                    return time.perf_counter() - self.began
            except OSError:
                pass
            time.sleep(step_s)
        raise RuntimeError(f"{self.name} does not answer {path} within {most_s} s")

    def rest(self, most_s=3600):
        """Waits until the city is checked and the process uses hardly any processor; seconds from its start to there."""
        quiet, used, at = 0, cpu_s(self.pid), time.perf_counter()
        while quiet < 4 and time.perf_counter() - self.began < most_s:
            time.sleep(0.5)
            now, state = cpu_s(self.pid), json.loads(self.get("/readyz")[2]).get("check", {}).get("state", "checked")
            quiet, used = (quiet + 1 if now - used < 0.03 and state == "checked" else 0), now
            at = at if quiet else time.perf_counter()
        return at - self.began

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def gridpin(name, database, cache_mb=None, check="here"):
    """`gridpin serve`; with `cache_mb` 0 it encodes every tile anew. Not waited for."""
    port = free_port()
    environment = {"GRIDPIN_DATABASE": url(database, os.environ["BENCH_APP"]), "GRIDPIN_LOG": "info",
                   # One client asks as fast as it can: that is what is measured.
                   "GRIDPIN_RATE_LIMIT": "0"}
    if cache_mb is not None:
        environment["GRIDPIN_TILE_CACHE_MB"] = str(cache_mb)
    command = [GRIDPIN, "serve", "--bind", f"127.0.0.1:{port}", "--check", check]
    return Server(name, command, environment, port, lambda layers: f"/tiles/{layers}", ".mvt")


def sign_in(server):
    """A session; its cookie holds for every process on the same database."""
    body = json.dumps({"name": NAME, "password": PASSWORD})
    status, headers, text = server.get("/api/session", {"Content-Type": "application/json"}, "POST", body)
    if status != 204:
        raise RuntimeError(f"sign-in: {status} {text[:200]}")
    server.cookie = headers["Set-Cookie"].split(";")[0]
    return server.cookie


def martin(name, cache_mb):
    """Martin over the database `gis`: every table a source, several with commas between. Waited for."""
    if not MARTIN:
        raise RuntimeError(os.environ.get("MARTIN_WHY") or "no martin")
    port = free_port()
    config = DATA / f"{name.replace(' ', '-').replace(',', '')}.yaml"
    config.write_text(f"""listen_addresses: '127.0.0.1:{port}'
worker_processes: 2
cache_size_mb: {cache_mb}
postgres:
  connection_string: '{url("gis", ADMIN)}'
  pool_size: 20
  auto_publish:
    tables:
      from_schemas: public
      source_id_format: '{{table}}'
    functions: false
""")
    server = Server(name, [MARTIN, "-c", str(config)], {"RUST_LOG": "warn"}, port, lambda layers: f"/{layers}")
    server.wait("/health", 120)
    return server
