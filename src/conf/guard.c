/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of section "guard:" and the checks between them.
 *
 * Not the guard: nothing here is done, only said. Invariant: every member of the struct has its
 * row, and the default of every row passes the row's own range.
 */
#include "conf/guard.h"

#include <errno.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/units.h"
#include "model/report.h"
#include "model/zone.h"

static const struct hr_conf_key client_keys[] = {
    HR_CONF_KEY(struct hr_conf_word, "", STRING, text, .min = 1, .max = HR_NAME_BYTES - 1,
		.help = "A user by name or number."),
};

static const struct hr_conf_table client_table = {
    .name = "client",
    .help = "Users.",
    .bytes = sizeof(struct hr_conf_word),
    .key = client_keys,
    .n_keys = HR_ARRAY_LEN(client_keys),
};

#define KEY(name, kind, member, ...) \
	HR_CONF_KEY(struct hr_conf_guard, name, kind, member, __VA_ARGS__)

static const struct hr_conf_key guard_keys[] = {
    KEY("name", NAME, name, .help = "Name of the node for people. Empty: the host's name."),
    KEY("socket", PATH, socket, .unset = "/run/headroom/guard.sock", .required = true,
	.max = HR_CONF_STRING_BYTES - 1,
	.help = "Socket on which the agent and other clients are served."),
    KEY("run_dir", PATH, run_dir, .unset = "/run/headroom", .required = true,
	.max = HR_CONF_STRING_BYTES - 1,
	.help = "Directory for what holds until the next boot: marks, claims to zones."),
    KEY("state_dir", PATH, state_dir, .unset = "/var/lib/headroom", .required = true,
	.max = HR_CONF_STRING_BYTES - 1,
	.help = "Directory for what must outlive a boot: identity, start counter, original "
		"limits."),
    KEY("driver", CHOICE, driver, .unset = "auto", .choice = hr_conf_agent_drivers,
	.help = "How limits are written."),
    KEY("driver_option", STRING, driver_option, .max = HR_CONF_STRING_BYTES - 1,
	.help = "For the driver: of replay, the file of the trace."),
    KEY("root", PATH, root, .unset = "/", .required = true, .max = HR_CONF_STRING_BYTES - 1,
	.help = "Directory under which the driver finds the kernel's files; another one than / "
		"for virtual hardware."),
    HR_CONF_KEY_LIST(struct hr_conf_guard, "zones", zones, &hr_conf_agent_zone_table,
		     .max = HR_ZONES_MAX,
		     .help = "Zones that this guard holds, by their ids; * and ? stand for any "
			     "characters. None: all zones.",
		     .example = "[\"intel-rapl:0*\"]"),
    KEY("safe", POWER, safe_uw, .unset = "0 W", .max = HR_NODE_POWER_MAX_UW,
	.help = "Safe cap: the most that the node may run at, at the wall, when nobody tells "
		"it otherwise. Less than the floor, such as 0 W: the floor.",
	.example = "180 W"),
    KEY("floor", POWER, floor_uw, .unset = "0 W", .max = HR_NODE_POWER_MAX_UW,
	.help = "Least cap of the node. 0 W: as the hardware allows; it can only be raised "
		"above that."),
    KEY("ceiling", POWER, ceiling_uw, .unset = "0 W", .max = HR_NODE_POWER_MAX_UW,
	.help = "Most cap of the node. 0 W: as the hardware allows; it can only be lowered "
		"below that."),
    KEY("boot", POWER, boot_uw, .unset = "0 W", .max = HR_NODE_POWER_MAX_UW,
	.help = "The most that the node can draw from power on until the guard runs. 0 W: "
		"the sum of the original limits through the supply, plus the rest."),
    KEY("rest", POWER, rest_uw, .unset = "40 W", .max = HR_NODE_POWER_MAX_UW,
	.help = "The most that the node draws at the wall beside its capped devices: fans, "
		"disks, board."),
    KEY("supply_efficiency", PERMILLE, efficiency_permille, .unset = "0.9", .min = 500, .max = 1000,
	.help = "Least efficiency of the power supply: the devices' power is divided by it to "
		"give power at the wall."),
    KEY("tick", SPAN, tick_ns, .unset = "100 ms", .min = 10 * HR_NS_PER_MS, .max = HR_NS_PER_S,
	.help = "The most that a lease can end late; how often what is under way or has failed "
		"is looked at. The controller's 'tick' must be at least this."),
    KEY("verify", SPAN, verify_ns, .unset = "1 s", .min = 100 * HR_NS_PER_MS,
	.max = 60 * HR_NS_PER_S,
	.help = "How often every limit is read back, to see what another program wrote."),
    KEY("settle_extra", SPAN, settle_extra_ns, .unset = "0 ms", .max = 60 * HR_NS_PER_S,
	.help = "Added to the settling time that the driver states."),
    HR_CONF_KEY_LIST(struct hr_conf_guard, "allow_clients", allow_clients, &client_table, .max = 64,
		     .help = "Users, by name or number, that may ask for limits beside the agent. "
			     "The guard's own user and root always may.",
		     .example = "[freqtuner]"),
    KEY("group", STRING, group, .max = HR_NAME_BYTES - 1,
	.help = "Group whose members may connect to the socket. Empty: the guard's own user "
		"alone.",
	.example = "headroom"),
};

