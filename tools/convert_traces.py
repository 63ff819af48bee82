#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the recorded workloads of tests/data/traces.

    convert_traces.py G5K_DGX1_CPU_NAS_DIR OUT_DIR

Socket 0 of runs of the NAS parallel benchmarks: perf's RAPL readings every 100 ms (ep, lu, mg), and
SmartWatts' RAPL rows every second of a whole session with its pauses (session). Values are carried
over, in milliwatts, onto equal steps: the newest reading at or before each step.
"""
import csv
import datetime
import os
import sys


def seconds(text):
    return datetime.datetime.fromisoformat(text[:26]).timestamp()


def write(path, note, rows, step_ms):
    """rows: (seconds, package W, dram W), in order of time."""
    start, at = rows[0][0], 0
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"# {note}\n# CC BY-SA 4.0, Mathilde Jay and Vladimir Ostapenco; see SOURCE.md\n")
        f.write("t_ms,package_mw,dram_mw\n")
        for k in range(round((rows[-1][0] - start) * 1000 / step_ms) + 1):
            while at + 1 < len(rows) and (rows[at + 1][0] - start) * 1000 <= k * step_ms + step_ms / 2:
                at += 1
            f.write(f"{k * step_ms},{rows[at][1] * 1000:.0f},{rows[at][2] * 1000:.0f}\n")


def pair(readings):
    """{(time, what): W} -> rows where both package and dram were read."""
    times = sorted({t for t, _ in readings})
    return [(seconds(t), readings[t, "pkg"], readings[t, "ram"]) for t in times
            if (t, "pkg") in readings and (t, "ram") in readings]


def main(argv):
    if len(argv) != 3:
        sys.stderr.write(__doc__)
        return 2
    source, out = argv[1:]
    runs = {"EP": {}, "LU": {}, "MG": {}}
    with open(os.path.join(source, "perf100ms_perf_perf.csv"), encoding="utf-8") as f:
        for row in csv.DictReader(f):
            if row["socket"] == "CPU0":
                what = row["event"].split("-")[1].strip("/")
                runs[row["benchmark"][:2]][row["timestamp"], what] = float(row["value"])
    for name, readings in runs.items():
        write(os.path.join(out, name.lower() + ".csv"),
              f"NAS {name} on a Xeon E5-2698 v4, RAPL of socket 0 every 100 ms", pair(readings), 100)
    session = {}
    with open(os.path.join(source, "meters_powerapi_powerapi.csv"), encoding="utf-8") as f:
        for row in csv.DictReader(f):
            if row["target"] == "rapl" and row["socket"] == "0":
                what = {"cpu": "pkg", "dram": "ram"}[row["scope"]]
                session[row["timestamp"], what] = float(row["power"])
    write(os.path.join(out, "session.csv"),
          "NAS EP, LU, MG with the pauses between them, RAPL of socket 0 every second",
          pair(session), 1000)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
