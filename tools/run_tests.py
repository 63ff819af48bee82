#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every check of the tree and counts what really ran.

Each pass is a build of its own (build, build-clang, ...); its tests are run by Meson, and the
last line, "N passed, N failed, N skipped", is the sum over the results that Meson logged, where
each case of a TAP program counts as one. A skip is a failure when CI is set, unless
tests/skips.txt allows it for a part that the machine may lack.
"""
import argparse
import fnmatch
import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import tree
from lint import Lint

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CPUS = len(os.sched_getaffinity(0))


class Count:
    """Results of one pass: numbers, and the names of what failed or was skipped."""

    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []  # (name, reason)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        return f"{self.passed} passed, {len(self.failed)} failed, {len(self.skipped)} skipped"


def say(text):
    print(text, flush=True)


def run(command, log=None, env=None):
    """Runs a command in the root; output to the terminal, or to a log that is shown on failure."""
    full_env = dict(os.environ, **(env or {}))
    if log is None:
        return subprocess.run(command, cwd=ROOT, env=full_env, stdin=subprocess.DEVNULL).returncode
    done = subprocess.run(command, cwd=ROOT, env=full_env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        text = done.stdout.decode("utf-8", "replace").splitlines()
        say(f"$ {' '.join(command)}")
        say("\n".join(text[-log:]))
    return done.returncode


TAP_LINE = re.compile(r"^(not )?ok\b\s*(\d+)?\s*(?:-\s*)?([^#]*)(?:#\s*(SKIP\b)?\s*(.*))?$",
                      re.IGNORECASE)


def count_tap(name, stdout, count):
    """Counts the cases of one TAP program; returns how many there were and how many failed."""
    cases, failures, comment = 0, 0, ""
    for line in stdout.splitlines():
        if line.startswith("#"):
            comment = line.lstrip("# ").strip()
        whole = re.match(r"^1\.\.0\s*#\s*SKIP\b\s*(.*)$", line, re.IGNORECASE)
        if whole:
            count.skipped.append((name, whole.group(1) or comment))
            cases += 1
            continue
        m = TAP_LINE.match(line)
        if not m:
            continue
        cases += 1
        case = f"{name}: {(m.group(3) or m.group(2) or '').strip()}"
        if m.group(4):
            if m.group(1):  # cmocka puts the case where TAP has the reason, which went before
                count.skipped.append((f"{name}: {m.group(5)}", comment or "no reason given"))
            else:
                count.skipped.append((case, m.group(5) or comment or "no reason given"))
        elif m.group(1):
            failures += 1
            count.failed.append(case)
        else:
            count.passed += 1
    return cases, failures


def count_log(path, label):
    """The results in one of Meson's JSON logs."""
    count = Count()
    with open(path, encoding="utf-8", errors="replace") as log:
        for line in log:
            test = json.loads(line)
            name = f"{label}/{test['name'].split(' / ')[-1].strip()}"
            stdout = test.get("stdout") or ""
            result = test["result"]
            cases, failures = 0, 0
            if re.search(r"^(1\.\.\d|(not )?ok\b)", stdout, re.MULTILINE):
                cases, failures = count_tap(name, stdout, count)
            if result in ("OK", "EXPECTEDFAIL"):
                if cases == 0:
                    count.passed += 1
            elif result == "SKIP":
                if cases == 0:
                    said = (stdout + "\n" + (test.get("stderr") or "")).strip().splitlines()
                    count.skipped.append((name, said[-1] if said else "no reason given"))
            elif result == "FAIL" and cases > 0 and failures == 0 and test["returncode"] == 0:
                pass  # cmocka says "not ok N # SKIP", which Meson takes for a failure
            elif failures == 0:
                count.failed.append(f"{name}: {result.lower()}")
    return count


def build(folder, options, env=None, targets=()):
    """Configures (once) and builds a folder; True if that worked."""
    if not os.path.exists(os.path.join(ROOT, folder, "build.ninja")):
        if run(["meson", "setup", folder, *options], log=40, env=env) != 0:
            return False
    return run(["ninja", "-C", folder, *targets], log=80) == 0


def meson_tests(label, folder, arguments=()):
    """Runs the tests of a build folder."""
    log = os.path.join(ROOT, folder, "meson-logs", "testlog.json")
    if os.path.exists(log):
        os.remove(log)
    rc = run(["meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs", *arguments])
    if not os.path.exists(log):
        count = Count()
        count.failed.append(f"{label}: meson test left no log (exit status {rc})")
        return count
    count = count_log(log, label)
    if rc != 0 and not count.failed and not count.skipped:
        count.failed.append(f"{label}: meson test ended with exit status {rc}")
    return count


def failed(name):
    count = Count()
    count.failed.append(name)
    return count


def pass_format():
    """Every C file is as clang-format leaves it."""
    count = Count()
    names = tree.c_files(ROOT)
    if run(["clang-format-14", "--dry-run", "-Werror", *names], log=40) == 0:
        count.passed = 1
    else:
        count.failed.append("format: run \"make format\"")
    return count


def pass_gcc():
    """gcc, as shipped: every test."""
    if not build("build", []):
        return failed("gcc: build")
    return meson_tests("gcc", "build")


