#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fits how fast work goes under a power limit, and prints sim/curve_table.h.

    fit_curves.py reduce LANGUAGES_DIR ZEUS_DIR OUT_DIR   measured runs -> OUT_DIR/*.csv
    fit_curves.py table POINTS_DIR                        those files -> the header, on stdout
    fit_curves.py check POINTS_DIR HEADER                 is the header what would be made?

Model: perf = ((p - s) / (p0 - s)) ** beta, with p the power reached under the limit, p0 without
one, s the part of the power that no limit lowers. s is one number for a machine, beta one for each
work. Chosen: the s with the least squared error of perf over all works, each with its best beta.
"""
import contextlib
import csv
import io
import math
import os
import statistics
import sys
from collections import defaultdict

STEPS = 64
ONE = 65536


def read_languages(directory):
    """Yields (work, relative power, relative performance, watts) per work and limit."""
    runs = defaultdict(lambda: defaultdict(list))
    for name, group in (("measurements_open.csv", "Language"), ("suites_open.csv", "Benchmark")):
        with open(os.path.join(directory, name), encoding="utf-8") as f:
            for row in csv.DictReader(f):
                ms = float(row["Time"])
                if ms > 0:
                    watts = float(row["Package"]) * 1000 / ms
                    runs[row[group] + " " + row["Program"]][int(row["PowerLimit"])].append((ms, watts))
    for work, caps in sorted(runs.items()):
        if -1 not in caps:
            continue
        ms0, w0 = (statistics.median(c) for c in zip(*caps[-1]))
        if ms0 < 500:  # start-up rules shorter runs
            continue
        for cap in (25, 15, 10):
            if cap in caps:
                ms, watts = (statistics.median(c) for c in zip(*caps[cap]))
                if watts < 0.95 * w0:  # else the limit does not bind
                    yield work, w0, watts, ms0 / ms


def read_zeus(directory):
    """The same from GPU epochs: the greatest limit stands for none."""
    runs = defaultdict(dict)
    with open(os.path.join(directory, "summary_power_v100.csv"), encoding="utf-8") as f:
        for row in csv.DictReader(f):
            work = " ".join((row["network"], row["batch_size"], row["optimizer"]))
            runs[work][int(row["power_limit"])] = (float(row["time_per_epoch"]), float(row["average_power"]))
    for work, caps in sorted(runs.items()):
        s0, w0 = caps[max(caps)]
        for cap, (seconds, watts) in sorted(caps.items()):
            if watts < 0.95 * w0:
                yield work, w0, watts, s0 / seconds


def reduce(languages, zeus, out):
    for name, rows in (("cpu.csv", read_languages(languages)), ("gpu.csv", read_zeus(zeus))):
        with open(os.path.join(out, name), "w", encoding="utf-8") as f:
            f.write("work,uncapped_w,capped_w,performance\n")
            for work, w0, watts, perf in rows:
                f.write(f"{work},{w0:.2f},{watts:.2f},{perf:.4f}\n")


def read_points(path):
    works = defaultdict(list)
    with open(path, encoding="utf-8") as f:
        for row in csv.DictReader(f):
            works[row["work"]].append(
                (float(row["uncapped_w"]), float(row["capped_w"]), float(row["performance"])))
    return {w: p for w, p in works.items() if len(p) >= 2}


def fit_work(points, static):
    """Least squares of log(perf) = beta log(x); the beta and the squared errors of perf."""
    xs = [((p - static) / (p0 - static), perf) for p0, p, perf in points]
    if any(x <= 0 for x, _ in xs):
        return None
    over = sum(math.log(x) * math.log(perf) for x, perf in xs)
    under = sum(math.log(x) ** 2 for x, _ in xs)
    beta = max(over / under, 0.01)
    return beta, [(x ** beta - perf) ** 2 for x, perf in xs]


def fit(works):
    best = None
    for tenth in range(0, 400):
        static = tenth / 10
        fits = [fit_work(p, static) for p in works.values()]
        if any(f is None for f in fits):
            break
        errors = [e for _, es in fits for e in es]
        rms = math.sqrt(sum(errors) / len(errors))
        if best is None or rms < best[0]:
            best = (rms, static, sorted(b for b, _ in fits), len(errors))
    return best


def percentile(values, share):
    return values[min(int(share * len(values)), len(values) - 1)]


def print_table(directory):
    rms, static, betas, points = fit(read_points(os.path.join(directory, "cpu.csv")))
    grms, gstatic, gbetas, gpoints = fit(read_points(os.path.join(directory, "gpu.csv")))
    spread = [percentile(betas, s) for s in (0.1, 0.5, 0.9)]
    gspread = [percentile(gbetas, s) for s in (0.1, 0.5, 0.9)]
    chosen = [spread[1], spread[2], gspread[1]]
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/*")
    print(" * Made by tools/fit_curves.py from tests/data/cap-curves; do not edit.")
    print(" *")
    print(f" * CPU: {len(betas)} works, {points} points under binding limits of 25, 15 and 10 W; static {static:.1f} W,")
    print(f" * root mean square error of performance {rms:.3f}; beta at the 10th, 50th, 90th percentile of")
    print(" * works: " + ", ".join(f"{b:.2f}" for b in spread) + ".")
    print(f" * GPU (V100): {len(gbetas)} works, {gpoints} points; static {gstatic:.1f} W, error {grms:.3f}; beta "
          + ", ".join(f"{b:.2f}" for b in gspread) + ".")
    print(" * Used: typical and steep, the 50th and 90th of the CPU; shallow, the 50th of the GPU.")
    print(" */")
    print("#ifndef HR_SIM_CURVE_TABLE_H\n#define HR_SIM_CURVE_TABLE_H\n")
    print("#include <stdint.h>\n\n#include \"sim/curve.h\"\n")
    print("/* clang-format off */")
    print("static const int32_t curve_table[HR_CURVE__MAX][HR_CURVE_STEPS + 1] = {")
    for beta in chosen:
        row = [round(ONE * (i / STEPS) ** beta) for i in range(STEPS + 1)]
        print("\t{")
        for i in range(0, len(row), 8):
            print("\t\t" + " ".join(f"{v}," for v in row[i:i + 8]))
        print("\t},")
    print("};\n/* clang-format on */\n\n#endif")


def check(directory, header):
    made = io.StringIO()
    with contextlib.redirect_stdout(made):
        print_table(directory)
    with open(header, encoding="utf-8") as f:
        if f.read() == made.getvalue():
            return 0
    sys.stderr.write(f"{header} is not what its points give: tools/fit_curves.py table {directory} > {header}\n")
    return 1


def main(argv):
    if len(argv) == 5 and argv[1] == "reduce":
        reduce(*argv[2:])
    elif len(argv) == 3 and argv[1] == "table":
        print_table(argv[2])
    elif len(argv) == 4 and argv[1] == "check":
        return check(*argv[2:])
    else:
        sys.stderr.write(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
