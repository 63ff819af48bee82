#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
What an operator does to a running controller: announced steps and windows, HTTPS with a token, a
reload of things that cannot change, a disk that is full, metrics.

usage: test_controller.py BUILD_DIR        prints TAP; skips, and says why, without FUSE
"""
import datetime
import json
import os
import resource
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from test_path import BUDGET_UW, NODES, Cluster, Tap, joined, rewrite, skip, wait_until

LEAD_S = 5  # longest lease, its margins and settling


class Https(Cluster):
    def configure(self):
        super().configure()
        data = os.path.join(os.path.dirname(__file__), "..", "data", "tls")
        for name in ("cert.pem", "key.pem"):
            shutil.copy(f"{data}/{name}", f"{self.top}/{name}")
        os.chmod(f"{self.top}/key.pem", 0o600)
        rewrite(f"{self.top}/controller.yaml", "  http:\n",
                f"  http:\n    tls_cert: {self.top}/cert.pem\n    tls_key: {self.top}/key.pem\n")
        self.tls = ssl.create_default_context(cafile=f"{self.top}/cert.pem")
        self.tls.check_hostname = False

    def open(self, request):
        return urllib.request.urlopen(request, timeout=5, context=self.tls)

    def api(self, method, path, body=None, token="secret"):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"https://127.0.0.1:{self.http}{path}", data=data,
                                         method=method)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with self.open(request) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as e:
            text = e.read()
            return e.code, json.loads(text) if text.startswith(b"{") else text.decode()
        except OSError:
            return 0, {}

    def text(self, path):
        try:
            with self.open(f"https://127.0.0.1:{self.http}{path}") as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode()

    def metric(self, name):
        return next((float(line.rsplit(" ", 1)[1]) for line in self.text("/metrics")[1].splitlines()
                     if line.startswith(name + " ")), None)

    def log(self, name):
        with open(f"{self.top}/{name}.log", encoding="utf-8") as f:
            return f.read()


def rfc3339(wall):
    return datetime.datetime.fromtimestamp(wall, datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%S.%fZ")


def https(c, t):
    put = {"limit": "990 W", "by": "ada"}
    t.check(c.api("PUT", "/api/v1/budget", put, token="")[0] == 401 and
            c.api("PUT", "/api/v1/budget", put, token="wrong")[0] == 401,
            "over HTTPS nothing changes without the token")
    t.check(c.api("PUT", "/api/v1/budget", put)[0] == 200, "and does with it")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{c.http}/healthz", timeout=3) as answer:
            plain = answer.status
    except (OSError, ValueError):
        plain = 0
    t.check(plain != 200, "without TLS nothing is answered")


def metrics(c, t):
    names = [f"headroom_node_cap_{k}_watts" for k in ("requested", "granted", "applied", "min",
                                                       "max")]
    names += ["headroom_node_lease_expiry_timestamp_seconds"]
    wanted = [f'{n}{{node="n{i}"}} ' for n in names for i in range(1, NODES + 1)]
    missing = wanted
    ended = time.monotonic() + 8
    # A first report has no mean draw yet, and asks for nothing.
    while missing and time.monotonic() < ended:
        text = c.text("/metrics")[1]
        missing = [w for w in wanted if w not in text]
        time.sleep(0.1)
    t.check(not missing, "caps and lease expiry of every node are metrics", ", ".join(missing))
    pid = c.process['controller'].pid

    def pages():
        with open(f"/proc/{pid}/statm", encoding="ascii") as f:
            return int(f.read().split()[1])

    # It may grow while it is asked: what it says lies between before and after.
    before = pages()
    values = [c.metric(f"process_{n}") for n in
              ("resident_memory_bytes", "cpu_seconds_total", "open_fds", "start_time_seconds")]
    after = pages()
    fds = len(os.listdir(f"/proc/{pid}/fd"))
    t.check(None not in values and
            min(before, after) - 512 < values[0] / 4096 < max(before, after) + 512 and
            values[1] > 0 and abs(values[2] - fds) <= 3 and abs(values[3] - time.time()) < 120,
            "the process says what it uses", f"{values}, {before} to {after} pages, {fds} files")
    if shutil.which("promtool"):
        lint = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                              capture_output=True, check=False)
        t.check(lint.returncode == 0, "promtool has nothing to say", lint.stderr.strip()[:300])


def announced(c, t):
    """Told now, in force in some seconds: at the registers before."""
    c.command("workload n0001 flat 150W")
    c.command("workload n0002 flat 150W")
    wait_until(lambda: c.sum_w() > 950, 8)
    at = time.time() + LEAD_S + 3
    raw = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW) + (at - time.time()) * 1e9
    status, answer = c.api("PUT", "/api/v1/budget", {
        "limit": "990 W", "by": "ada", "steps": [{"at": rfc3339(at), "limit": "700 W"}]})
    t.check(status == 200 and len(answer["steps"]) == 1, "a step is announced", str(answer)[:200])
    time.sleep(1)
    before = c.sum_w()
    took = wait_until(lambda: c.sum_w() <= 700, LEAD_S + 3)
    early = at - time.time()
    t.check(before > 950 and took is not None and early > 0,
            "its limit is at the registers before its time, and not at once",
            f"{before:.0f} W a second after it was told; fits {early:.2f} s before")
    wait_until(lambda: time.time() > at, 10)
    c.command(f"budget 700W at={int(raw)}")
    over = wait_until(lambda: c.sum_w() > 700, 1)
    t.check(over is None, "and stays there")


def window(c, t):
    """A window that covers now, and one that does not."""
    now = int(time.time()) % 86400
    status, _ = c.api("PUT", "/api/v1/budget", {
        "limit": "990 W", "by": "ada",
        "windows": [{"from_s": (now - 600) % 86400, "to_s": (now + 600) % 86400, "limit": "680 W"},
                    {"from_s": (now + 7200) % 86400, "to_s": (now + 9000) % 86400,
                     "limit": "670 W"}]})
    c.command(f"budget 680W at={time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)}")
    took = wait_until(lambda: c.sum_w() <= 680, 3)
    time.sleep(1)
    t.check(status == 200 and took is not None and 670 < c.sum_w() <= 680,
            "the window of now is in force, the other is not", f"{c.sum_w():.1f} W")


def reload(c, t, old, new, sentence):
    path = f"{c.top}/controller.yaml"
    before = c.log("controller").count("the configuration stays as it was")
    status = c.api("GET", "/api/v1/status")[1]
    rewrite(path, old, new)
    c.process["controller"].send_signal(signal.SIGHUP)
    said = wait_until(lambda: c.log("controller").count("the configuration stays as it was") >
                      before, 3)
    last = [line for line in c.log("controller").splitlines() if "stays as it was" in line][-1:]
    rewrite(path, new, old)
    after = c.api("GET", "/api/v1/status")[1]
    t.check(said is not None and last and sentence in last[0] and
            after["budget_version"] == status["budget_version"],
            f"a reload with '{new.splitlines()[0].strip()[:40]}' is refused with one sentence",
            last[0][-200:] if last else "nothing was said")


def reloads(c, t):
    reload(c, t, "  nodes:\n", "  ttl: 3 s\n  nodes:\n", "'controller.ttl' cannot be changed")
    reload(c, t, "  nodes:\n", "  reserve: 5 W\n  nodes:\n", "'controller.reserve'")
    reload(c, t, "[{name: rack1}]", "[{name: rack1, limit: 5 kW}]", "'controller.domains'")
    reload(c, t, f'"n[1-{NODES}]"}}', f'"n[1-{NODES}]", domain: rack1}}', "cannot move")


def configured(c, t):
    """The same by the configuration: a step and a window."""
    at = time.time() + LEAD_S
    raw = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW) + LEAD_S * 10**9
    c.command("budget 985W")
    rewrite(f"{c.top}/controller.yaml", f"  budget: {BUDGET_UW // 1000000} W\n", f"""  budget: 985 W
  budget_steps: [{{at: "{rfc3339(at)}", limit: 690 W}}]
  budget_windows: [{{from: "00:00", to: "24:00", limit: 980 W}}]
