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


def mappings(pid):
    """PSS and RSS in KiB by mapped file."""
    by = {}
    name = ""
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as f:
        for line in f:
            word = line.split()
            if "-" in word[0] and not word[0].endswith(":"):
                name = os.path.basename(word[5]) if len(word) > 5 else "[anonymous]"
            elif word[0] in ("Pss:", "Rss:"):
                part = by.setdefault(name, {"Pss:": 0, "Rss:": 0})
                part[word[0]] += int(word[1])
    return by


def alone_kb(pids):
    """
    The sum of PSS if no other process of the host mapped any of the libraries, not even libc: what
    both map counts once. No host can make it more.
    """
    together = {}
    for pid in pids:
        for name, part in mappings(pid).items():
            if name[0] == "[":
                together[pid, name] = part["Rss:"]
            else:
                together[name] = max(together.get(name, 0), part["Rss:"])
    return sum(together.values())


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


def measure(pids, load, seconds):
    before = {k: sample(p) for k, p in pids.items()}
    began = time.monotonic()
    time.sleep(seconds)
    span = time.monotonic() - began
    after = {k: sample(p) for k, p in pids.items()}
    out = {"load": load, "seconds": round(span, 1), "load_average": rig.load_average(),
           "alone_mb": round(alone_kb(pids.values()) * 1024 / 1e6, 2), "role": {}}
    for k, pid in pids.items():
        a, b = before[k], after[k]
        calls, by_call = syscalls(pid)
        out["role"][k] = {
            "cpu_percent": round((b[0] - a[0]) / span / 1e7, 3),
            "cpu_ticks_percent": round((b[2] - a[2]) / span * 100, 3),
            "sleeps_per_s": round((b[1] - a[1]) / span, 1),
            "syscalls_per_s": calls, "by_call": by_call, **rig.memory_kb(pid),
            "pss_by_file": {name: part["Pss:"] for name, part in sorted(
                mappings(pid).items(), key=lambda x: -x[1]["Pss:"]) if part["Pss:"] > 0},
        }
    role = out["role"].values()
    out["pss_mb"] = round(sum(x["pss"] for x in role) * 1024 / 1e6, 2)
    out["cpu_percent"] = round(sum(x["cpu_percent"] for x in role), 3)
    return out


def show(m):
    rig.table([[k, f"{x['pss'] * 1024 / 1e6:.2f}", f"{x['private_dirty'] * 1024 / 1e6:.2f}",
                f"{x['cpu_percent']:.3f}", f"{x['cpu_ticks_percent']:.3f}", x["sleeps_per_s"],
                x["syscalls_per_s"]] for k, x in m["role"].items()] +
              [["together", f"{m['pss_mb']:.2f}", "", f"{m['cpu_percent']:.3f}", "", "", ""]],
              [m["load"], "PSS MB", "dirty MB", "cpu %", "ticks %", "sleeps/s", "syscalls/s"])
    print(f"at most {m['alone_mb']} MB on a host where no other process uses any of the libraries; "
          f"load average {m['load_average']}")


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    seconds = float(sys.argv[2]) if len(sys.argv) == 3 else 60.0
    out = []
    with rig.Rig(sys.argv[1], 1, 600) as r:
        r.configure()
        r.start_all()
        pids = {"agent": r.pid("agent1"), "guard": r.pid("guard1")}
        for load, command in (("steady load", "flat 90W"),
                              ("3 s of load, 3 s idle", "flat 120W on=3s off=3s")):
            r.command(f"workload n0001 {command}")
            time.sleep(5)
            out.append(measure(pids, load, seconds))
            show(out[-1])
    print("goal: at most 8 MB and 0.2 % of a core together, at 10 Hz on a two-socket tree")
    print(json.dumps(out))


if __name__ == "__main__":
    main()
