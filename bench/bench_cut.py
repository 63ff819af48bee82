#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
How fast a budget cut of 30 % is at the registers: N guards and agents, one controller, all real
processes on virtual hardware; every node hungry, so that the whole budget is given away. The time
runs until the sum of what all registers allow fits the new budget, from two beginnings: the moment
the request was sent to the HTTP API, and the moment its answer had come.

usage: bench_cut.py BUILD_DIR [NODES [CUTS]]      prints a table and, last, one JSON object
"""
import json
import os
import sys
import time

import rig

WATTS_EACH = 350


def first_fit(path, from_byte, since, limit_uw):
    """Raw time of the first write after which the sum fits, and the writes until then."""
    writes = 0
    with open(path, encoding="utf-8") as f:
        f.seek(from_byte)
        for line in f:
            field = line.rstrip("\n").split(",")
            if len(field) < 10 or not field[0].isdigit() or int(field[0]) < since:
                continue
            writes += 1
            if int(field[8]) <= limit_uw:
                return int(field[0]), writes
    return None, writes


def cut(r, low_w):
    path = f"{r.top}/log/registers.csv"
    at = os.path.getsize(path)
    sent = rig.now()
    status, _ = r.api("PUT", "/api/v1/budget", {"limit": f"{low_w} W", "by": "bench"})
    accepted = rig.now()
    if status != 200:
        raise RuntimeError(f"the cut was refused with {status}: {_}")
    rig.must(rig.wait_until(lambda: r.stats()["sum_limit_uw"] <= low_w * 1e6, 5, 0.1),
             "the limits did not fit within 5 s")
    time.sleep(0.5)
    fits, writes = first_fit(path, at, sent, low_w * 1e6)
    return {"api_ms": round((accepted - sent) / 1e6, 1),
            "from_request_ms": round((fits - sent) / 1e6, 1),
            "from_answer_ms": round((fits - accepted) / 1e6, 1), "writes": writes}


def main():
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    n, cuts = (int(x) for x in (sys.argv[2:] + ["100", "20"][len(sys.argv) - 2:]))
    high = WATTS_EACH * n
    low = high * 7 // 10
    with rig.Rig(sys.argv[1], n, high) as r:
        os.mkdir(f"{r.top}/log")
        r.configure()
        r.start_all(120, "--log", f"{r.top}/log")
        r.command("workload all flat 150W")
        out = {"nodes": n, "from_w": high, "to_w": low, "cuts": []}
        for _ in range(cuts):
            rig.must(rig.wait_until(lambda: r.stats()["sum_limit_uw"] > high * 1e6 * 0.97, 30, 0.2),
                     "the nodes were not given the budget")
            time.sleep(1)
            out["cuts"].append(cut(r, low))
            r.api("PUT", "/api/v1/budget", {"limit": f"{high} W", "by": "bench"})
        out["load_average"] = rig.load_average()
    rows = []
    for key in ("api_ms", "from_answer_ms", "from_request_ms"):
        v = [c[key] for c in out["cuts"]]
        out[key] = {"p50": rig.percentile(v, 50), "p99": rig.percentile(v, 99), "worst": max(v)}
        rows.append([key, *out[key].values()])
    rig.table(rows, ["cut", "p50 ms", "p99 ms", "worst ms"])
    print(f"goal: 250 ms p99 with 100 agents on 2 cores; {n} nodes, {cuts} cuts from {high} W to "
          f"{low} W, load average {out['load_average']}")
    print(json.dumps(out))


if __name__ == "__main__":
    main()
