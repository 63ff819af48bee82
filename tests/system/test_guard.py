#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
What may be said to a guard and to a controller, and by whom: commands, limits of other clients, the
socket's owner, and messages that are wrong in every way.

usage: test_guard.py BUILD_DIR        prints TAP; skips, and says why, without FUSE
"""
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import urllib.request

from test_path import BUDGET_UW, NODES, SAFE_W, Cluster, Tap, joined, rewrite, skip, wait_until

TTL_NS = 1_500_000_000
ORIGINAL = [165000000, 198000000] * 2


class Speaker:
    def __init__(self, c, *args):
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen([f"{c.build}/tests/system/speak", *args], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def say(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        return self.process.stdout.readline().strip()

    def close(self):
        self.process.kill()
        self.process.wait()


def guard(c, i, role):
    return Speaker(c, "guard", f"{c.top}/n{i}.sock", role)


def metric(c, name):
    with urllib.request.urlopen(f"http://127.0.0.1:{c.http}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    return next((int(float(line.rsplit(" ", 1)[1])) for line in text.splitlines()
                 if line.startswith(name + " ")), None)


def sockets(c, t):
    mode = os.stat(f"{c.top}/n1.sock")
    t.check(stat.S_IMODE(mode.st_mode) == 0o600, "without a group the socket is its user's alone",
            oct(mode.st_mode))
    mode = os.stat(f"{c.top}/n2.sock")
    t.check(stat.S_IMODE(mode.st_mode) == 0o660 and mode.st_gid == os.getgid(),
            "with a group it is the group's as well", oct(mode.st_mode))


def limits(c, t):
    """A tuner lowers n1 for a while; the controller's books do not change by it."""
    c.command("workload n0001 flat 150W")
    wait_until(lambda: c.limit_w(1) > 400, 8)
    time.sleep(1)
    before, charged = c.limit_w(1), c.node(1)["charged_uw"]
    s = guard(c, 1, "tuner")
    t.check(s.say("limit tuner 250000000 1000000000") .startswith(("refuse", "closed")),
            "who has not said hello is not heard")
    s.close()
    s = guard(c, 1, "tuner")
    welcome = s.say("hello")
    began = time.monotonic()
    s.say(f"limit tuner 250000000 {TTL_NS}")
    tight = c.limit_w(1)
    time.sleep(0.5)
    held = c.node(1)["charged_uw"]
    t.check(welcome == "welcome" and tight <= 250 and held >= charged,
            "a client's tighter cap is in force, and frees no watts at the controller",
            f"{before:.0f} to {tight:.0f} W, charged {charged} and {held}")
    wait_until(lambda: c.limit_w(1) > 400, 4)
    took = time.monotonic() - began
    t.check(c.limit_w(1) > 400 and took >= TTL_NS / 1e9, "it ends with its lease", f"{took:.2f} s")
    s.say(f"limit tuner 9000000000 {TTL_NS}")
    t.check(c.limit_w(1) <= before + 1, "a client cannot raise anything", f"{c.limit_w(1):.0f} W")
    t.check(s.say("stop").startswith("refuse"), "a tuner may not command")
    s.close()


def commands(c, t):
    s = guard(c, 1, "operator")
    s.say("hello")
    answer = s.say("restore")
    t.check(answer.startswith("answer 0") and "leave" in answer and c.registers(1) != ORIGINAL,
            "a restore under a budget is refused, and says what to do", answer)
    run = subprocess.run([f"{c.build}/src/cli/headroom-guard", "--config", f"{c.top}/n1.yaml",
                          "--claims", f"{c.top}/zones", "--restore"], capture_output=True,
                         text=True, timeout=10, check=False)
    t.check(run.returncode != 0 and c.registers(1) != ORIGINAL,
            "headroom-guard --restore is refused while a guard runs", run.stderr.strip()[:200])
    again = guard(c, 1, "agent")
    t.check("another agent" in again.say("hello"), "a second agent is refused, naming the first")
    again.close()
    t.check(s.say("raw 100").startswith(("refuse", "closed")) and c.limit_w(1) > 0,
            "rubbish costs the connection and nothing else")
    s.close()
    c.command("budget 3000W")
    c.api("PUT", "/api/v1/budget", {"limit": "3 kW", "by": "ada"})
    c.api("POST", "/api/v1/nodes/n2/leave", {"by": "ada"})
    wait_until(lambda: c.registers(2) == ORIGINAL, 6)
    s = guard(c, 2, "operator")
    s.say("hello")
    t.check(s.say("restore").startswith("answer 1") and c.registers(2) == ORIGINAL,
            "after a leave the originals are back, and the guard says so")
    s.close()
    s = guard(c, 1, "operator")
    s.say("hello")
    answer = s.say("stop")
    ended = wait_until(lambda: c.process["guard1"].poll() is not None, 3)
    t.check(answer.startswith("answer 1") and ended is not None and c.limit_w(1) <= SAFE_W,
            "an operator's stop ends the guard at the safe cap", f"{c.limit_w(1):.1f} W")
    s.close()


