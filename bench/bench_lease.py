#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
How long a cut-off node goes on above its safe cap: N guards and agents, one controller, all real
processes on virtual hardware, every node hungry and granted more than its safe cap. Agents, then
the controller, are killed or stopped; the time runs from the signal to the register write after
which the node allows at most min(cap, safe cap).

usage: bench_lease.py BUILD_DIR [NODES [REPETITIONS]]   prints a table and, last, one JSON object
"""
import json
import os
import random
import signal
import sys
import time

import rig

WATTS_EACH = 350
BOUND_MS = 2000 + 100 + 100  # ttl, the guard's tick, and a write as the controller counts it


def fallbacks(r, at, since):
    """For each node of since {name: raw ns}: milliseconds until its limit was the safe one."""
    left, out = dict(since), []
    with open(f"{r.top}/log/registers.csv", encoding="utf-8") as f:
        f.seek(at)
        for line in f:
            field = line.rstrip("\n").split(",")
            if len(field) < 10 or field[1] not in left or int(field[0]) < left[field[1]]:
                continue
            if int(field[7]) <= rig.SAFE_W * 1e6:
                out.append((int(field[0]) - left.pop(field[1])) / 1e6)
    return out, sorted(left)


def wait_granted(r):
    rig.must(rig.wait_until(lambda: all(n["limit_uw"] > (rig.SAFE_W + 30) * 1e6
                                        for n in r.stats()["node"]), 60, 0.2),
             "the nodes were not granted more than their safe caps")
    time.sleep(random.random() + 1)


def agents(r, number):
    """All agents, one after the other, a random moment apart; then they come back."""
    at, since = os.path.getsize(f"{r.top}/log/registers.csv"), {}
    for i in range(1, r.nodes + 1):
        since[f"n{i:04d}"] = rig.now()
        os.kill(r.pid(f"agent{i}"), number)
        time.sleep(random.random() * 0.1)
    time.sleep(3)
    for i in range(1, r.nodes + 1):
        if number == signal.SIGSTOP:
            os.kill(r.pid(f"agent{i}"), signal.SIGCONT)
        else:
            r.process[f"agent{i}"].wait()
            r.start_agent(i)
    return fallbacks(r, at, since)


def controller(r, number):
    at, now = os.path.getsize(f"{r.top}/log/registers.csv"), rig.now()
    os.kill(r.pid("controller"), number)
    time.sleep(3)
    if number == signal.SIGSTOP:
        os.kill(r.pid("controller"), signal.SIGCONT)
    else:
        r.process["controller"].wait()
        r.start_controller()
    return fallbacks(r, at, {f"n{i:04d}": now for i in range(1, r.nodes + 1)})


def main():
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    n, times = (int(x) for x in (sys.argv[2:] + ["5", "20"][len(sys.argv) - 2:]))
    out, rows = {"nodes": n, "repetitions": times, "bound_ms": BOUND_MS, "case": {}}, []
    with rig.Rig(sys.argv[1], n, WATTS_EACH * n) as r:
        os.mkdir(f"{r.top}/log")
        r.configure()
        r.start_all(60, "--log", f"{r.top}/log")
        r.command("workload all flat 150W")
        for what, act in (("agent", agents), ("controller", controller)):
            for number in (signal.SIGKILL, signal.SIGSTOP):
                took, never = [], 0
                for _ in range(times):
                    wait_granted(r)
                    ms, missing = act(r, number)
                    took += ms
                    never += len(missing)
                name = f"{number.name} of the {what}"
                out["case"][name] = {
                    "fallbacks": len(took), "never": never, "p50_ms": round(
                        rig.percentile(took, 50)), "worst_ms": round(max(took)),
                    "late": sum(t > BOUND_MS for t in took)}
                c = out["case"][name]
                rows.append([name, *c.values()])
        out["load_average"] = rig.load_average()
    rig.table(rows, ["case", "fallbacks", "never", "p50 ms", "worst ms", "over the bound"])
    print(f"goal: within ttl + tick + write = {BOUND_MS} ms, every time; load average "
          f"{out['load_average']}")
    print(json.dumps(out))


if __name__ == "__main__":
    main()
