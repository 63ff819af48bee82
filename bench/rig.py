# SPDX-License-Identifier: Apache-2.0
"""
What the measurements of whole processes share: virtual hardware, guards, agents and a controller in
a directory of their own, and what /proc says of them. It measures; it asserts nothing.
"""
import contextlib
import http.client
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

os.environ.pop("NOTIFY_SOCKET", None)
HZ = os.sysconf("SC_CLK_TCK")
SAFE_W = 220


def now():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)


def wait_until(check, seconds, step=0.02):
    """The seconds it took, or None."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if check():
            return time.monotonic() - began
        time.sleep(step)
    return None


def must(took, what):
    if took is None:
        raise RuntimeError(what)
    return took


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def cpu_s(pid):
    """User and system seconds of a process, all its threads."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
        field = f.read().rsplit(")", 1)[1].split()
    return int(field[11]) / HZ, int(field[12]) / HZ


def cpu_ns(pid):
    """Nanoseconds on a processor, all threads: finer than the ticks of stat."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/task/{task}/schedstat", encoding="utf-8") as f:
                total += int(f.read().split()[0])
    return total


def switches(pid):
    """Voluntary context switches of all threads: how often it went to sleep."""
    n = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status", encoding="utf-8") as f:
            n += sum(int(line.split()[1]) for line in f if line.startswith("voluntary_ctxt"))
    return n


def memory_kb(pid):
    """PSS, resident and private bytes, in KiB."""
    out = {}
    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as f:
        for line in f:
            word = line.split()
            if word[0].rstrip(":") in ("Pss", "Rss", "Private_Dirty", "Private_Clean",
                                       "Pss_Anon", "Pss_File"):
                out[word[0].rstrip(":").lower()] = int(word[1])
    return out


def percentile(values, p):
    """The smallest value that at least p percent of them do not exceed."""
    v = sorted(values)
    return v[max(0, -(-len(v) * p // 100) - 1)] if v else None


def table(rows, head):
    rows = [list(map(str, r)) for r in rows]
    width = [max(len(r[i]) for r in [list(head)] + rows) for i in range(len(head))]
    for r in [list(head)] + rows:
        print("  ".join(c.ljust(w) if i == 0 else c.rjust(w)
                        for i, (c, w) in enumerate(zip(r, width))).rstrip())


def load_average():
    return round(os.getloadavg()[0], 2)


def skip(reason):
    print(f"SKIP: {reason}")
    sys.exit(77)


class Rig:
    """All on loopback and in one directory; with: everything that was started ends."""

    def __init__(self, build, nodes, budget_w, agents=None):
        self.build, self.nodes, self.budget_w = os.path.abspath(build), nodes, budget_w
        self.agents = nodes if agents is None else agents
        # As on a node, what guards keep under /run is in memory.
        where = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.top = tempfile.mkdtemp(prefix="headroom-bench-", dir=where)
        # What must survive a crash is on a disk.
        self.disk = tempfile.mkdtemp(prefix="headroom-bench-")
        self.process = {}
        self.mount = f"{self.top}/m"
        os.mkdir(self.mount)
        self.port, self.http = free_port(), free_port()

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        return self

    def __exit__(self, *_):
        for name in reversed(list(self.process)):
            if name != "vhw" and self.process[name].poll() is None:
                self.process[name].kill()
        for name, p in self.process.items():
            if name != "vhw":
                p.wait(10)
        if "vhw" in self.process:
            self.process["vhw"].terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process["vhw"].wait(5)
        shutil.rmtree(self.top, ignore_errors=True)
        shutil.rmtree(self.disk, ignore_errors=True)

    @staticmethod
    def usual_limits():
        """What a service manager gives: the soft limit of open files is low."""
        resource.setrlimit(resource.RLIMIT_NOFILE,
                           (1024, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

    def start(self, name, *command):
        with open(f"{self.top}/{name}.log", "a", encoding="utf-8") as log:
            self.process[name] = subprocess.Popen(command, stdout=log, stderr=log,
                                                  start_new_session=True,
                                                  preexec_fn=self.usual_limits)
        return self.process[name]

    def pid(self, name):
        return self.process[name].pid

    def log(self, name):
        with open(f"{self.top}/{name}.log", encoding="utf-8", errors="replace") as f:
            return f.read()

    def make_key(self, name):
        out = subprocess.run([f"{self.build}/tests/system/make_key", f"{self.top}/{name}.key"],
                             check=True, capture_output=True, text=True)
        return out.stdout.strip()

    def configure(self, guard_more="", agent_more="", controller_more=""):
        """The files of all roles. One key speaks for all nodes: keys are not what is measured."""
        top = self.top
        self.make_key("controller")
        with open(f"{top}/authorized", "w", encoding="utf-8") as f:
            f.write(f"{self.make_key('agent')} * agent cluster # bench\n")
        os.chmod(f"{top}/authorized", 0o644)
        with open(f"{top}/token", "w", encoding="utf-8") as f:
            f.write("secret\n")
        with open(f"{top}/controller.yaml", "w", encoding="utf-8") as f:
            f.write(f"""controller:
  name: c
  listen: 127.0.0.1:{self.port}
  key_file: {top}/controller.key
  authorized_keys: {top}/authorized
  state_dir: {self.disk}/controller
  budget: {self.budget_w} W
  http:
    listen: 127.0.0.1:{self.http}
    token_file: {top}/token
  nodes:
    - {{name: "n[1-{max(self.nodes, 1)}]"}}
{controller_more}""")
        for i in range(1, self.agents + 1):
            common = f"""  name: n{i}
  root: {self.mount}/n{i:04d}
  rest: 104 W
  supply_efficiency: 0.92
