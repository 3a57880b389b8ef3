/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/cron_job.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/app.h"
#include "manifest/cron_schedule.h"
#include "manifest/read_value.h"
#include "manifest/yaml_node.h"
#include "manifest/yaml_writer.h"

#define SCHEDULE_HINT "schedule: \"0 3 * * *\", each day at 3; \"*/5 * * * *\", each 5 minutes"

enum { ZONE_PART_MAX = 14 };

/* --- what its fields say -------------------------------------------------------------------- */

static void warn_never(struct loader *loader, const struct yaml_node *node,
		       const struct cron_schedule *schedule)
{
	struct time_zone *utc = time_zone_parse_rule("UTC0");

	if (cron_schedule_next(schedule, utc, (int64_t)time(NULL)) == CRON_NEVER)
		loader_warn(loader, node, "schedule: '%.80s' never comes", node->text);
	time_zone_free(utc);
}

void read_cron_schedule(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct cron_spec *cron = target;
	struct cron_schedule schedule;
	const char *why = NULL;
	const char *where = NULL;

	read_text(loader, node, &cron->schedule);
	if (cron->schedule == NULL || cron->schedule[0] == '\0')
		return;
	if (strstr(cron->schedule, "TZ") != NULL)
		loader_error(loader, node, "timeZone: Europe/Berlin, beside it",
			     "schedule: a time zone does not stand in it");
	else if (!cron_schedule_parse(cron->schedule, &schedule, &why, &where))
		loader_error(loader, node, why, "schedule: '%.80s' is none, at '%.*s'",
			     cron->schedule, (int)strcspn(where, " "), where);
	else
		warn_never(loader, node, &schedule);
}

/* What the API server asks of each part of the name before it looks for the zone. */
static bool is_zone_name(const char *name)
{
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;

	string_list_split(&parts, name, '/');
	for (size_t i = 0; i < parts.count; i++) {
		const char *part = parts.items[i];
		size_t size = strspn(part, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					   "0123456789.-_+");
		if (size == 0 || size > ZONE_PART_MAX || part[size] != '\0' || part[0] == '-' ||
		    strcmp(part, ".") == 0 || strcmp(part, "..") == 0)
			return false;
	}
	return true;
}

static void read_time_zone(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct cron_spec *cron = target;
	AUTO(error_clear) struct error problem = ERROR_INIT;

	read_text(loader, node, &cron->time_zone);
	if (cron->time_zone == NULL)
		return;
	if (!is_zone_name(cron->time_zone) || strcasecmp(cron->time_zone, "Local") == 0) {
		loader_error(loader, node, "timeZone: Europe/Berlin",
			     "timeZone: '%.80s' is not a name of a time zone", cron->time_zone);
		return;
	}
	struct time_zone *zone = time_zone_load(cron->time_zone, &problem);
	if (zone == NULL)
		loader_error(loader, node, problem.hint, "timeZone: %s", problem.message);
	time_zone_free(zone);
}

static void read_deadline(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct cron_spec *cron = target;
	cron->has_deadline = true;
	read_u64(loader, node, &cron->deadline_s);
}

static void read_concurrency(struct loader *loader, const struct yaml_node *node, void *target)
{
	unsigned policy = 0;
	read_choice(loader, node, &policy);
	((struct cron_spec *)target)->concurrency = (enum cron_concurrency)policy;
}

#define AT(member) offsetof(struct cron_spec, member)
static const struct field rule_list[] = {
	{"concurrencyPolicy", FIELD_USED, read_concurrency, 0, NULL,
	 "while an earlier run is not over: Allow one more, Forbid it, or Replace the earlier one",
	 .choices = "Allow|Forbid|Replace"},
	{"failedJobsHistoryLimit", FIELD_USED, read_u32, AT(failed_kept), NULL,
	 "runs that have failed and are kept; default 1"},
	{"startingDeadlineSeconds", FIELD_USED, read_deadline, 0, NULL,
	 "a run that is later than that does not come; without it the last one that was missed "
	 "does, however late",
	 .takes = "number"},
	{"successfulJobsHistoryLimit", FIELD_USED, read_u32, AT(successful_kept), NULL,
	 "runs that are complete and are kept; default 3"},
	{"suspend", FIELD_USED, read_bool, AT(is_suspended), NULL,
	 "true: none is started; those that run go on"},
	{"timeZone", FIELD_USED, read_time_zone, 0, NULL, "Europe/Berlin; default: this machine's",
	 .takes = "text"}};
