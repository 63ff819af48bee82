# SPDX-License-Identifier: Apache-2.0
"""clang-tidy over the files of a build, with a memory of what was found clean.

The memory is a folder of empty files outside the tree, each named by all that a verdict depends
on: the text of the file and of every header of ours that it includes, its flags, the checks and
the version of clang-tidy. A change of any of them makes another name, so nothing in it is ever
wrong; whatever is missing is judged again.
"""
import hashlib
import json
import os
import subprocess
import time

TIDY = "clang-tidy-14"
KEEP_S = 30 * 86400  # names that no run has asked for in this time are dropped


def cache_folder(fallback):
    """$XDG_CACHE_HOME/headroom/lint, or the fallback where that cannot be written."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    for folder in (os.path.join(home, "headroom", "lint"), fallback):
        try:
            os.makedirs(folder, exist_ok=True)
            if os.access(folder, os.W_OK):
                break
        except OSError:
            pass
    oldest = time.time() - KEEP_S
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if os.path.getmtime(path) < oldest:
            os.remove(path)
    return folder


def _includes(root, folder):
    """For each source: the files below root that its objects were made from, as ninja noted."""
    text = subprocess.run(["ninja", "-C", folder, "-t", "deps"], cwd=root, check=True,
                          stdout=subprocess.PIPE).stdout.decode("utf-8", "replace")
    found = {}
    for block in text.split("\n\n"):
        lines = block.strip().split("\n")[1:]
        paths = [os.path.normpath(os.path.join(root, folder, line.strip())) for line in lines]
        ours = [p for p in paths if p.startswith(root + os.sep)]
        if ours:
            found.setdefault(os.path.relpath(ours[0], root), set()).update(ours)
    return found


class Lint:
    """The translation units of one build folder that are in names (paths relative to root)."""

    def __init__(self, root, folder, names):
        self.root, self.folder = root, folder
        self.cache = cache_folder(os.path.join(root, folder, "lint"))
        with open(os.path.join(root, folder, "compile_commands.json"), encoding="utf-8") as f:
            database = json.load(f)
        self.commands = {}
        for unit in database:
            path = os.path.normpath(os.path.join(unit["directory"], unit["file"]))
            name = os.path.relpath(path, root)
            if name in names:
                self.commands.setdefault(name, unit["command"].replace(root, "."))
        self.includes = _includes(root, folder)
        version = subprocess.run([TIDY, "--version"], check=True, stdout=subprocess.PIPE).stdout
        with open(os.path.join(root, ".clang-tidy"), "rb") as f:
            self.shared = version + f.read()

    def _stamp(self, name):
        """Where it is noted that a file is clean; None if what it includes is not known."""
        if name not in self.includes:
            return None
        digest = hashlib.sha256(self.shared + self.commands[name].encode())
        for path in sorted(self.includes[name]):
            try:
                with open(path, "rb") as f:
                    text = f.read()
            except OSError:
                return None
            digest.update(f"{os.path.relpath(path, self.root)} {len(text)}\n".encode() + text)
        return os.path.join(self.cache, digest.hexdigest())

    def split(self):
        """(names known to be clean, names to judge, the largest first)."""
        clean, rest = [], []
        for name in sorted(self.commands):
            stamp = self._stamp(name)
            if stamp and os.path.exists(stamp):
                os.utime(stamp)
                clean.append(name)
            else:
                rest.append(name)
        rest.sort(key=lambda name: -os.path.getsize(os.path.join(self.root, name)))
        return clean, rest

    def judge(self, name):
        """Runs clang-tidy over one file: None if it is clean, else what was said."""
        stamp = self._stamp(name)
        done = subprocess.run([TIDY, "--quiet", "-p", self.folder, name], cwd=self.root,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        if done.returncode != 0:
            return (done.stdout or done.stderr).decode("utf-8", "replace")
        if stamp:
            with open(stamp, "w", encoding="utf-8"):
                pass
        return None
