/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "local/plan/project_plan.h"
#include "local/plan/project_plan_json.h"
#include "local/plan/proxy_config.h"
#include "local/plan/status_json.h"
#include "local/supervisor/job_state.h"

/* Whatever a plan says, each line of HAProxy's configuration is one that was meant. */
static void check_proxy(const struct proxy_plan *plan)
{
	const struct string_list none = STRING_LIST_INIT;
	const struct proxy_config config = {.plan = plan,
					    .listeners = {{3, -1}, {4, -1}},
					    .ports = {80, 443},
					    .first_target = 5,
					    .cert_files = &none};
	AUTO_FREE char *text = proxy_config_write(&config);
	for (const char *at = text; *at != '\0'; at++) {
		if (*at != '\n' && *at != '\t' && (*at < ' ' || *at >= 0x7f))
			abort();
	}
}

static void check_plan(const char *text, size_t size)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(project_plan_clear) struct project_plan again = {0};
	if (!project_plan_read("plan", text, size, &plan, NULL))
		return;
	check_proxy(&plan.proxy);
	AUTO_FREE char *written = project_plan_write(&plan, NULL);
	if (written == NULL || !project_plan_read("plan", written, strlen(written), &again, NULL))
		abort();
}

static void check_jobs(const char *text, size_t size)
{
	AUTO(job_states_clear) struct job_states jobs = {0};
	AUTO(job_states_clear) struct job_states again = {0};
	if (!job_states_read("jobs", text, size, &jobs, NULL))
		return;
	AUTO_FREE char *written = job_states_write(&jobs);
	if (!job_states_read("jobs", written, strlen(written), &again, NULL))
		abort();
}

static void check_status(const char *text, size_t size)
{
	AUTO(project_status_clear) struct project_status status = {0};
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(text, size, "status", 0, NULL);
	if (document == NULL)
		return;
	project_status_read(json_document_root(document), &status);
	if (!json_document_check(document, NULL))
		return;
	free(project_status_to_json(&status, false));
}

/* The first byte says which reader gets the rest. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size == 0)
		return 0;
	if (bytes[0] == 'p')
		check_plan((const char *)bytes + 1, size - 1);
	else if (bytes[0] == 'j')
		check_jobs((const char *)bytes + 1, size - 1);
	else
		check_status((const char *)bytes + 1, size - 1);
	return 0;
}