#undef AT
const struct field_set cron_rule_fields = {"CronJob spec", rule_list, ARRAY_SIZE(rule_list)};

const char cron_schedule_help[] =
	"minute, hour, day of the month, month, day of the week: \"0 3 * * mon-fri\"; or @hourly, "
	"@daily, @every 90m";

static const struct field short_schedule_list[] = {
	{"at", FIELD_USED, read_cron_schedule, 0, NULL, cron_schedule_help, .takes = "text"}};
const struct field_set short_schedule_fields = {"schedule", short_schedule_list,
						ARRAY_SIZE(short_schedule_list), &cron_rule_fields};

void read_short_schedule(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct cron_spec *cron = &((struct pod_spec *)target)->cron;

	cron->successful_kept = CRON_SUCCESSFUL_KEPT;
	cron->failed_kept = CRON_FAILED_KEPT;
	if (node->kind == YAML_MAP) {
		loader_read_map(loader, node, &short_schedule_fields, cron);
		(void)loader_wants_text(loader, node, "at", "at: \"0 3 * * *\"");
	} else {
		read_cron_schedule(loader, node, cron);
	}
	if (cron->schedule == NULL)
		cron->schedule = xstrdup("");
}

/* --- what goes together --------------------------------------------------------------------- */

static void check_template(struct loader *loader, const struct yaml_node *spec)
{
	const struct yaml_node *selector = yaml_get(spec, "selector");
	const struct yaml_node *manual = yaml_get(spec, "manualSelector");

	if (!yaml_is_null(selector))
		loader_error(loader, selector, "leave it out",
			     "selector: that of a CronJob's Jobs is made");
	if (yaml_is_text(manual, "true"))
		loader_error(loader, manual, "leave it out",
			     "manualSelector: the selector of a CronJob's Jobs is made");
}

void cron_job_check_name(struct loader *loader, const struct yaml_node *node, const char *name)
{
	if (strlen(name) > CRON_NAME_MAX)
		loader_error(loader, node, "a shorter name",
			     "name: '%.80s' is longer than %d letters, and its runs have 11 more",
			     name, CRON_NAME_MAX);
}

void cron_job_complete(struct loader *loader, const struct yaml_node *root, struct pod_spec *pod)
{
	const struct yaml_node *spec = yaml_get(root, "spec");

	cron_job_check_name(loader, yaml_get(yaml_get(root, "metadata"), "name"), pod->name);
	if (pod->cron.schedule == NULL)
		pod->cron.schedule = xstrdup("");
	if (spec == NULL || spec->kind != YAML_MAP)
		return;
	(void)loader_wants_text(loader, spec, "schedule", SCHEDULE_HINT);
	check_template(loader, yaml_get(yaml_get(spec, "jobTemplate"), "spec"));
}

/* --- written again -------------------------------------------------------------------------- */

void write_cron_rules(struct yaml_writer *writer, const struct cron_spec *cron)
{
	yaml_write_text(writer, "timeZone", cron->time_zone);
	if (cron->has_deadline)
		yaml_write_number(writer, "startingDeadlineSeconds", cron->deadline_s);
	if (cron->concurrency != CRON_ALLOW)
		yaml_write_text(writer, "concurrencyPolicy",
				cron_concurrency_words[cron->concurrency]);
	if (cron->is_suspended)
		yaml_write_bool(writer, "suspend", true);
	if (cron->successful_kept != CRON_SUCCESSFUL_KEPT)
		yaml_write_number(writer, "successfulJobsHistoryLimit", cron->successful_kept);
	if (cron->failed_kept != CRON_FAILED_KEPT)
		yaml_write_number(writer, "failedJobsHistoryLimit", cron->failed_kept);
}