""")
    c.process["controller"].send_signal(signal.SIGHUP)
    raised = wait_until(lambda: c.sum_w() > 900, 2)
    took = wait_until(lambda: c.sum_w() <= 690, LEAD_S)
    early = at - time.time()
    wait_until(lambda: time.time() > at, 10)
    c.command(f"budget 690W at={raw}")
    b = c.api("GET", "/api/v1/budget")[1]["budgets"][0]
    t.check(raised is not None and took is not None and early > 0 and len(b["windows"]) == 1 and
            len(b["steps"]) == 1, "a step and a window of the configuration are kept as well",
            f"fits {early:.2f} s before its time")


def full_disk(c, t):
    c.command("workload n0001 flat 40W")
    c.command("workload n0002 flat 40W")
    c.command("budget 990W")
    c.api("PUT", "/api/v1/budget", {"limit": "990 W", "by": "ada"})
    wait_until(lambda: c.node(1).get("charged_uw", 1e12) < 345e6, 8)
    # Lowered charges are made durable every 10 s; what is durable may be granted all the same.
    time.sleep(11)
    pid = c.process["controller"].pid
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    c.command("workload n0001 flat 150W")
    failing = wait_until(lambda: c.text("/readyz")[0] == 503, 8)
    status, said = c.text("/readyz")
    t.check(failing is not None and status == 503 and "ledger cannot be written" in said and
            c.api("GET", "/api/v1/status")[1]["store"] == "failing" and
            c.metric("headroom_controller_store_failing") == 1,
            "a disk that is full is told by readyz, status and metrics", said.strip())
    time.sleep(0.5)
    durable = c.limit_w(1)
    worst = best = durable
    ended = time.monotonic() + 5
    while time.monotonic() < ended:
        worst, best = min(worst, c.limit_w(1)), max(best, c.limit_w(1))
        time.sleep(0.02)
    t.check(best <= durable + 1 and worst >= durable - 1 and c.node(1)["lease_left_ns"] > 0,
            "nothing is raised, and grants within what is durable go on",
            f"{worst:.1f} to {best:.1f} W of {durable:.1f} W for two leases")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    took = wait_until(lambda: c.text("/readyz")[0] == 200 and c.limit_w(1) > durable + 20, 5)
    t.check(took is not None, "with room on the disk it gives again",
            f"{c.limit_w(1):.1f} W after {took} s")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        skip("/dev/fuse may not be opened: load the fuse module and give this user access")
    top = tempfile.mkdtemp(prefix="headroom-controller-")
    c, t = Https(os.path.abspath(sys.argv[1]), top), Tap()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        c.configure()
        rewrite(f"{top}/controller.yaml", "  nodes:\n", "  domains: [{name: rack1}]\n  nodes:\n")
        c.start_hardware()
        c.start_controller()
        for i in range(1, NODES + 1):
            c.start_guard(i)
            c.start_agent(i)
        t.check(wait_until(lambda: joined(c), 10) is not None, "all nodes are admitted")
        wait_until(lambda: c.sum_w() <= BUDGET_UW / 1e6, 5)
        c.command(f"budget {BUDGET_UW // 1000000}W")
        c.command("arm")
        https(c, t)
        metrics(c, t)
        announced(c, t)
        window(c, t)
        configured(c, t)
        reloads(c, t)
        full_disk(c, t)
        s = c.stats()
        t.check(s["violations"] == 0, "the sum of limits never exceeded the budget in force",
                f"violations {s['violations']}, worst over {s['worst_over_uw']} uW")
        print(f"1..{t.n}")
        if t.failed:
            for name in c.process:
                print(f"# ---- {name}", *c.log(name).splitlines()[-25:], sep="\n# ")
    finally:
        c.close()
        shutil.rmtree(top, ignore_errors=True)
    sys.exit(t.failed != 0)


if __name__ == "__main__":
    main()
