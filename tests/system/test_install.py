#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
What goes with the program: a manual page for every verb that has every option of its help, samples
that are right, units that systemd understands, and an installation that works where it was put.

usage: test_install.py BUILD_DIR SOURCE_DIR        prints TAP
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROLES = ("agent", "guard", "controller")
results = []


def check(ok, what, note=""):
    results.append(bool(ok))
    print(f"{'ok' if ok else 'not ok'} {len(results)} - {what}", flush=True)
    if not ok and note:
        print(*("# " + line for line in note.splitlines()), sep="\n", flush=True)


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False, **more)


def manual(headroom, source):
    keys = run(headroom, "config", "manual").stdout.replace("\\", "")
    verbs = re.findall(r"^  ([a-z]+) ", run(headroom, "--help").stdout, re.M)
    with open(f"{source}/docs/man/headroom.1.scd", encoding="utf-8") as f:
        main = f.read()
    for verb in verbs:
        path = f"{source}/docs/man/headroom-{verb}.1.scd"
        if not os.path.exists(path):
            check(False, f"{verb} has a manual page", path)
            continue
        with open(path, encoding="utf-8") as f:
            page = f.read().replace("\\", "")
        usage, _, of_keys = run(headroom, verb, "--help").stdout.partition("Every key of section")
        options = re.findall(r"(?<![\w'-])(--[a-z][a-z-]*)", usage)
        missing = [o for o in options if f"*{o}*" not in page]
        missing += [k for k in re.findall(r"^  --([a-z_.]+)$", of_keys, re.M)
                    if f"*{k}*" not in keys]
        gone = [o for o in re.findall(r"^(?:\*-\w\*, )?\*(--[a-z-]+)\*", page, re.M)
                if o not in options]
        check(options and not missing and not gone,
              f"headroom-{verb}(1) has the options of its help and no others",
              f"missing {missing}, no longer there {gone}")
        check(f"*headroom-{verb}*(1)" in main, f"headroom(1) names {verb}")


def samples(headroom, source):
    for path in sorted(glob.glob(f"{source}/deploy/conf/*.yaml")):
        r = run(headroom, "config", "check", path)
        check(r.returncode == 0, f"{os.path.basename(path)} is right", r.stderr)


def install(build, top):
    """Installs, moves the tree elsewhere, and uses it there."""
    r = run("meson", "install", "-C", build, "--no-rebuild", "--quiet",
            env={**os.environ, "DESTDIR": f"{top}/stage"})
    check(r.returncode == 0, "the installation ends with 0", r.stdout + r.stderr)
    found = glob.glob(f"{top}/stage/**/bin/headroom", recursive=True)
    check(len(found) == 1, "it has the program", str(found))
    if not found:
        return None
    prefix = f"{top}/moved"
    shutil.move(os.path.dirname(os.path.dirname(found[0])), prefix)
    for part in ("libexec/headroom/headroom-guard", "share/headroom/traces/ep.csv",
                 "lib/systemd/system/headroom-guard.service",
                 "share/bash-completion/completions/headroom",
                 "share/doc/headroom/examples/headroom.yaml.sample"):
        check(os.path.exists(f"{prefix}/{part}"), f"it has {part}")
    for role in ROLES:
        r = run(f"{prefix}/bin/headroom", role, "--version", cwd=top)
        check(r.stdout.startswith(f"headroom-{role} "), f"headroom {role} finds its executable",
              r.stdout + r.stderr)
    if shutil.which("scdoc"):
        pages = [f"man1/headroom-{v}.1" for v in ROLES] + ["man5/headroom.conf.5",
                                                           "man7/headroom-safety.7"]
        check(all(os.path.exists(f"{prefix}/share/man/{p}") for p in pages),
              "it has the manual pages")
    return prefix


def units(prefix):
    if not shutil.which("systemd-analyze"):
        return
    for role in ROLES:
        unit = f"{prefix}/lib/systemd/system/headroom-{role}.service"
        with open(unit, encoding="utf-8") as f:
            text = f.read()
        # the program is not where the unit will look for it
        with open(unit, "w", encoding="utf-8") as f:
            f.write(re.sub(r"ExecStart=\S*/headroom", f"ExecStart={prefix}/bin/headroom", text))
        r = run("systemd-analyze", "verify", "--man=no", unit)
        own = [x for x in r.stderr.splitlines() if "headroom" in x and "User" not in x]
        check(not own, f"systemd understands headroom-{role}.service", "\n".join(own))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    build, source = (os.path.abspath(a) for a in sys.argv[1:])
    headroom = f"{build}/headroom"
    manual(headroom, source)
    samples(headroom, source)
    with tempfile.TemporaryDirectory(prefix="hr-") as top:
        prefix = install(build, top)
        if prefix:
            units(prefix)
    print(f"1..{len(results)}")
    return not all(results)


if __name__ == "__main__":
    sys.exit(main())
