/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Budgets: from the configuration, from operators, from the elector after a restart. Invariant: a
 * budget is in force only after it is durable, under a version greater than any before.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/units.h"
#include "role/controller_internal.h"

static void in_force(struct hr_controller_shell *s, int domain, const struct hr_budget *b)
{
	struct hr_controller_event ev = {
	    .kind = HR_CONTROLLER_BUDGET,
	    .domain = domain,
	    .budget = b,
	};

	hr_controller_shell_feed(s, &ev);
}

static int find_domain(struct hr_controller_shell *s, struct hr_budget *b, struct hr_err *reterr)
{
	if (b->domain[0] == '\0')
		snprintf(b->domain, sizeof(b->domain), HR_CONF_ROOT_DOMAIN);
	int d = hr_tree_domain_find(&s->tree, b->domain);

	if (d < 0)
		return hr_err_set(reterr, -ENOENT, "there is no domain '%s'", b->domain);
	return d;
}

static int64_t limit_before(const struct hr_controller_shell *s, int domain)
{
	return s->tree.domain[domain].limit_uw;
}

static int store(struct hr_controller_shell *s, int domain, struct hr_budget *b, uint32_t conf_crc,
		 const char *who, bool emergency, struct hr_err *reterr)
{
	char before[HR_UNITS_TEXT_BYTES] = "none", after[HR_UNITS_TEXT_BYTES + 48],
	     limit[HR_UNITS_TEXT_BYTES];
	int64_t before_uw = limit_before(s, domain);

	if (before_uw != HR_TREE_NO_LIMIT)
		hr_power_format(before_uw, before);
	hr_power_format(b->limit_uw, limit);
	int rc = s->env.elector->ops->budget(s->env.elector, b, conf_crc, reterr);

	if (rc < 0)
		return rc;
	snprintf(after, sizeof(after), "%s%s, version %" PRIu64, limit,
		 emergency ? " (emergency)" : "", b->version);
	in_force(s, domain, b);
	hr_controller_shell_audit(s, who, "budget", b->domain, before, after, "done");
	hr_log(HR_LOG_NOTICE,
	       "msg=\"budget set\" domain=%s before=\"%s\" after=\"%s\" version=%" PRIu64
	       " emergency=%d by=%s",
	       b->domain, before, limit, b->version, emergency, who);
	return 0;
}

int hr_controller_budget_put(struct hr_controller_shell *s, struct hr_budget *b, bool emergency,
			     const char *who, struct hr_err *reterr)
{
	int rc = hr_budget_validate(b, reterr);
	int domain = rc == 0 ? find_domain(s, b, reterr) : rc;

	if (domain < 0)
		return domain;
	struct hr_err why;

	rc = hr_controller_budget_check(&s->core, domain, b, &why);
	if (rc < 0 && !emergency) {
		char limit[HR_UNITS_TEXT_BYTES];

		hr_controller_shell_audit(s, who, "budget", b->domain, "",
					  hr_power_format(b->limit_uw, limit), why.text);
		return hr_err_set(reterr, rc, "%s", why.text);
	}
	if (rc < 0)
		hr_log(HR_LOG_ERROR, "msg=\"EMERGENCY budget below what nodes keep: %s\" by=%s",
		       why.text, who);
	return store(s, domain, b, s->env.elector->conf_crc, who, emergency, reterr);
}

/* A number for what the configuration says; by field, because padding has no value. */
static uint32_t budget_crc(const struct hr_budget *b)
{
	int64_t v[1 + 3 * HR_BUDGET_WINDOWS_MAX + 2 * HR_BUDGET_STEPS_MAX];
	size_t n = 0;

	v[n++] = b->limit_uw;
	for (unsigned i = 0; i < b->n_windows; i++) {
		v[n++] = b->window[i].from_s;
		v[n++] = b->window[i].to_s;
		v[n++] = b->window[i].limit_uw;
	}
	for (unsigned i = 0; i < b->n_steps; i++) {
		v[n++] = b->step[i].at_ns;
		v[n++] = b->step[i].limit_uw;
	}
	return hr_file_crc32(v, n * sizeof(v[0]));
}

int hr_controller_budget_from_conf(struct hr_controller_shell *s, struct hr_err *reterr)
{
	struct hr_budget b;

	if (s->env.conf->budget_uw == 0)
		return 0;
	memset(&b, 0, sizeof(b));
	hr_conf_controller_budget(s->env.conf, &b);
	b.version = 0;
	int domain = find_domain(s, &b, reterr);
	uint32_t crc = budget_crc(&b);

	if (domain < 0)
		return domain;
	/* What an operator set since holds on, until the configuration is changed again. */
	if (crc == s->env.elector->conf_crc && hr_elector_find(s->env.elector, b.domain) != NULL)
		return 0;
	int rc = hr_controller_budget_check(&s->core, domain, &b, reterr);

	if (rc < 0)
		return rc;
	return store(s, domain, &b, crc, "configuration", false, reterr);
}

int hr_controller_budget_open(struct hr_controller_shell *s, struct hr_err *reterr)
{
	int rc = hr_controller_budget_from_conf(s, reterr);

	for (unsigned i = 0; rc == 0 && i < s->env.elector->n_budgets; i++) {
		const struct hr_budget *b = &s->env.elector->budget[i];
		int domain = hr_tree_domain_find(&s->tree, b->domain);

		if (domain >= 0)
			in_force(s, domain, b);
		else
			hr_log(HR_LOG_WARNING,
			       "msg=\"a budget is stored for a domain that is not "
			       "configured\" domain=%s",
			       b->domain);
	}
	if (rc == 0 && s->env.elector->n_budgets == 0)
		hr_log(HR_LOG_WARNING, "msg=\"no budget is set: nothing is granted\"");
	return rc;
}