def pass_clang():
    """clang, warnings as errors: build everything, run the unit tests."""
    if not build("build-clang", [], env={"CC": "clang-14"}):
        return failed("clang: build")
    return meson_tests("clang", "build-clang", ["--suite", "unit"])


def valgrind():
    """A smoke run: memory errors and leaks in the smallest program and in a core's test."""
    count = Count()
    for command in (["headroom-guard", "--help"], ["headroom-guard", "--version"],
                    ["tests/unit/test_guard"]):
        program = os.path.join(ROOT, "build", *command[0].split("/"))
        if not os.path.exists(program):
            program = os.path.join(ROOT, "build", "src", "cli", command[0])
        if run(["valgrind", "-q", "--error-exitcode=99", "--leak-check=full",
                "--errors-for-leak-kinds=definite", program, *command[1:]], log=40) == 0:
            count.passed += 1
        else:
            count.failed.append(f"sanitize/valgrind: {' '.join(command)}")
    return count


def pass_sanitize():
    """Address and undefined-behaviour sanitizers (every test that runs our code), and valgrind."""
    if not build("build-sanitize", ["-Db_sanitize=address,undefined", "-Db_lundef=false",
                                    "-Dc_args=-w"]) or not build("build", []):
        return failed("sanitize: build")
    count = meson_tests("sanitize", "build-sanitize",
                        ["--timeout-multiplier", "4", "--no-suite", "tidy"])
    count.add(valgrind())
    return count


def pass_lint():
    """clang-tidy over every file that is compiled; what was found clean before is not read again."""
    count = Count()
    if not build("build-clang", [], env={"CC": "clang-14"}):
        return failed("lint: build")
    lint = Lint(ROOT, "build-clang", set(tree.c_files(ROOT)))
    clean, todo = lint.split()
    count.passed = len(clean)
    if not clean and not todo:
        count.failed.append("lint: no file in build-clang/compile_commands.json")
    with ThreadPoolExecutor(CPUS) as pool:
        for i, (name, said) in enumerate(zip(todo, pool.map(lint.judge, todo)), 1):
            if said is None:
                count.passed += 1
            else:
                count.failed.append(f"lint/{name}")
                say("\n".join(said.splitlines()[:30]))
            if i % 20 == 0 or i == len(todo):
                say(f"  {i} of {len(todo)} files read")
    return count


def pass_fuzz():
    """Every fuzz target over its corpus and, for some seconds, over fresh inputs."""
    if not build("build-fuzz", ["-Dfuzz=true", "-Db_lundef=false"], env={"CC": "clang-14"},
                 targets=["fuzz_targets"]):
        return failed("fuzz: build")
    return meson_tests("fuzz", "build-fuzz", ["--suite", "fuzz"])


PASSES = {
    "format": pass_format,
    "gcc": pass_gcc,
    "clang": pass_clang,
    "lint": pass_lint,
    "sanitize": pass_sanitize,
    "fuzz": pass_fuzz,
}


def allowed_skips():
    """(pattern of the test's name, word of the reason) of tests/skips.txt."""
    rows = []
    with open(os.path.join(ROOT, "tests", "skips.txt"), encoding="utf-8") as f:
        for line in f:
            line = line.split("#")[0].strip()
            if line:
                pattern, word = line.split(None, 1)
                rows.append((pattern, word))
    return rows


def judge(total):
    """The exit status: what failed, and which skips count as failures."""
    in_ci = os.environ.get("CI", "") not in ("", "0", "false")
    rows = allowed_skips()
    bad_skips = 0
    for name, reason in total.skipped:
        short = name.split("/", 1)[1].split(":")[0] if "/" in name else name
        fine = any(fnmatch.fnmatch(short, p) and w.lower() in reason.lower() for p, w in rows)
        bad_skips += not fine
        say(f"SKIP {name}: {reason}" + ("" if fine or not in_ci else " (a failure in CI)"))
    for name in total.failed:
        say(f"FAIL {name}")
    if total.failed or total.passed == 0:
        return 1
    return 1 if in_ci and bad_skips else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", help=f"some passes, with commas between: {', '.join(PASSES)}")
    parser.add_argument("--format", action="store_true", help="format the C files and stop")
    args = parser.parse_args()

    if args.format:
        run([sys.executable, "tools/tidy.py", "--write-table"])
        return run(["clang-format-14", "-i", *tree.c_files(ROOT)])
    chosen = args.only.split(",") if args.only else list(PASSES)
    for name in chosen:
        if name not in PASSES:
            parser.error(f"no pass is called \"{name}\": there are {', '.join(PASSES)}")
    total, lines = Count(), []
    for i, name in enumerate(chosen, 1):
        begun = time.monotonic()
        say(f"[{i}/{len(chosen)}] {name}: {PASSES[name].__doc__}")
        count = PASSES[name]()
        total.add(count)
        lines.append(f"{name:9} {count} ({time.monotonic() - begun:.0f} s)")
        say(lines[-1])
    say("")
    status = judge(total)
    for line in lines:
        say(line)
    say(str(total))
    return status


if __name__ == "__main__":
    sys.exit(main())
