#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks one rule on purpose: copies a source file with one planted bug.

    plant.py NAME ROOT OUT   writes the broken copy of the plant's file to OUT
    plant.py --list          prints "name file" for every plant

Each plant is the counter-example behind a rule of docs/safety.md. The text that it replaces must
occur exactly once, so that a plant whose place has changed fails the build instead of testing
nothing.
"""
import sys

# name: (file, what stands there, what the bug makes of it)
PLANTS = {
    # Rule 3: the increase goes out while the decrease that pays for it is only under way.
    "give_before_ack": (
        "src/power/ledger.c",
        "charge_uw = hr_max_i64(charge_uw, cap_uw);",
        "charge_uw = cap_uw;"),
    # Rule 6: the lease counts from the arrival of the grant, not from the report it answers.
    "anchored_at_arrival": (
        "src/core/guard.c",
        "const struct hr_guard_anchor *a = &g->anchor[grant->echo_n % HR_GUARD_ANCHORS];\n"
        "\n"
        "\tif (grant->ttl_ns",
        "struct hr_guard_anchor *a =\n"
        "\t\t(struct hr_guard_anchor *)(uintptr_t)&g->anchor[grant->echo_n % HR_GUARD_ANCHORS];\n"
        "\n"
        "\ta->at = now;\n"
        "\tif (grant->ttl_ns"),
    # Rule 7: the end of a lease means the safe cap, also for a node that had less.
    "lease_end_raises": (
        "src/core/guard.c",
        "in_force_known(g) ? hr_min_i64(g->granted_uw, safe_set_uw(g))",
        "in_force_known(g) ? safe_set_uw(g)"),
    # Rule 5: the mark and the start counter do not survive a restart of the guard.
    "identity_lost": (
        "sim/world.c",
        "n->disk_counter++;\n",
        "n->disk_counter = 1;\n\tn->run_mark = (struct hr_guard_mark){0};\n\tn->disk_epoch = 0;\n"),
    # Rule 8: a silent node is charged its last grant, though it never acknowledged that.
    "silent_last_grant": (
        "src/power/ledger.c",
        "charge_uw = hr_max_i64(charge_uw, l->base_uw);",
        "if (l->n_open > 0 && !hr_ledger_reachable(l, 2000000000, now))\n"
        "\t\tcharge_uw = l->open[l->n_open - 1].cap_uw;\n"
        "\tcharge_uw = hr_max_i64(charge_uw, l->base_uw);"),
    # Rule 4: any report discharges all grants, also one that was made before they arrived.
    "late_report_discharges": (
        "src/power/ledger.c",
        "if (acknowledged || other_life || too_old)",
        "if (acknowledged || other_life || too_old || acked_seq == 0 || g->seq > 0)"),
    # Rule 4: the grant is sent first and its charge made durable afterwards.
    "durable_after_send": (
        "src/core/controller_grant.c",
        "\tn->holds = true;\n\tn->held = g;",
        "\tsend(c, node, &g, out);\n\tn->holds = false;\n\tn->held = g;"),
    # Rule 9: the reboot that cannot be excluded is counted from the newest contact.
    "reboot_from_contact": (
        "src/power/ledger.c",
        "\tl->heard_any = true;\n",
        "\tl->boot_from = hr_now_add(now, rules->min_reboot_ns);\n\tl->heard_any = true;\n"),
    # Rule 10: what a node that left may draw is charged for the length of a lease only.
    "leave_ends_by_time": (
        "src/power/ledger.c",
        ".leased = !g->leave,",
        ".leased = true,"),
    # Rule 11: the successor starts from nothing.
    "restart_forgets": (
        "sim/world_controller.c",
        "w->disk_has[i] ? &w->disk_row[i] : NULL, now,",
        "NULL, now,"),
    # Rule 13: a guard that was not run for longer than a lease goes on as if nothing had been.
    "lease_not_checked_after_pause": (
        "src/core/guard.c",
        "else if (g->leased && hr_now_past_either(now, g->lease_ends))",
        "else if (g->leased && hr_now_past_either(now, g->lease_ends) && now.raw_ns < 0)"),
    # Rules 3 and 16: watts move under the limit of the cluster, not under that of their rack.
    "rack_ignored": (
        "src/power/tree.c",
        "\thr_tree_sum room = (hr_tree_sum)INT64_MAX - l->charged_uw;\n\n"
        "\tfor (int d = l->domain; d >= 0; d = t->domain[d].parent) {",
        "\thr_tree_sum room = (hr_tree_sum)INT64_MAX - l->charged_uw;\n\n"
        "\tfor (int d = 0; d >= 0; d = t->domain[d].parent) {"),
    # Rule 12: an announced step down begins when it is there.
    "step_without_lead": (
        "src/core/controller_round.c",
        "\tint64_t early_ns = lead_ns(c);",
        "\tint64_t early_ns = lead_ns(c) * 0;"),
    # Rule 10: whoever reports is admitted.
    "join_without_room": (
        "src/core/controller.c",
        "\tbool fits = !hr_controller_over_above(c, n->leaf) &&\n"
        "\t\t    hr_tree_room(c->tree, n->leaf) >= need_uw;",
        "\tbool fits = need_uw >= 0;"),
    # Rule 14: a limit that another program wrote is taken for our own.
    "overwritten_unnoticed": (
        "src/core/guard.c",
        "\t\tif (other)\n\t\t\tfound_other(g, z);",
        "\t\tif (other && g->n == 0)\n\t\t\tfound_other(g, z);"),
    # Rules 5 and 11: a controller that was deposed, and runs on, is obeyed.
    "epoch_ignored": (
        "src/core/guard.c",
        "\tif (grant->mark.epoch < newest.epoch)\n"
        "\t\treturn HR_REASON_OLD_EPOCH;\n"
        "\tif (hr_mark_compare(grant->mark, newest) <= 0)",
        "\tif (grant->mark.seq <= newest.seq && grant->mark.epoch == newest.epoch)"),
    # Rule 13: another client's request is forgotten at the next grant.
    "client_forgotten": (
        "src/core/guard.c",
        "if (g->client[i].used && g->client[i].cap_uw < allowed_uw) {",
        "if (g->client[i].used && g->client[i].cap_uw < allowed_uw &&\n"
        "\t\t    why == HR_REASON_CLIENT_LIMIT) {"),
    # Rule 12: those who could be told of a cut are told with their next report.
    "cut_waits_for_reports": (
        "src/core/controller_round.c",
        "if (n->live && n->target_uw < n->last_uw)",
        "if (n->live && n->target_uw < n->last_uw && c->epoch == 0)"),
}


def main(argv):
    if argv[1:] == ["--list"]:
        for name, (path, _, _) in sorted(PLANTS.items()):
            print(name, path)
        return 0
    if len(argv) != 4 or argv[1] not in PLANTS:
        print(__doc__, file=sys.stderr)
        return 2
    name, root, out = argv[1:]
    path, old, new = PLANTS[name]
    with open(f"{root}/{path}", encoding="utf-8") as f:
        text = f.read()
    if text.count(old) != 1:
        print(f"plant.py: {name}: {path} has {text.count(old)} places that read {old!r}, wants 1",
              file=sys.stderr)
        return 1
    with open(out, "w", encoding="utf-8") as f:
        f.write(text.replace(old, new))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