def wrong(c, t):
    """Said to the real controller with the key of n4, which no guard uses."""
    s = Speaker(c, "controller", f"tcp://127.0.0.1:{c.port}", f"{c.top}/controller.key.pub",
                f"{c.top}/n4.key", "n4")
    t.check(s.say("hello") == "welcome", "a node that is on the roster is welcome")
    first = ""
    # Room is made for its safe cap first.
    for n in range(1, 20):
        first = s.say(f"report {n} 50000000 0")
        if first.startswith("grant"):
            break
        time.sleep(0.3)
    s.say("report 30 50000000 0")
    t.check(first.startswith("grant"), "and is given a grant when there is room", first)
    charged = c.node(4)["charged_uw"]
    names = {
        "replayed": 'headroom_controller_reports_total{result="old"}',
        "absurd": 'headroom_controller_reports_total{result="invalid"}',
        "malformed": 'headroom_controller_messages_refused_total{reason="malformed"}',
        "strange": 'headroom_controller_messages_refused_total{reason="strange"}',
        "oversized": 'headroom_controller_messages_refused_total{reason="oversized"}',
    }
    lines = {"replayed": ["report 30 41000000 0", "report 4 41000000 0"], "absurd": ["absurd 31"],
             "malformed": ["raw 100"], "strange": ["strange"], "oversized": ["raw 20000"]}
    for what, name in names.items():
        before = metric(c, name)
        for line in lines[what]:
            s.say(line)
        counted = wait_until(lambda b=before, n=name, k=len(lines[what]): metric(c, n) == b + k, 3)
        t.check(counted is not None and c.node(4)["charged_uw"] >= charged,
                f"a message that is {what} changes nothing and is counted",
                f"{metric(c, name)} after {before}, {first}")
    s.close()
    c.make_key("stranger")
    name = 'headroom_controller_messages_refused_total{reason="unknown_key"}'
    before = metric(c, name)
    s = Speaker(c, "controller", f"tcp://127.0.0.1:{c.port}", f"{c.top}/controller.key.pub",
                f"{c.top}/stranger.key", "n4")
    answer = s.say("hello")
    counted = wait_until(lambda: (metric(c, name) or 0) > before, 3)
    t.check(answer == "silence" and counted is not None,
            "a key that is not authorised is not answered, and counted", f"{answer}, {before} to {metric(c, name)}")
    s.close()


def old_epoch(c, t):
    """An acknowledgement of a reign that has ended discharges nothing."""
    charged = c.node(4)["charged_uw"]
    c.kill("controller")
    c.start_controller()
    wait_until(lambda: c.api("GET", "/api/v1/status")[0] == 200, 5)
    s = Speaker(c, "controller", f"tcp://127.0.0.1:{c.port}", f"{c.top}/controller.key.pub",
                f"{c.top}/n4.key", "n4")
    s.say("hello")
    s.say("report 40 41000000 1")
    t.check(c.node(4)["charged_uw"] >= charged,
            "a report that only knows an old epoch discharges nothing",
            f"{c.node(4)['charged_uw']} of {charged}")
    s.close()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        skip("/dev/fuse may not be opened: load the fuse module and give this user access")
    top = tempfile.mkdtemp(prefix="headroom-guard-")
    c, t = Cluster(os.path.abspath(sys.argv[1]), top), Tap()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        c.configure()
        with open(f"{top}/authorized", "a", encoding="utf-8") as f:
            f.write(f"{c.make_key('n4')} * agent cluster # n4\n")
        rewrite(f"{top}/controller.yaml", f"n[1-{NODES}]", f"n[1-{NODES + 1}]")
        rewrite(f"{top}/controller.yaml", f"{BUDGET_UW // 1000000} W", "1300 W")
        group = subprocess.run(["id", "-gn"], capture_output=True, text=True, check=True)
        rewrite(f"{top}/n2.yaml", "  safe:", f"  group: {group.stdout.strip()}\n  safe:")
        c.start_hardware()
        c.start_controller()
        for i in range(1, NODES + 1):
            c.start_guard(i)
            c.start_agent(i)
        t.check(wait_until(lambda: joined(c), 10) is not None, "all nodes are admitted")
        sockets(c, t)
        limits(c, t)
        wrong(c, t)
        old_epoch(c, t)
        wait_until(lambda: c.limit_w(1) > 300, 10)
        commands(c, t)
        print(f"1..{t.n}")
    finally:
        c.close()
        shutil.rmtree(top, ignore_errors=True)
    sys.exit(t.failed != 0)


if __name__ == "__main__":
    main()
