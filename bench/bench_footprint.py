#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
Memory and processor time of one agent and one guard on a two-socket tree at 10 Hz against a real
controller, all real processes on virtual hardware.

usage: bench_footprint.py BUILD_DIR [SECONDS]      prints a table and, last, one JSON object
"""
import json
import os
import subprocess
import sys
import time

import rig


def sample(pid):
    return rig.cpu_ns(pid), rig.switches(pid), sum(rig.cpu_s(pid))


def libraries(pid):
    """Private and proportional KiB by mapped file."""
    by = {}
    name = ""
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as f:
        for line in f:
            word = line.split()
            if "-" in word[0] and not word[0].endswith(":"):
                name = os.path.basename(word[5]) if len(word) > 5 else "[anonymous]"
            elif word[0] == "Pss:":
                by[name] = by.get(name, 0) + int(word[1])
    return by


def syscalls(pid, seconds=5):
    """System calls per second, all threads, or None without strace."""
    try:
        out = subprocess.run(["timeout", "-s", "INT", str(seconds), "strace", "-f", "-c", "-p",
                              str(pid)], capture_output=True, text=True, check=False).stderr
    except FileNotFoundError:
        return None, {}
    calls = {}
    for line in out.splitlines():
        word = line.split()
        if len(word) >= 5 and word[0].replace(".", "").isdigit() and word[3].isdigit():
            calls[word[-1]] = round(int(word[3]) / seconds, 1)
    calls.pop("total", None)
    return round(sum(calls.values()), 1) if calls else None, calls


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    seconds = float(sys.argv[2]) if len(sys.argv) == 3 else 60.0
    with rig.Rig(sys.argv[1], 1, 600) as r:
        r.configure()
        r.start_all()
        r.command("workload n0001 flat 90W")
        time.sleep(5)
        pids = {"agent": r.pid("agent1"), "guard": r.pid("guard1")}
        before = {k: sample(p) for k, p in pids.items()}
        began = time.monotonic()
        time.sleep(seconds)
        span = time.monotonic() - began
        after = {k: sample(p) for k, p in pids.items()}
        out = {"seconds": round(span, 1), "load_average": rig.load_average(), "role": {}}
        for k, p in pids.items():
            a, b = before[k], after[k]
            calls, by_call = syscalls(p)
            out["role"][k] = {
                "cpu_permille": round((b[0] - a[0]) / span / 1e6, 3),
                "cpu_ticks_permille": round((b[2] - a[2]) / span * 1000, 3),
                "sleeps_per_s": round((b[1] - a[1]) / span, 1),
                "syscalls_per_s": calls, "by_call": by_call,
                **rig.memory_kb(p),
                "pss_by_file": dict(sorted(libraries(p).items(), key=lambda x: -x[1])[:40]),
            }
    role = out["role"]
    out["pss_mb"] = round(sum(x["pss"] for x in role.values()) / 1024, 2)
    out["cpu_percent"] = round(sum(x["cpu_permille"] for x in role.values()) / 10, 3)
    rig.table([[k, f"{x['pss'] / 1024:.2f}", f"{x['private_dirty'] / 1024:.2f}",
                f"{x['cpu_permille'] / 10:.3f}", f"{x['cpu_ticks_permille'] / 10:.3f}",
                x["sleeps_per_s"], x["syscalls_per_s"]]
               for k, x in role.items()] + [["together", f"{out['pss_mb']:.2f}", "",
                                             f"{out['cpu_percent']:.3f}", "", "", ""]],
              ["role", "PSS MiB", "dirty MiB", "cpu %", "ticks %", "sleeps/s", "syscalls/s"])
    print(f"goal: 8 MB and 0.2 % together; load average {out['load_average']}")
    print(json.dumps(out))


if __name__ == "__main__":
    main()
