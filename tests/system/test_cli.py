#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
The command line: exit codes, one sentence for a mistake, help, forms of output. A small stand-in
answers as the controller's API does (docs/api.md); the real one is met in test_path and test_demo.

usage: test_cli.py HEADROOM         prints TAP
"""
import csv
import http.server
import json
import os
import pty
import subprocess
import sys
import tempfile
import threading

OK, FAILED, USAGE, PERMISSION, UNSUPPORTED, UNREACHABLE, _, REFUSED = range(8)

NODE = {"name": "n1", "domain": "cluster", "class": "primary", "state": "member", "live": True,
        "charged_uw": 250000000, "target_uw": 250000000, "reason": "raised",
        "reason_sentence": "the node needs more, and there is room", "age_ns": 100000000,
        "lease_left_ns": 1900000000, "applied_uw": 249875000, "draw_uw": 200500000,
        "floor_uw": 180000000, "ceiling_uw": 400000000, "safe_uw": 190000000, "hungry": True}
SILENT = {"name": "n2", "domain": "cluster", "class": "replica", "state": "unknown"}
STATUS = {"version": "0", "name": "c", "state": "granting", "store": "ok", "epoch": 3,
          "budget_version": 2, "limit_uw": 500000000, "charged_uw": 250000000,
          "charged_over_budget_uw": 0, "applied_uw": 249875000, "draw_uw": 200500000}
BUDGET = {"domain": "cluster", "parent": None, "limit_now_uw": 500000000, "charged_uw": 250000000,
          "charged_over_budget_uw": 0, "floors_uw": 180000000, "safes_uw": 190000000,
          "reserve_uw": 0, "version": 2}
EVENT = {"id": 1, "at": "2026-01-02T03:04:05.123456789Z", "node": "n1", "before_uw": 190000000,
         "after_uw": 250000000, "reason": "raised", "sentence": "the node needs more"}

asked = []
results = []


class Api(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def refuse(self, status, message):
        self.answer(status, {"error": {"status": status, "message": message}})

    def do_GET(self):
        path = self.path.split("?")[0]
        answers = {"/api/v1/status": STATUS, "/api/v1/nodes": {"nodes": [NODE, SILENT]},
                   "/api/v1/nodes/n1": NODE, "/api/v1/nodes/n2": SILENT,
                   "/api/v1/budget": {"version": 2, "budgets": [BUDGET]},
                   "/api/v1/events": {"newest": 1, "oldest": 1, "events": [EVENT]}}
        if path in answers:
            self.answer(200, answers[path])
        else:
            self.refuse(404, "there is no such node on the roster")

    def do_PUT(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked.append(body)
        if self.headers["Authorization"] != "Bearer secret":
            self.refuse(401, "the request carries no valid bearer token")
        elif body["limit_uw"] < 190000000 and not body["emergency"]:
            self.refuse(409, "floors 180 W, safe caps 190 W")
        else:
            self.answer(200, BUDGET)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        asked.append(self.path)
        self.answer(200, NODE)

    def log_message(self, *_):
        pass


def check(ok, what, note=""):
    results.append(bool(ok))
    print(f"{'ok' if ok else 'not ok'} {len(results)} - {what}", flush=True)
    if not ok:
        print(f"# {note}", flush=True)


class Cli:
    def __init__(self, headroom, top, url):
        self.headroom, self.top = headroom, top
        self.env = {"PATH": os.environ["PATH"], "HEADROOM_URL": url,
                    "HEADROOM_TOKEN_FILE": f"{top}/token"}

    def run(self, *words, env=None):
        return subprocess.run([self.headroom, *words], env={**self.env, **(env or {})},
                              cwd=self.top, capture_output=True, text=True, timeout=30,
                              check=False)

    def expect(self, code, *words, says="", env=None):
        """Right code; a mistake is one line on stderr, and nothing on stdout."""
        r = self.run(*words, env=env)
        ok = r.returncode == code and says in r.stdout + r.stderr
        if code not in (OK, UNSUPPORTED):
            ok = ok and r.stderr.count("\n") == 1 and r.stderr.startswith("headroom")
        check(ok, f"headroom {' '.join(words)}: {code}", f"{r.returncode} {r.stdout}{r.stderr}")
        return r


def verbs_of(c):
    text = c.expect(OK, "--help").stdout
    return [line.split()[0] for line in text.splitlines() if line.startswith("  ")]


def general(c):
    verbs = verbs_of(c)
    check(len(verbs) == 11, "help lists the verbs", str(verbs))
    for verb in verbs:
        r = c.run(verb, "--help")
        check(r.returncode == OK and r.stdout.startswith("Usage: headroom") and
              "--help" in r.stdout, f"headroom {verb} --help", r.stdout + r.stderr)
        check(c.run("help", verb).stdout == r.stdout, f"headroom help {verb} says the same")
    c.expect(OK, "--version", says="features:")
    c.expect(USAGE)
    c.expect(USAGE, "statsu", says="did you mean 'status'")
    for verb in verbs:
        c.expect(USAGE, verb, "-x") if verb not in ("agent", "guard", "controller") else None
    c.expect(USAGE, "status", "--watch", "0", says="from 1 to 3600")
    c.expect(USAGE, "status", "--watch", says="needs a value")
    c.expect(USAGE, "status", "-o", "xml", says="table, json or csv")
    c.expect(USAGE, "status", "more", says="one argument too many")
    c.expect(USAGE, "demo", "--mode", "other", says="expected central")
    c.expect(USAGE, "demo", "--nodes", "1e9")


def show(c):
    r = c.expect(OK, "status")
    check("n1" in r.stdout and "200.5" in r.stdout and "\033" not in r.stdout,
          "status: a table without colour", r.stdout)
    line = [x for x in r.stdout.splitlines() if x.startswith("n2")][0].split()
    check(line[3:] == ["-"] * len(line[3:]), "what is not known is '-', never 0", str(line))
    rows = list(csv.DictReader(c.run("status", "-o", "csv").stdout.splitlines()))
    check([x["node"] for x in rows] == ["n1", "n2"] and rows[1]["draw_w"] == "" and
          rows[0]["cap_w"] == "249.9", "status: csv", str(rows))
    o = json.loads(c.run("status", "-o", "json").stdout)
    check(o["epoch"] == 3 and len(o["node"]) == 2, "status: json")
    r = c.expect(OK, "explain", "n1", says="the node needs more")
    check("2026-01-02T03:04:05.123Z" in r.stdout, "explain: changes with their time", r.stdout)
    c.expect(OK, "explain", "n2", says="has not reported")
    c.expect(FAILED, "explain", "n9", says="no such node")
    c.expect(USAGE, "explain", "../status")
    c.expect(USAGE, "explain")
    r = c.run("budget", "get", "-o", "json", "-d", "cluster")
    check(json.loads(r.stdout)["limit_now_uw"] == 500000000, "budget get: json of one domain")
    c.expect(FAILED, "budget", "get", "-d", "rack9", says="no domain 'rack9'")
    c.expect(UNREACHABLE, "status", env={"HEADROOM_URL": "http://127.0.0.1:1"})


def change(c):
    c.expect(OK, "budget", "set", "1.5kW", "--operator", "ada")
    check(asked[-1] == {"limit_uw": 1500000000, "emergency": False, "by": "ada"},
          "budget set: asks for whole microwatts, and says who", str(asked[-1:]))
    c.expect(REFUSED, "budget", "set", "100W", says="floors 180 W, safe caps 190 W")
    c.expect(OK, "budget", "set", "100W", "--emergency")
    n = len(asked)
    c.expect(USAGE, "budget", "set", "1500", says="unit")
    c.expect(USAGE, "budget", "set")
    c.expect(USAGE, "budget", "raise", "5W")
    check(len(asked) == n, "a wrong command asks nothing of the controller")
    c.expect(PERMISSION, "budget", "set", "1kW", "--token-file", "wrong")
    c.expect(PERMISSION, "budget", "set", "1kW", "--token-file", "absent", says="absent")
    for act in ("release", "leave", "stay"):
        c.expect(OK, "node", act, "n1", says="n1: ")
        check(asked[-1] == f"/api/v1/nodes/n1/{act}", f"node {act} asks for it")
    c.expect(USAGE, "node", "leave", "a/b")
    c.expect(USAGE, "node", "leave")
    c.expect(USAGE, "node", "frob", "n1")
    c.expect(USAGE, "node", "restore", "n1", says="takes no name")


def local(c):
    r = c.expect(OK, "keys", "generate", "a.key")
    public = r.stdout.strip()
    check(len(public) == 40 and os.stat(f"{c.top}/a.key").st_mode & 0o777 == 0o600,
          "keys generate: the secret is its owner's alone")
    check(c.run("keys", "show", "a.key").stdout.strip() == public, "keys show: of the secret")
    check(c.run("keys", "show", "a.key.pub").stdout.strip() == public, "keys show: of the .pub")
    c.expect(FAILED, "keys", "generate", "a.key", says="never overwritten")
    c.expect(OK, "keys", "authorize", "a.key.pub", "--list", "list")
    c.expect(FAILED, "keys", "authorize", public, "--list", "list", says="line 1")
    c.expect(USAGE, "keys", "authorize", "a.key.pub", "--list", "list2", "--node", "x")
    check(not os.path.exists(f"{c.top}/list2"), "keys authorize: a mistake writes nothing")
    with open(f"{c.top}/bad.yaml", "w", encoding="utf-8") as f:
        f.write("agent:\n  rate_hs: 5\n")
    c.expect(USAGE, "config", "check", "bad.yaml", says="bad.yaml:2: key 'agent.rate_hs'")
    c.expect(FAILED, "config", "check", "absent.yaml")
    with open(f"{c.top}/sample.yaml", "w", encoding="utf-8") as f:
        f.write(c.expect(OK, "config", "sample").stdout)
    c.expect(OK, "config", "check", "sample.yaml", says="agent, guard, controller")
    with open(f"{c.top}/ok.yaml", "w", encoding="utf-8") as f:
        f.write("agent:\n  rate_hz: 5\n")
    r = c.expect(OK, "config", "print", "ok.yaml", "--origin", "-s", "agent")
    check("rate_hz: 5 " in r.stdout and "ok.yaml:2" in r.stdout, "config print: the origin")
    c.expect(USAGE, "config", "print", "-s", "agents")
    os.mkdir(f"{c.top}/empty")
    c.expect(UNSUPPORTED, "doctor", "--root", "empty", says="fix: ")
    r = c.run("doctor", "--root", "empty", "-o", "json")
    check(json.loads(r.stdout)["capped"] == 0, "doctor: json")
    c.expect(FAILED, "doctor", "--root", "absent")


def colour(c):
    """On a terminal there is colour, unless NO_COLOR says no."""
    for no, expected in (("", True), ("1", False)):
        parent, child = pty.openpty()
        subprocess.run([c.headroom, "status"], stdout=child, timeout=30, check=False,
                       env={**c.env, "TERM": "xterm", "NO_COLOR": no})
        os.close(child)
        seen = b"\033[" in os.read(parent, 65536)
        os.close(parent)
        check(seen == expected, f"colour on a terminal with NO_COLOR='{no}': {expected}")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="hr-") as top:
        for name, text in (("token", "secret\n"), ("wrong", "guess\n")):
            with open(f"{top}/{name}", "w", encoding="utf-8") as f:
                f.write(text)
        c = Cli(os.path.abspath(sys.argv[1]), top, f"http://127.0.0.1:{server.server_port}")
        for part in (general, show, change, local, colour):
            part(c)
    print(f"1..{len(results)}")
    return not all(results)


if __name__ == "__main__":
    sys.exit(main())
