#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
Processor time of a real controller with its store under N agents at one report a second, and how
fast a budget cut reaches all of them. The agents are simulated by bench/load_agents: the real
protocol, encryption and cores, one connection each.

usage: bench_controller.py BUILD_DIR [N [SECONDS [CUTS]]]   prints tables and, last, one JSON object
"""
import json
import os
import subprocess
import sys
import time

import rig

WATTS_EACH = 300


class Load:
    """The load generator, and its answers."""

    def __init__(self, r, nodes):
        self.process = subprocess.Popen(
            [f"{r.build}/bench/load_agents", f"tcp://127.0.0.1:{r.port}",
             f"{r.top}/controller.key.pub", f"{r.top}/agent.key", str(nodes)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
        r.process["load"] = self.process
        if self.process.stdout.readline().strip() != "READY":
            raise RuntimeError("the load generator did not reach all nodes")

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hear(self):
        return json.loads(self.process.stdout.readline())

    def ask(self, line):
        self.tell(line)
        return self.hear()


def measure(r, load, name, seconds):
    pid = r.pid("controller")
    m0, s0, c0, n0 = r.metrics(), load.ask("stats"), rig.cpu_ns(pid), rig.switches(pid)
    u0 = rig.cpu_s(pid)
    began = time.monotonic()
    time.sleep(seconds)
    span = time.monotonic() - began
    u1 = rig.cpu_s(pid)
    c1, n1, s1, m1 = rig.cpu_ns(pid), rig.switches(pid), load.ask("stats"), r.metrics()

    def rate(key):
        return sum(m1[k] - m0.get(k, 0) for k in m1 if k.startswith(key)) / span
    commits = rate("headroom_controller_commits_total")
    reports = s1["reports"] - s0["reports"]
    return {
        "load": name, "seconds": round(span, 1), "nodes": s1["nodes"],
        "cpu_percent": round((c1 - c0) / span / 1e7, 2),
        "user_percent": round((u1[0] - u0[0]) / span * 100, 2),
        "system_percent": round((u1[1] - u0[1]) / span * 100, 2),
        "reports_per_s": round(reports / span, 1),
        "replies_per_report": round((s1["grants"] - s0["grants"]) / max(reports, 1), 3),
        "rounds_per_s": round(rate("headroom_controller_rounds_total"), 2),
        "commits_per_s": round(commits, 2),
        "commit_ms": round(rate("headroom_controller_commit_seconds_total") / commits * 1000, 2)
        if commits else None,
        "cap_changes_per_s": round(rate("headroom_controller_cap_changes_total"), 1),
        "sleeps_per_s": round((n1 - n0) / span), "refusals": s1["refusals"],
        "hungry": s1["hungry"], "load_average": rig.load_average(),
        "pss_mb": round(rig.memory_kb(pid)["pss"] / 1024, 1),
    }


def cut(r, load, low_w, high_w):
    """One cut; all times in milliseconds from the moment the request was sent."""
    load.tell(f"watch {int(low_w * 1e6)}")
    sent = rig.now()
    status, _ = r.api("PUT", "/api/v1/budget", {"limit": f"{low_w} W", "by": "bench"})
    answered = rig.now()
    if status != 200:
        raise RuntimeError(f"the cut was refused with {status}")
    fits = load.hear()["raw_ns"]
    time.sleep(0.5)
    s = load.ask("stats")
    r.api("PUT", "/api/v1/budget", {"limit": f"{high_w} W", "by": "bench"})
    time.sleep(3)
    return {"answer": (answered - sent) / 1e6, "first": (s["first_raw_ns"] - sent) / 1e6,
            "fits": (fits - sent) / 1e6, "last": (s["last_raw_ns"] - sent) / 1e6,
            "lowered": s["lowered"]}


def main():
    if not 2 <= len(sys.argv) <= 5:
        sys.exit(__doc__)
    n, seconds, cuts = (int(x) for x in (sys.argv[2:] + ["1000", "30", "20"][len(sys.argv) - 2:]))
    high = WATTS_EACH * n
    low = round(high * 0.8)  # the least that fits all safe caps is 220 W each
    with rig.Rig(sys.argv[1], n, high, agents=0) as r:
        r.configure()
        r.start_controller()
        load = Load(r, n)
        rig.must(rig.wait_until(lambda: r.members() == n, 30, 0.2), "not all nodes were admitted")
        out = {"nodes": n, "phases": [], "cuts": {}}
        time.sleep(10)
        out["phases"].append(measure(r, load, "steady", seconds))
        if os.environ.get("HR_BENCH_HOLD"):
            print(r.pid("controller"), flush=True)
            time.sleep(float(os.environ["HR_BENCH_HOLD"]))
        load.ask("lively")
        time.sleep(5)
        out["phases"].append(measure(r, load, "lively", seconds))
        load.ask("hungry")
        time.sleep(5)
        times = [cut(r, load, low, high) for _ in range(cuts)]
        if times:
            out["cuts"] = {"count": cuts, "from_w": high, "to_w": low,
                           "lowered_least": min(t["lowered"] for t in times),
                           "load_average": rig.load_average()}
            for key in ("answer", "first", "fits", "last"):
                v = [round(t[key], 1) for t in times]
                out["cuts"][key + "_ms"] = {"p50": rig.percentile(v, 50),
                                            "p99": rig.percentile(v, 99), "all": v}
        load.process.stdin.close()
    rig.table([[p[k] for k in ("load", "cpu_percent", "user_percent", "system_percent",
                               "reports_per_s", "replies_per_report", "rounds_per_s",
                               "commits_per_s", "commit_ms", "cap_changes_per_s", "load_average")]
               for p in out["phases"]],
              ["load", "cpu %", "user %", "sys %", "reports/s", "replies/report", "rounds/s",
               "commits/s", "commit ms", "changes/s", "load avg"])
    print(f"goal: {n} agents at 1 Hz, one reply per report, at most 10 % of a core")
    if out["cuts"]:
        c = out["cuts"]
        rig.table([[what, c[key]["p50"], c[key]["p99"]] for what, key in
                   (("the API has answered", "answer_ms"),
                    ("the first register is lower", "first_ms"),
                    ("the limits fit the new budget", "fits_ms"),
                    ("every node has been lowered", "last_ms"))],
                  [f"{cuts} cuts {high} W to {low} W, from the request until", "p50 ms", "p99 ms"])
        print(f"goal: written within 250 ms p99; at least {c['lowered_least']} of {n} nodes "
              f"lowered each time, load average {c['load_average']}")
    print(json.dumps(out))


if __name__ == "__main__":
    main()