"""
            with open(f"{top}/n{i}.yaml", "w", encoding="utf-8") as f:
                f.write(f"""guard:
{common}  socket: {top}/n{i}.sock
  run_dir: {top}/run{i}
  state_dir: {self.disk}/state{i}
  safe: {SAFE_W} W
{guard_more}agent:
{common}  guard_socket: {top}/n{i}.sock
  controller: 127.0.0.1:{self.port}
  server_key: {top}/controller.key.pub
  key_file: {top}/agent.key
{agent_more}""")

    def start_hardware(self, *more):
        if not os.access("/dev/fuse", os.R_OK | os.W_OK):
            skip("/dev/fuse may not be opened: load the fuse module and give this user access")
        self.start("vhw", f"{self.build}/vhw/headroom-vhw", "--mount", self.mount, "--nodes",
                   str(self.nodes), "--parent-pid", str(os.getpid()), *more)
        if wait_until(lambda: os.path.exists(f"{self.mount}/stats"), 10) is None:
            skip(f"the virtual hardware cannot be mounted: {self.log('vhw').strip()[:200]}")

    def start_guard(self, i):
        return self.start(f"guard{i}", f"{self.build}/src/cli/headroom-guard", "--config",
                          f"{self.top}/n{i}.yaml", "--claims", f"{self.top}/zones")

    def start_agent(self, i):
        return self.start(f"agent{i}", f"{self.build}/src/cli/headroom-agent", "--config",
                          f"{self.top}/n{i}.yaml")

    def start_controller(self):
        return self.start("controller", f"{self.build}/src/cli/headroom-controller", "--config",
                          f"{self.top}/controller.yaml")

    def command(self, line):
        with open(f"{self.mount}/control", "w", encoding="utf-8") as f:
            f.write(line + "\n")

    def stats(self):
        with open(f"{self.mount}/stats", encoding="utf-8") as f:
            return json.load(f)

    def api(self, method, path, body=None):
        """Status and answer; status 0 if nobody answers."""
        data = json.dumps(body) if body is not None else None
        c = http.client.HTTPConnection("127.0.0.1", self.http, timeout=10)
        try:
            c.request(method, path, data, {"Authorization": "Bearer secret"})
            answer = c.getresponse()
            text = answer.read()
        except OSError:
            return 0, {}
        finally:
            c.close()
        return answer.status, json.loads(text) if text[:1] in b"[{" else text.decode()

    def metrics(self):
        """Samples of /metrics by name with labels."""
        out = {}
        for line in str(self.api("GET", "/metrics")[1]).splitlines():
            if line and line[0] != "#":
                name, value = line.rsplit(" ", 1)
                out[name] = float(value)
        return out

    def members(self):
        return self.api("GET", "/api/v1/status")[1].get("nodes", {}).get("member", 0)

    def start_all(self, seconds=60, *hardware):
        self.start_hardware(*hardware)
        self.start_controller()
        for i in range(1, self.agents + 1):
            self.start_guard(i)
        for i in range(1, self.agents + 1):
            self.start_agent(i)
        must(wait_until(lambda: self.members() == self.agents, seconds, 0.2),
             f"only {self.members()} of {self.agents} nodes were admitted")
