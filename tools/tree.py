# SPDX-License-Identifier: Apache-2.0
"""Which files belong to the tree: what git tracks or would track, or all if there is no git."""
import os
import subprocess

SKIPPED_DIRS = ("build", ".git", "__pycache__")


def files(root):
    """Paths relative to root, sorted, that exist."""
    try:
        out = subprocess.run(
            ["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z", "--cached", "--others",
             "--exclude-standard"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
        names = [n.decode("utf-8", "surrogateescape") for n in out.split(b"\0") if n]
    except (OSError, subprocess.CalledProcessError):
        names = list(_walk(root))
    return sorted(n for n in set(names) if os.path.isfile(os.path.join(root, n)))


def _walk(root):
    for folder, folders, names in os.walk(root):
        folders[:] = [d for d in folders if d not in SKIPPED_DIRS and not d.startswith("build-")]
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), root)


def c_files(root):
    """The C files that are ours to format and to judge."""
    return [n for n in files(root)
            if n.endswith((".c", ".h")) and not n.startswith(("tests/data/", "tests/tidy/"))]
