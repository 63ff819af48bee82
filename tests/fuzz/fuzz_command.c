/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any lines for the control file, and with '>' before them any texts for the files of the tree:
 * whatever comes, the judge's sums are those of the registers and the physics keeps its bounds.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "vhw/command.h"
#include "vhw/rack_internal.h"

#define NODES 2
#define STEP_NS (37 * HR_NS_PER_MS)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses node, zone and file. */
static void write_file(struct hr_rack *r, const char *text, size_t n, int64_t now_ns)
{
	unsigned pick = n > 0 ? (unsigned char)text[0] : 0;
	struct hr_files_ref zone = {
	    .kind = HR_FILES_ZONE, .node = pick % NODES, .zone = (uint8_t)(pick / 2 % 4)};
	struct hr_files_ref file;
	char name[HR_FILES_NAME_BYTES], shown[HR_FILES_TEXT_BYTES];

	if (n == 0 || !hr_files_child(zone, pick / 8 % 13, NODES, 2, &file, name) ||
	    file.kind != HR_FILES_ZONE_ATTR)
		return;
	int rc = hr_rack_write(r, file, now_ns, text + 1, n - 1);
	HR_CHECK(rc <= 0);
	rc = hr_rack_read(r, file, now_ns, shown);
	HR_CHECK(rc < HR_FILES_TEXT_BYTES);
}

static void check(const struct hr_rack *r)
{
	int64_t sum = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct hr_plant *p = &r->plant[i];

		HR_CHECK(r->node[i].limit_uw == hr_plant_limit_wall_uw(p));
		sum += r->node[i].limit_uw;
		for (int k = 0; k < p->conf.n_packages; k++) {
			const struct hr_package *g = &p->package[k];

			HR_CHECK(g->draw_uw >= g->conf.static_uw && g->draw_uw <= g->conf.peak_uw);
			HR_CHECK(g->work <= g->busy_ms * HR_CURVE_ONE);
		}
	}
	HR_CHECK(sum == r->recorder.sum_uw);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct hr_rack_conf conf = {.n_nodes = NODES, .plant = hr_plant_conf_default()};
	struct hr_rack *r = hr_rack_new(&conf, 0, NULL);
	char line[HR_COMMAND_BYTES_MAX], *stats;
	size_t bytes;
	int64_t now_ns = 0;

	for (size_t at = 0; r && at < size;) {
		const uint8_t *nl = memchr(data + at, '\n', size - at);
		size_t n = nl ? (size_t)(nl - (data + at)) : size - at;

		if (n >= sizeof(line))
			break;
		memcpy(line, data + at, n);
		line[n] = '\0';
		now_ns += STEP_NS;
		if (line[0] == '>') {
			write_file(r, line + 1, n - 1, now_ns);
		} else {
			struct hr_err err = {0};

			if (hr_command_run(r, line, now_ns, &err) < 0)
				HR_CHECK(err.text[0] != '\0');
		}
		check(r);
		at += n + 1;
	}
	if (r && hr_rack_stats(r, now_ns + STEP_NS, &stats, &bytes) == 0)
		free(stats);
	hr_rack_free(r);
	return 0;
}
