#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of tools/tidy.py: it is silent on the clean tree beside this file, and reports exactly
the one violation that each case plants into a copy of it. Prints TAP.
"""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TIDY = os.path.join(HERE, "..", "..", "tools", "tidy.py")
SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"

# Name of the case, file, text to replace ("" appends), its replacement, the finding.
# A file that is not there is made of the replacement.
CASES = [
    # who may include whom
    ("model includes power", "src/model/watt.c", '#include "model/watt.h"',
     '#include "model/watt.h"\n#include "power/share.h"', "src/model/watt.c:4: [include]"),
    ("power includes wire", "src/power/share.c", '#include "model/watt.h"',
     '#include "wire/note.h"', "src/power/share.c:8: [include]"),
    ("core includes hw", "src/core/agent.c", '#include "power/share.h"',
     '#include "power/share.h"\n#include "hw/meter.h"', "src/core/agent.c:6: [include]"),
    ("a pure file includes a system header", "src/core/agent.c", '#include "core/agent.h"',
     '#include "core/agent.h"\n#include <unistd.h>', "src/core/agent.c:4: [include]"),
    ("hw includes a library that is not its own", "src/hw/meter.c", "#include <fcntl.h>",
     "#include <fcntl.h>\n#include <zmq.h>", "src/hw/meter.c:6: [include]"),
    ("a role includes a driver", "src/role/agent.c", '#include "hw/meter.h"',
     '#include "hw/paths.h"', "src/role/agent.c:7: [include]"),
    ("a role includes another role", "src/role/agent.c", '#include "role/agent.h"',
     '#include "role/agent.h"\n#include "role/guard.h"', "src/role/agent.c:4: [include]"),
    # purity of the objects
    ("core allocates", "src/core/agent.c", "return hr_share_of(watts, 2);",
     "void *malloc(unsigned long);\n\treturn malloc(3) == (void *)watts;",
     "src/core/agent.c:1: [purity]"),
    ("core reads the clock through base", "src/core/agent.c", "return hr_share_of(watts, 2);",
     "long hr_now_read(void);\n\treturn hr_share_of(hr_now_read(), 2);",
     "src/core/agent.c:1: [purity]"),
    ("core logs", "src/core/agent.c", "return hr_share_of(watts, 2);",
     "void hr_log(int, const char *);\n\thr_log(3, \"x\");\n\treturn hr_share_of(watts, 2);",
     "src/core/agent.c:1: [purity]"),
    ("power removes a file", "src/power/share.c", "memset(buf, 0, size);",
     "remove(buf);", "src/power/share.c:1: [purity]"),
    # calls
    *[(f"{call} is called", "src/role/agent.c", "\treturn hr_agent_step",
       f"\t{statement}\n\treturn hr_agent_step", "src/role/agent.c:11: [call]")
      for call, statement in [
          ("sprintf", 'sprintf((char *)0, "x");'), ("strcpy", 'strcpy((char *)0, "x");'),
          ("strcat", 'strcat((char *)0, "x");'), ("strtok", 'strtok((char *)0, "x");'),
          ("gets", "gets((char *)0);"), ("system", 'system("x");'), ("popen", 'popen("x", "r");'),
          ("alloca", "alloca(1);"), ("atoi", 'atoi("1");'), ("sleep", "sleep(1);"),
          ("nanosleep", "nanosleep(0, 0);"), ("usleep", "usleep (1);"),
          ("clock_gettime", "clock_gettime(1, 0);"), ("gettimeofday", "gettimeofday(0, 0);"),
          ("time", "time(0);"), ("exit", "exit(1);"), ("_exit", "_exit(1);"),
          ("abort", "abort();"), ("printf", 'printf("x");'), ("puts", 'puts("x");'),
          ("fprintf", 'fprintf(stderr, "x");'), ("assert", "assert(1);")]],
    # literals
    ("a path of the kernel outside paths.h", "src/hw/meter.c", "open(HR_PATH_POWERCAP,",
     'open("/proc/stat",', "src/hw/meter.c:11: [path]"),
    # names
    ("an exported name of another noun", "src/model/watt.c", "long hr_watt_sum(long a, long b)\n{",
     "long hr_volt_sum(void);\n\nlong hr_volt_sum(void)\n{\n\treturn 1;\n}\n\n"
     "long hr_watt_sum(long a, long b)\n{", "src/model/watt.c:1: [export]"),
    ("an exported variable without the prefix", "src/model/watt.c",
     '#include "model/watt.h"', '#include "model/watt.h"\n\nint count;',
     "src/model/watt.c:1: [export]"),
    # lengths
    ("a line of 101 columns", "src/model/watt.c", "\treturn a + b;",
     "\treturn a + b;" + " /* " + "x" * 74 + " */", "src/model/watt.c:7: [columns]"),
    ("a file of 601 lines", "src/model/watt.h", "#endif\n", "\n" * 593 + "#endif\n",
     "src/model/watt.h:600: [file-length]"),
    ("a function of 71 lines", "src/model/watt.c", "\treturn a + b;",
     "\n" * 68 + "\treturn a + b;", "src/model/watt.c:6: [function-length]"),
    # papers
    ("no licence", "src/model/watt.h", SPDX, "/* Watts. */\n", "src/model/watt.h:1: [spdx]"),
    ("no licence in a script", "tools/x.sh", "", "#!/bin/bash\necho x\n", "tools/x.sh:1: [spdx]"),
    ("no paragraph", "src/model/watt.h", "/* A watt. */\n", "", "src/model/watt.h:2: [head]"),
    ("a folder outside the tree", "docs/guide.md", "The mode", "See ../" + "shared/x. The mode",
     "docs/guide.md:2: [outside]"),
    ("unfinished work", "src/model/watt.c", "\treturn a + b;",
     "\treturn a + b; /* TO" + "DO: c */", "src/model/watt.c:7: [unfinished]"),
    ("a file without a test", "src/model/volt.c", "", SPDX + "/* A volt. */\n",
     "src/model/volt.c:1: [untested]"),
    ("the test is another directory's", "src/base/watt.c", "", SPDX + "/* Watts too. */\n",
     "src/base/watt.c:1: [untested]"),
    ("a row without a file", "tests/unit/covered.txt", "", "src/model/volt.c unit/test_watt.c\n",
     "tests/unit/covered.txt:1: [untested]"),
    ("an exception without a reason", "tools/tidy_allow.txt", "", "columns src/model/watt.c\n",
     "tools/tidy_allow.txt:1: [allow]"),
    ("a table that is not the one checked", "ARCHITECTURE.md", "", None,
     "ARCHITECTURE.md:1: [table]"),
    ("an object that was not built", "src/core/meson.build", "", "# core\n",
     "src/core:1: [purity]"),
]


def compile_tree(root, objects):
    """Compiles every file of src/ into the places where Meson would put it."""
    cc = os.environ.get("CC", "cc").split()
    for folder, _, names in os.walk(os.path.join(root, "src")):
        for name in names:
            if name.endswith(".c"):
                out = os.path.join(objects, os.path.relpath(folder, root), "lib.a.p")
                os.makedirs(out, exist_ok=True)
                subprocess.run(
                    [*cc, "-w", "-O1", "-fno-builtin", "-D_GNU_SOURCE",
                     "-I", os.path.join(root, "src"), "-c", os.path.join(folder, name),
                     "-o", os.path.join(out, name + ".o")], check=True, stderr=subprocess.PIPE)


def judge(root, objects):
    """(exit status, findings) of the checker."""
    command = [sys.executable, TIDY, "--root", root]
    if objects:
        command += ["--objects", objects]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout.strip().split("\n")[:-1]


def architecture(root):
    """A paper with the right table, less its last row."""
    done = subprocess.run([sys.executable, TIDY, "--root", root, "--table"],
                          stdout=subprocess.PIPE, text=True, check=True)
    return "\n".join(done.stdout.strip().split("\n")[:-1]) + "\n"


def plant(root, name, old, new):
    path = os.path.join(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    text = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            text = f.read()
    if text.count(old) < 1:
        raise ValueError(f"{name} does not contain {old!r}")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace(old, new, 1) if text else new)


def run_case(case, work):
    """None, or what is wrong."""
    name, file, old, new, expected = case
    root, objects = os.path.join(work, "tree"), None
    shutil.copytree(os.path.join(HERE, "clean"), root)
    plant(root, file, old, architecture(root) if new is None else new)
    if expected.endswith(("[purity]", "[export]")):
        objects = os.path.join(work, "objects")
        compile_tree(root, objects)
        if file.endswith("meson.build"):
            shutil.rmtree(os.path.join(objects, os.path.dirname(file)))
    status, findings = judge(root, objects)
    if status != 1 or len(findings) != 1 or not findings[0].startswith(expected):
        return f"expected \"{expected}\" alone, got exit {status} and {findings}"
    return None


def run_clean(work):
    root, objects = os.path.join(HERE, "clean"), os.path.join(work, "objects")
    compile_tree(root, objects)
    status, findings = judge(root, objects)
    return None if status == 0 and not findings else f"exit {status} and {findings}"


def main():
    print(f"1..{len(CASES) + 1}")
    failures = 0
    for number, case in enumerate([None, *CASES], 1):
        with tempfile.TemporaryDirectory() as work:
            wrong = run_clean(work) if case is None else run_case(case, work)
        title = "the clean tree" if case is None else case[0]
        if wrong:
            failures += 1
            print(f"not ok {number} - {title}\n# {wrong}")
        else:
            print(f"ok {number} - {title}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
