#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
A short demo as a user runs it: what it measures, what it prints, and that nothing of it is left:
no process, mount or directory, also after Ctrl-C, SIGTERM and kill -9.

usage: test_demo.py HEADROOM        prints TAP; skips, and says why, where FUSE is not permitted
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

KEYS = ("nodes", "seconds", "budget_w", "budget_after_cut_w", "max_sum_caps_w", "violations",
        "cut_to_capped_ms", "cut_to_settled_ms", "mean_draw_w", "surplus_delivered", "cap_writes",
        "work_vs_fair", "lease_fallback_ms_max")
# ttl, tick and write, and what a busy machine may add
FALLBACK_MS = 2200 + 400

results = []


def check(ok, what, note=""):
    results.append(bool(ok))
    print(f"{'ok' if ok else 'not ok'} {len(results)} - {what}", flush=True)
    if note:
        print(f"# {note}", flush=True)


def left_over(tmp):
    """Processes and mounts that name the directory, and what lies in it."""
    found = [name for name in os.listdir(tmp) if name.startswith("headroom-demo")]
    with open("/proc/self/mounts", encoding="utf-8") as f:
        found += [line.strip() for line in f if tmp in line]
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                words = f.read().decode(errors="replace")
        except OSError:
            continue
        if f"{tmp}/headroom-demo" in words:
            found.append(words.replace("\0", " "))
    return found


def gone(tmp, seconds):
    until = time.monotonic() + seconds
    while left_over(tmp) and time.monotonic() < until:
        time.sleep(0.05)
    return left_over(tmp)


def start(headroom, tmp, *words):
    env = {"PATH": os.environ["PATH"], "TMPDIR": tmp, "LANG": "C.UTF-8"}
    return subprocess.Popen([headroom, "demo", "--nodes", "4", "--seconds", "20", *words], cwd=tmp,
                            env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            start_new_session=True)


def whole_demo(headroom, tmp):
    logs = f"{tmp}/kept"
    os.mkdir(logs)
    demo = start(headroom, tmp, "--json", "--plot", "p.svg", "--logs", logs)
    out, err = demo.communicate(timeout=120)
    lines = out.strip().splitlines()
    figures = json.loads(lines[-1]) if lines else {}
    print(f"# {lines[-1] if lines else err}")
    check(demo.returncode == 0, "a demo of 4 nodes and 20 s ends with 0", f"{demo.returncode}")
    check(all(key in figures for key in KEYS), "its JSON has every key")
    check(figures.get("violations") == 0, "the limits never exceeded the budget")
    check(figures.get("max_sum_caps_w", 1e9) <= figures.get("budget_w", 0),
          "the largest sum fits the budget")
    check(figures.get("budget_after_cut_w", 1e9) < figures.get("budget_w", 0),
          "the budget was cut")
    check(figures.get("cut_to_capped_ms") is not None, "after the cut the limits fitted")
    fall = figures.get("lease_fallback_ms_max")
    check(fall is not None and fall <= FALLBACK_MS and figures["lease_fallbacks_missed"] == 0,
          "nodes that were cut off fell to their safe caps in time", f"{fall} ms")
    check((figures.get("surplus_delivered") or 0) > 0.8, "the surplus went to hungry nodes")
    check(rejudge(logs, figures), "the log, summed up again, gives the same largest sum")
    tree = xml.etree.ElementTree.parse(f"{tmp}/p.svg")
    words = " ".join(e.text or "" for e in tree.iter() if e.tag.endswith("text"))
    check(all(w in words for w in ("budget", "sum of caps", "draw", "kill -9 controller")),
          "the picture is SVG and names what it shows")
    check(not gone(tmp, 0), "nothing is left", str(left_over(tmp)))


def rejudge(logs, figures):
    """Sums the limits of the log by itself, until the cut."""
    limit, most = {}, 0
    with open(f"{logs}/registers.csv", encoding="utf-8") as f:
        rows = [line.strip().split(",") for line in f][1:]
    span_ns = (figures["measured_s"]) * 1e9
    end = int(rows[-1][0])
    for row in rows:
        if row[6] != "0":
            continue
        limit[row[1]] = int(row[7])
        if len(limit) == figures["nodes"] and int(row[0]) > end - span_ns * 0.6:
            most = max(most, sum(limit.values()))
    return 0 < most <= figures["budget_w"] * 1e6


def stopped_demo(headroom, tmp, number):
    demo = start(headroom, tmp)
    time.sleep(4)
    before = left_over(tmp)
    demo.send_signal(number)
    _, err = demo.communicate(timeout=30)
    name = signal.Signals(number).name
    check(len(before) > 8, f"the demo runs before {name}", f"{len(before)} things of it")
    if number == signal.SIGKILL:
        rest = [w for w in gone(tmp, 5) if not re.fullmatch(r"headroom-demo-\w+", w)]
        check(not rest, "killed itself, it leaves no process and no mount", str(rest))
        subprocess.run(["rm", "-rf", *(f"{tmp}/{n}" for n in os.listdir(tmp))], check=False)
    else:
        check(demo.returncode == 1 and err.count("\n") == 1,
              f"after {name} it ends with 1 and one sentence", err.strip())
        check(not gone(tmp, 0), f"after {name} nothing is left", str(left_over(tmp)))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        print("1..0 # SKIP /dev/fuse may not be opened: load the fuse module and give this user "
              "access")
        return 0
    headroom = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="hr-") as tmp:
        whole_demo(headroom, tmp)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            stopped_demo(headroom, tmp, number)
    print(f"1..{len(results)}")
    return not all(results)


if __name__ == "__main__":
    sys.exit(main())
