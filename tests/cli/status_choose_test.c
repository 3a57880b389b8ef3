/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/status_choose.h"

static void add_instance(struct project_status *status, const char *pod, const char *name)
{
	struct instance_status *instance = ARRAY_APPEND(status->instances, status->instance_count);

	*instance = (struct instance_status){.pod = xstrdup(pod), .name = xstrdup(name)};
}

static void make(struct project_status *status)
{
	static const char *const pods[] = {"web", "db"};

	for (size_t i = 0; i < ARRAY_SIZE(pods); i++) {
		struct pod_status *pod = ARRAY_APPEND(status->pods, status->pod_count);
		*pod = (struct pod_status){.name = xstrdup(pods[i])};
		struct port_status *port = ARRAY_APPEND(status->ports, status->port_count);
		*port = (struct port_status){.service = xstrdup(pods[i])};
	}
	add_instance(status, "web", "web-0");
	add_instance(status, "web", "web-1");
	add_instance(status, "db", "db-0");
}

static void chooses(const char *words, const char *wanted)
{
	AUTO(project_status_clear) struct project_status status = {0};
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list shown = STRING_LIST_INIT;

	make(&status);
	if (words[0] != '\0')
		string_list_split(&names, words, ' ');
	status_choose(&status, &names);
	for (size_t i = 0; i < status.pod_count; i++)
		string_list_add(&shown, status.pods[i].name);
	for (size_t i = 0; i < status.instance_count; i++)
		string_list_add(&shown, status.instances[i].name);
	for (size_t i = 0; i < status.port_count; i++)
		string_list_addf(&shown, ":%s", status.ports[i].service);
	AUTO_FREE char *got = string_list_join(&shown, " ");
	assert_string_equal(got, wanted);
}

static void what_is_not_named_is_left_out(void **state)
{
	(void)state;
	chooses("", "web db web-0 web-1 db-0 :web :db");
	chooses("web", "web web-0 web-1 :web");
	chooses("web-1", "web web-1 :web");
	chooses("db web-0", "web db web-0 db-0 :web :db");
	chooses("other", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_named_is_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
