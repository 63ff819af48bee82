#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Judges the tree by the rules of tidy_rules.py: who includes whom, what pure code may call,
banned calls, names, lengths, papers. It reads files and object files and changes nothing.

Output: one line per finding, "path:line: [check] sentence"; exit status 1 if there is any.
An exception is a row in tools/tidy_allow.txt: check, path, reason.
"""
import argparse
import os
import re
import subprocess
import sys

import tidy_rules as rules
import tree

TEXT_ENDINGS = (".c", ".h", ".py", ".sh", ".md", ".txt", ".proto", ".yaml", ".yml", ".js", ".css",
                ".html", ".scd", ".lua", ".build", "Makefile", ".ci/run", ".service", ".pml")
SPDX_ENDINGS = (".c", ".h", ".py", ".sh", ".proto", ".js", ".css", ".lua", ".pml", "Makefile",
                ".ci/run")
DATA = ("tests/data/", "tests/tidy/", "tests/fuzz/corpus/", "LICENSE")


class Source:
    """A C file: as it is, and with comments and the inside of literals blanked."""

    def __init__(self, root, name):
        self.name = name
        with open(os.path.join(root, name), encoding="utf-8", errors="replace") as f:
            self.text = f.read()
        self.lines = self.text.split("\n")
        self.literals = []  # (line, text)
        self.code = self._blank().split("\n")

    def _blank(self):
        token = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
                           re.DOTALL)

        def replace(m):
            text = m.group(0)
            if text[0] == '"':
                self.literals.append((self.text.count("\n", 0, m.start()) + 1, text[1:-1]))
                return '"' + " " * (len(text) - 2) + '"'
            if text[0] == "'":
                return "'" + " " * (len(text) - 2) + "'"
            return re.sub(r"[^\n]", " ", text)

        return token.sub(replace, self.text)


class Tidy:
    def __init__(self, root, objects):
        self.root = root
        self.objects = objects
        self.names = tree.files(root)
        self.findings = []
        self.allowed = self._read_allowed()
        self.used = set()
        self.sources = [Source(root, n) for n in self.names
                        if n.endswith((".c", ".h")) and not n.startswith(DATA)]

    def _read_allowed(self):
        rows = {}
        path = os.path.join(self.root, "tools/tidy_allow.txt")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                for number, line in enumerate(f, 1):
                    parts = line.split(None, 2)
                    if parts and not line.startswith("#"):
                        rows[(parts[0], parts[1])] = number
                        if len(parts) < 3:
                            self.findings.append(("tools/tidy_allow.txt", number, "allow",
                                                  "an exception needs a reason"))
        return rows

    def find(self, name, line, check, sentence, item=None):
        for key in ((check, name), (check, f"{name}:{item}")):
            if key in self.allowed:
                self.used.add(key)
                return
        self.findings.append((name, line, check, sentence))

    def run(self):
        for source in self.sources:
            self.includes(source)
            self.calls(source)
            self.paths(source)
            self.lengths(source)
            self.head(source)
        self.texts()
        self.unit_tests()
        self.table()
        if self.objects:
            self.symbols()
        return sorted(set(self.findings))

    def unneeded(self):
        """A hint, not a finding: exceptions that nothing needs any more."""
        rows = [f"{check} {name}" for check, name in self.allowed if (check, name) not in self.used
                and (self.objects or check not in ("purity", "export"))]
        return f"; tools/tidy_allow.txt has rows without need: {', '.join(rows)}" if rows else ""

    # includes

    def includes(self, source):
        layer = layer_of(source.name)
        if layer is None:
            return
        for number, line in enumerate(source.lines, 1):
            m = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if not m:
                continue
            if m.group(1) == '"':
                self.own_include(source.name, layer, number, m.group(2))
            else:
                self.system_include(source.name, layer, number, m.group(2))

    def own_include(self, name, layer, number, header):
        own = layer.removeprefix("src/")
        stem = header.removesuffix(".h")
        folder = header.split("/")[0]
        if "/" not in header:
            return  # generated beside it, or the compiler will say
        if folder == own:
            if own == "role" and not same_role(name, header):
                self.find(name, number, "include", f"a role may not include another: {header}")
            return
        for allowed in rules.LAYERS[layer][0]:
            if allowed in (folder, stem):
                return
        self.find(name, number, "include", f"{layer} may not include {header}")

    def system_include(self, name, layer, number, header):
        for prefix, layers in rules.LIBRARY_HEADERS.items():
            if header.startswith(prefix):
                if layer not in layers:
                    self.find(name, number, "include", f"{layer} may not include <{header}>")
                return
        if layer in rules.PURE_SYMBOLS and name not in rules.IMPURE_FILES:
            if header not in rules.PURE_HEADERS:
                self.find(name, number, "include",
                          f"{layer} is pure and may not include <{header}>")

    # banned calls and literals

    def calls(self, source):
        for pattern, places, why in rules.CALLS:
            if source.name.startswith(places or ("\0",)):
                continue
            call = re.compile(r"(?<![\w.>])(" + pattern + r")\s*\(")
            for number, line in enumerate(source.code, 1):
                for m in call.finditer(line):
                    self.find(source.name, number, "call", f"{m.group(1)}() {why}", m.group(1))
        if not source.name.startswith(("src/cli/", "tests/", "bench/", "vhw/main.c", "sim/main.c")):
            for number, line in enumerate(source.code, 1):
                if re.search(r"\bv?fprintf\s*\(\s*(stderr|stdout)\b", line):
                    self.find(source.name, number, "call",
                              "fprintf() to the terminal: return text or an error")

    def paths(self, source):
        if source.name.startswith(rules.PATH_FILES):
            return
        for number, text in source.literals:
            m = re.search(rules.PATH_LITERAL, text)
            if m:
                self.find(source.name, number, "path",
                          f"\"{m.group(0)}\" is written down in src/hw/paths.h only")

    # lengths

    def lengths(self, source):
        is_test = source.name.startswith("tests/")
        most = rules.TEST_FILE_LINES if is_test else rules.FILE_LINES
        if len(source.lines) - 1 > most:
            self.find(source.name, most, "file-length",
                      f"{len(source.lines) - 1} lines: at most {most}")
        for number, line in enumerate(source.lines, 1):
            if len(line.expandtabs(8)) > rules.COLUMNS:
                self.find(source.name, number, "columns",
                          f"{len(line.expandtabs(8))} columns: at most {rules.COLUMNS}")
        most = rules.TEST_FUNCTION_LINES if is_test else rules.FUNCTION_LINES
        begin = None
        for number, line in enumerate(source.code, 1):
            if line.rstrip() == "{":
                begin = number
            elif line.startswith("}") and begin is not None:
                if number - begin + 1 > most:
                    name = function_name(source.code, begin)
                    self.find(source.name, begin, "function-length",
                              f"{name}() has {number - begin + 1} lines: at most "
                              f"{most}", name)
                begin = None

    def head(self, source):
        """The file says what it is: a comment right after the SPDX line."""
        if len(source.lines) < 2 or not source.lines[1].startswith("/*"):
            self.find(source.name, 2, "head",
                      "the second line begins the paragraph that says what the file is")

    # every text file

    def texts(self):
        elsewhere = ".." + "/shared"
        unfinished = re.compile(r"\b(TODO|FIXME|XXX)\b|[Cc]oming soon|[Nn]ot (yet )?implemented")
        for name in self.names:
            if name.startswith(DATA) or not name.endswith(TEXT_ENDINGS):
                continue
            with open(os.path.join(self.root, name), encoding="utf-8", errors="replace") as f:
                lines = f.read().split("\n")
            if name.endswith(SPDX_ENDINGS):
                first = 1 if name.endswith((".c", ".h")) else 3
                if not any("SPDX-License-Identifier: Apache-2.0" in x for x in lines[:first]):
                    self.find(name, 1, "spdx", "the first line names the licence")
            for number, line in enumerate(lines, 1):
                if elsewhere in line:
                    self.find(name, number, "outside", "names a folder that is not in the tree")
                if unfinished.search(line) and name not in ("tools/tidy.py", "tools/tidy_rules.py"):
                    self.find(name, number, "unfinished",
                              f"\"{unfinished.search(line).group(0)}\": do it or write an issue")

    def unit_tests(self):
        covered = {}
        path = "tests/unit/covered.txt"
        if path in self.names:
            with open(os.path.join(self.root, path), encoding="utf-8") as f:
                for number, line in enumerate(f, 1):
                    parts = line.split("#")[0].split()
                    if len(parts) >= 2:
                        covered[parts[0]] = (number, parts[1])
        for name, (number, test) in covered.items():
            if name not in self.names or f"tests/{test}" not in self.names:
                self.find(path, number, "untested", f"{name} or tests/{test} does not exist")
        for name in self.names:
            if not name.endswith(".c") or layer_of(name) not in rules.TESTED:
                continue
            noun = os.path.basename(name)
            folder = os.path.basename(os.path.dirname(name))
            if name not in covered and not self.has_test(noun, folder):
                self.find(name, 1, "untested", f"there is no tests/unit/test_{noun} nor "
                          f"test_{folder}_{noun} that includes {folder}/, and no row in {path}")

    def has_test(self, noun, folder):
        """Where several directories have a file of one name, a test belongs to what it includes."""
        homes = [n for n in self.names if n.endswith(f"/{noun}") and layer_of(n) in rules.TESTED]
        for source in self.sources:
            if source.name == f"tests/unit/test_{noun}":
                if len(homes) == 1 or f'"{folder}/' in source.text:
                    return True
        return f"tests/unit/test_{folder}_{noun}" in self.names

    # papers

    def table(self):
        """The table in ARCHITECTURE.md is the one that is checked."""
        path = os.path.join(self.root, "ARCHITECTURE.md")
        if not os.path.exists(path):
            return
        with open(path, encoding="utf-8") as f:
            text = f.read()
        here = [line for line in text.split("\n") if re.match(r"\| `(src/|sim|vhw)", line)]
        for row in table_rows(self.names):
            if row not in here:
                self.find("ARCHITECTURE.md", 1, "table",
                          f"\"make format\" adds this row to the table: {row}")
        for row in here:
            if row not in table_rows(self.names):
                self.find("ARCHITECTURE.md", 1, "table",
                          f"\"make format\" takes this row out of the table: {row}")

    # object files

    def symbols(self):
        found = {}
        for layer in rules.LAYERS:
            found[layer] = list(self.layer_objects(layer))
        for layer, objects in found.items():
            for name, path in objects:
                defined, undefined = nm(path)
                self.exports(layer, name, defined)
                if layer in rules.PURE_SYMBOLS and name not in rules.IMPURE_FILES:
                    self.purity(layer, name, undefined)
        for layer in rules.PURE_SYMBOLS:
            if f"{layer}/meson.build" in self.names and not found[layer]:
                self.find(layer, 1, "purity", f"no object files of it under {self.objects}")

    def layer_objects(self, layer):
        """(source file, object file) of a directory, as Meson names them: "file.c.o"."""
        for folder, _, files in os.walk(os.path.join(self.objects, layer)):
            for file in sorted(files):
                name = f"{layer}/{file.removesuffix('.o')}"
                if file.endswith(".c.o") and name in self.names:
                    yield name, os.path.join(folder, file)

    def exports(self, layer, name, defined):
        noun = os.path.basename(name).removesuffix(".c")
        word = noun.split("_")[0]
        folder = layer.removeprefix("src/")
        exact = (f"hr_{word}", f"hr_{folder}")
        prefixes = (f"hr_{word}_", f"hr_{folder}_") + rules.EXPORTS.get(name, ())
        for symbol in defined:
            if symbol == "main" or symbol in exact or symbol.startswith(prefixes):
                continue
            self.find(name, 1, "export", f"exports {symbol}, which begins with neither "
                      f"hr_{word}_ nor hr_{folder}_", symbol)

    def purity(self, layer, name, undefined):
        allowed = rules.PURE_SYMBOLS[layer]
        prefixes = rules.PURE_PREFIXES.get(layer, ())
        for symbol in undefined:
            pure_own = symbol.startswith("hr_") and not symbol.startswith(rules.IMPURE_SYMBOLS)
            if not (pure_own or symbol in allowed or (prefixes and symbol.startswith(prefixes))):
                self.find(name, 1, "purity", f"{layer} is pure but uses {symbol}", symbol)


def layer_of(name):
    for layer in rules.LAYERS:
        if name.startswith(layer + "/"):
            return layer
    return None


def same_role(name, header):
    """May this file of role/ include that header of role/?"""
    mine, its = (os.path.basename(x).split(".")[0] for x in (name, header))
    roles = sorted(rules.ROLES, key=len, reverse=True)
    my_role = next((r for r in roles if mine.startswith(r)), None)
    its_role = next((r for r in roles if its.startswith(r)), None)
    return its_role is None or my_role == its_role


def function_name(code, begin):
    """The last identifier before the parenthesis that opens the parameters."""
    text = " ".join(code[max(0, begin - 8):begin - 1])
    names = re.findall(r"(\w+)\s*\([^;{}]*\)\s*$", text[text.rfind(";") + 1:])
    return names[-1] if names else "?"


def nm(path):
    """(defined external symbols, undefined symbols) of an object file."""
    out = subprocess.run(["nm", "-g", path], stdout=subprocess.PIPE, check=True, text=True).stdout
    defined, undefined = [], []
    for line in out.splitlines():
        parts = line.split()
        if len(parts) >= 2 and parts[-2] in ("U", "w"):
            undefined.append(parts[-1])
        elif len(parts) == 3:
            defined.append(parts[-1])
    return defined, undefined


def table_rows(names):
    """The rows of the include table for the directories that are there."""
    rows = []
    for layer, (_, may, may_not) in rules.LAYERS.items():
        if any(n.startswith(layer + "/") for n in names):
            rows.append(f"| `{layer}` | {may} | {may_not or '-'} |")
    return rows


def write_table(root, names):
    """Puts the table in its place in ARCHITECTURE.md."""
    path = os.path.join(root, "ARCHITECTURE.md")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    table = "| directory | may include | may not |\n|---|---|---|\n" \
        + "".join(row + "\n" for row in table_rows(names))
    text = re.sub(r"\| directory \| may include .*?\n(?=\n)", lambda _: table, text, count=1,
                  flags=re.DOTALL)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--root", default=os.path.dirname(os.path.dirname(
        os.path.abspath(__file__))), help="the tree to judge")
    parser.add_argument("--objects", help="a build folder: check symbols too")
    parser.add_argument("--table", action="store_true", help="print the include table and stop")
    parser.add_argument("--write-table", action="store_true",
                        help="put it into ARCHITECTURE.md and stop")
    args = parser.parse_args()
    tidy = Tidy(args.root, args.objects)
    if args.table:
        print("\n".join(["| directory | may include | may not |", "|---|---|---|"]
                        + table_rows(tidy.names)))
        return 0
    if args.write_table:
        write_table(args.root, tidy.names)
        return 0
    findings = tidy.run()
    for name, line, check, sentence in findings:
        print(f"{name}:{line}: [{check}] {sentence}")
    print(f"tidy: {len(tidy.names)} files, {len(findings)} findings{tidy.unneeded()}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
