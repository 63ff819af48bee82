#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
Every configuration key is read by the program that it configures: a key that does nothing is worse
than none. Judged by the members that the key tables name and the shells' sources.

usage: test_keys_read.py ROOT        prints TAP
"""
import pathlib
import re
import sys

SOURCES = {
    "agent": ["src/role/agent*.c", "src/cli/agent_main.c"],
    "guard": ["src/role/guard*.c", "src/cli/guard_main.c"],
    "controller": ["src/role/controller*.c", "src/cli/controller_main.c"],
}
KEY = re.compile(r'^\s*(?:[A-Z_]+)\(\s*(?:struct \w+,\s*)?"(\w+)",\s*(?:[A-Z]+,\s*)?(\w+),', re.M)


def read(root, patterns):
    return "\n".join(p.read_text(encoding="utf-8")
                     for pattern in patterns for p in sorted(root.glob(pattern)))


def unread(tables, source):
    """The keys of which no member is looked at; a designated initializer is no look."""
    return [key for key, member in KEY.findall(tables)
            if not re.search(rf"(?:->|[\w\])]\.){member}\b", source)]


def main():
    root = pathlib.Path(sys.argv[1])
    planted = 'KEY("used", SPAN, used_ns, .max = 1),\n    KEY("idle", SPAN, idle_ns, .max = 1),\n'
    failed = 0
    print(f"1..{len(SOURCES) + 1}")
    ok = unread(planted, "x = conf->used_ns; y = {.idle_ns = 1};") == ["idle"]
    failed += not ok
    print(f"{'ok' if ok else 'not ok'} 1 - a planted key that nothing reads is found")
    for n, (section, patterns) in enumerate(SOURCES.items(), 2):
        tables = (root / f"src/conf/{section}.c").read_text(encoding="utf-8")
        source = read(root, patterns)
        if section == "controller":
            # Its table's own file turns nodes, windows and steps into the model's struct.
            source += "".join(re.findall(r"^\w[^;{]*hr_conf_controller_(?:budget|nodes)\(.*?^}", tables,
                                         re.M | re.S))
        idle = unread(tables, source)
        found = len(KEY.findall(tables))
        ok = not idle and found > 8
        failed += not ok
        print(f"{'ok' if ok else 'not ok'} {n} - the {section}'s {found} keys are read")
        if idle:
            print(f"# nothing reads: {', '.join(idle)}")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