static int guard_validate(const void *conf, struct hr_err *reterr)
{
	const struct hr_conf_guard *g = conf;
	const struct hr_conf_table *t = &hr_conf_guard_table;
	char where[HR_CONF_STRING_BYTES + 32];
	char a[HR_UNITS_TEXT_BYTES];
	char b[HR_UNITS_TEXT_BYTES];

	if (g->ceiling_uw != 0 && g->floor_uw > g->ceiling_uw)
		return hr_err_set(
		    reterr, -EINVAL,
		    "%s: key 'guard.floor': found %s, expected at most the ceiling %s",
		    hr_conf_where(t, g, "floor", 0, where, sizeof(where)),
		    hr_power_format(g->floor_uw, a), hr_power_format(g->ceiling_uw, b));
	if (g->ceiling_uw != 0 && g->safe_uw > g->ceiling_uw)
		return hr_err_set(reterr, -EINVAL,
				  "%s: key 'guard.safe': found %s, expected at most the ceiling %s",
				  hr_conf_where(t, g, "safe", 0, where, sizeof(where)),
				  hr_power_format(g->safe_uw, a),
				  hr_power_format(g->ceiling_uw, b));
	if (g->ceiling_uw != 0 && g->ceiling_uw <= g->rest_uw)
		return hr_err_set(
		    reterr, -EINVAL,
		    "%s: key 'guard.ceiling': found %s, expected more than the rest %s, "
		    "which cannot be capped",
		    hr_conf_where(t, g, "ceiling", 0, where, sizeof(where)),
		    hr_power_format(g->ceiling_uw, a), hr_power_format(g->rest_uw, b));
	if (g->verify_ns < g->tick_ns)
		return hr_err_set(reterr, -EINVAL,
				  "%s: key 'guard.verify': found %s, expected at least the tick %s",
				  hr_conf_where(t, g, "verify", 0, where, sizeof(where)),
				  hr_span_format(g->verify_ns, a), hr_span_format(g->tick_ns, b));
	if (g->driver == HR_CONF_DRIVER_REPLAY && g->driver_option[0] == '\0')
		return hr_err_set(
		    reterr, -EINVAL,
		    "%s: key 'guard.driver': found 'replay' without a trace, expected "
		    "its file in 'guard.driver_option'",
		    hr_conf_where(t, g, "driver", 0, where, sizeof(where)));
	return 0;
}

const struct hr_conf_table hr_conf_guard_table = {
    .name = "guard",
    .help = "The guard of a node: it alone writes limits to the hardware, and lowers them "
	    "when no fresh grant comes.",
    .bytes = sizeof(struct hr_conf_guard),
    .key = guard_keys,
    .n_keys = HR_ARRAY_LEN(guard_keys),
    .validate = guard_validate,
};

int hr_conf_guard_agrees(const struct hr_conf_guard *g, const struct hr_conf_agent *a,
			 struct hr_err *reterr)
{
	char where[HR_CONF_STRING_BYTES + 32];
	char at[HR_UNITS_TEXT_BYTES];
	char gt[HR_UNITS_TEXT_BYTES];

	if (a->rest_uw != g->rest_uw)
		return hr_err_set(
		    reterr, -EINVAL, "%s: key 'agent.rest': found %s, expected the guard's %s",
		    hr_conf_where(&hr_conf_agent_table, a, "rest", 0, where, sizeof(where)),
		    hr_power_format(a->rest_uw, at), hr_power_format(g->rest_uw, gt));
	if (a->efficiency_permille != g->efficiency_permille)
		return hr_err_set(reterr, -EINVAL,
				  "%s: key 'agent.supply_efficiency': found 0.%03" PRId64
				  ", expected the guard's 0.%03" PRId64,
				  hr_conf_where(&hr_conf_agent_table, a, "supply_efficiency", 0,
						where, sizeof(where)),
				  a->efficiency_permille, g->efficiency_permille);
	return 0;
}
