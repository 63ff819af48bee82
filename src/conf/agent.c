/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of section "agent:" and the checks between them.
 *
 * Not the agent: nothing here is done, only said. Invariant: every member of the struct has its
 * row, and the default of every row passes the row's own range.
 */
#include "conf/agent.h"

#include <errno.h>
#include <string.h>

#include "base/units.h"
#include "model/report.h"
#include "model/zone.h"

const struct hr_conf_choice hr_conf_agent_drivers[] = {
    {"auto", HR_CONF_DRIVER_AUTO, "the first driver that finds devices"},
    {"powercap", HR_CONF_DRIVER_POWERCAP, "Linux powercap (RAPL)"},
    {"null", HR_CONF_DRIVER_NULL, "no device"},
    {"replay", HR_CONF_DRIVER_REPLAY, "a recorded trace"},
    {NULL, 0, NULL},
};

static const struct hr_conf_key zone_keys[] = {
    HR_CONF_KEY(struct hr_conf_word, "", STRING, text, .min = 1, .max = HR_NAME_BYTES - 1,
		.help = "A zone id; * and ? stand for any characters."),
};

const struct hr_conf_table hr_conf_agent_zone_table = {
    .name = "zone",
    .help = "Patterns of zone ids.",
    .bytes = sizeof(struct hr_conf_word),
    .key = zone_keys,
    .n_keys = HR_ARRAY_LEN(zone_keys),
};

#define KEY(name, kind, member, ...) \
	HR_CONF_KEY(struct hr_conf_agent, name, kind, member, __VA_ARGS__)

static const struct hr_conf_key agent_keys[] = {
    KEY("name", NAME, name,
	.help = "Name of the node for people, in tables and metrics. Empty: the host's name.",
	.example = "node07"),
    KEY("node", UUID, node,
	.help = "Identity that the guard must have, or this agent does not speak for it. Empty: "
		"whatever identity the guard keeps in its state directory.",
	.example = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"),
    KEY("controller", ENDPOINT, controller, .unset = "127.0.0.1:7710",
	.max = HR_CONF_PORT_CONTROLLER,
	.help = "Where the controller listens for agents, with or without tcp:// before it.",
	.example = "tcp://power.example.org:7710"),
    KEY("server_key", STRING, server_key, .unset = "/etc/headroom/controller.pub",
	.max = HR_CONF_STRING_BYTES - 1,
	.help = "Public key of the controller: the path of a file that holds it, or its 40 "
		"characters themselves, in quotes."),
    KEY("key_file", PATH, key_file, .unset = "/etc/headroom/agent.key",
	.max = HR_CONF_STRING_BYTES - 1,
	.help = "Secret key of this node, as 'headroom keys generate' writes it."),
    KEY("rate_hz", INTEGER, rate_hz, .unset = "10", .unit = "Hz", .min = 1, .max = 100,
	.help = "How often all zones are read and the node's cap is divided among them."),
    KEY("guard_socket", PATH, guard_socket, .unset = "/run/headroom/guard.sock", .required = true,
	.max = HR_CONF_STRING_BYTES - 1, .help = "Socket of the guard, which holds the hardware."),
    KEY("driver", CHOICE, driver, .unset = "auto", .choice = hr_conf_agent_drivers,
	.help = "How power is read."),
    KEY("driver_option", STRING, driver_option, .max = HR_CONF_STRING_BYTES - 1,
	.help = "For the driver: of replay, the file of the trace."),
    KEY("root", PATH, root, .unset = "/", .required = true, .max = HR_CONF_STRING_BYTES - 1,
	.help = "Directory under which the driver finds the kernel's files; another one than / "
		"for virtual hardware."),
    KEY("rest", POWER, rest_uw, .unset = "40 W", .max = HR_NODE_POWER_MAX_UW,
	.help = "The most that the node draws at the wall beside its metered devices: fans, "
		"disks, board. The same as the guard's."),
    KEY("supply_efficiency", PERMILLE, efficiency_permille, .unset = "0.9", .min = 500, .max = 1000,
	.help = "Least efficiency of the power supply: the devices' power is divided by it to "
		"give power at the wall. The same as the guard's."),
    HR_CONF_KEY_LIST(struct hr_conf_agent, "zones", zones, &hr_conf_agent_zone_table,
		     .max = HR_ZONES_MAX,
		     .help = "Zones that this agent uses, by their ids; * and ? stand for any "
			     "characters. None: all zones. For several agents on one host.",
		     .example = "[\"intel-rapl:0*\"]"),
};

static int agent_validate(const void *conf, struct hr_err *reterr)
{
	const struct hr_conf_agent *a = conf;
	char where[HR_CONF_STRING_BYTES + 32];

	if (a->server_key[0] != '\0' && a->server_key[0] != '/' && strlen(a->server_key) != 40)
		return hr_err_set(
		    reterr, -EINVAL,
		    "%s: key 'agent.server_key': found '%.60s', expected the absolute "
		    "path of a file or the 40 characters of a public key",
		    hr_conf_where(&hr_conf_agent_table, a, "server_key", 0, where, sizeof(where)),
		    a->server_key);
	if (a->driver == HR_CONF_DRIVER_REPLAY && a->driver_option[0] == '\0')
		return hr_err_set(
		    reterr, -EINVAL,
		    "%s: key 'agent.driver': found 'replay' without a trace, expected "
		    "its file in 'agent.driver_option'",
		    hr_conf_where(&hr_conf_agent_table, a, "driver", 0, where, sizeof(where)));
	return 0;
}

const struct hr_conf_table hr_conf_agent_table = {
    .name = "agent",
    .help = "The agent of a node: it measures, reports to the controller and divides the "
	    "node's cap among its devices.",
    .bytes = sizeof(struct hr_conf_agent),
    .key = agent_keys,
    .n_keys = HR_ARRAY_LEN(agent_keys),
    .validate = agent_validate,
};

const char *hr_conf_agent_driver_name(enum hr_conf_driver d)
{
	for (const struct hr_conf_choice *c = hr_conf_agent_drivers; c->name != NULL; c++)
		if (c->value == (int)d)
			return c->name;
	return "unknown";
}
