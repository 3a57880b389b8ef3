/* SPDX-License-Identifier: Apache-2.0 */
/*
 * healthcheck
 * (https://github.com/compose-spec/compose-spec/blob/main/05-services.md#healthcheck): what a service
 * calls healthy is what a pod calls ready. Docker restarts nothing for it, and neither does i2kit.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/compose/service_parts.h"
#include "manifest/compose/units.h"
#include "manifest/read_value.h"

static void read_test(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct probe *probe = target;
	struct string_list *command = &probe->check.command;
	(void)loader;

	if (node->kind == YAML_SCALAR && node->text[0] != '\0') {
		probe->check.type = CHECK_EXEC;
		string_list_add(command, "/bin/sh");
		string_list_add(command, "-c");
		string_list_add(command, node->text);
		return;
	}
	bool is_shell = node->item_count > 1 && yaml_is_text(node->items[0], "CMD-SHELL");
	bool is_words = node->item_count > 1 && yaml_is_text(node->items[0], "CMD");
	if (!is_shell && !is_words)
		return; /* NONE */
	probe->check.type = CHECK_EXEC;
	if (is_shell) {
		string_list_add(command, "/bin/sh");
		string_list_add(command, "-c");
	}
	for (size_t i = 1; i < node->item_count; i++)
		string_list_add(command, node->items[i]->text);
}

static void read_seconds(struct loader *loader, const struct yaml_node *node, void *target)
{
	uint64_t ms = 0;
	if (!compose_duration_ms(node->text, &ms) || ms / 1000 > UINT32_MAX / 2) {
		loader_error(loader, node, "10s, 1m30s", "%s: '%.40s' is no time",
			     loader->current->name, node->text);
		return;
	}
	if (ms > 0)
		*(uint32_t *)target = (uint32_t)((ms + 999) / 1000);
}

static void read_retries(struct loader *loader, const struct yaml_node *node, void *target)
{
	uint32_t retries = 0;
	read_u32(loader, node, &retries);
	if (retries > 0)
		*(uint32_t *)target = retries;
}

#define AT(member) offsetof(struct probe, member)
static const struct field health_list[] = {
	{"disable", FIELD_USED, read_ignored, 0, NULL, "true: none, not even the image's",
	 .takes = "true or false, or text"},
	{"interval", FIELD_USED, read_seconds, AT(period_s), NULL, "default 30s, in whole seconds",
	 .takes = "time"},
	{"retries", FIELD_USED, read_retries, AT(failure_threshold), NULL, "default 3",
	 .takes = "number or text"},
	{"start_interval", FIELD_USED, read_ignored, 0, NULL,
	 "how often it is asked in start_period; every second without", .takes = "time"},
	{"start_period", FIELD_USED, read_ignored, 0, NULL,
	 "failures count after it; it is asked more often in it", .takes = "time"},
	{"test", FIELD_USED, read_test, 0, NULL, "[CMD, …], [CMD-SHELL, \"…\"], [NONE] or a line",
	 .takes = "list of texts, or text"},
	{"timeout", FIELD_USED, read_seconds, AT(timeout_s), NULL, "default 30s", .takes = "time"}};
#undef AT
const struct field_set compose_health_fields = {"healthcheck", health_list, ARRAY_SIZE(health_list),
						.is_open = true};

void compose_read_health(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = &((struct compose_service *)target)->container;
	struct probe *probe = &container->readiness;
	const struct yaml_node *test = yaml_get(node, "test");
	bool is_off = yaml_is_text(yaml_get(node, "disable"), "true") ||
		      (test != NULL && test->kind == YAML_LIST && test->item_count > 0 &&
		       yaml_is_text(test->items[0], "NONE"));

	loader_read_map(loader, node, &compose_health_fields, probe);
	/* Times alone are for the image's own test. */
	container->keeps_image_health = !is_off && probe->check.type == CHECK_NONE;
	if (is_off) {
		check_clear(&probe->check);
		*probe = (struct probe){0};
	} else if (probe->check.type != CHECK_NONE) {
		probe->period_s = probe->period_s > 0 ? probe->period_s : 30;
		probe->timeout_s = probe->timeout_s > 0 ? probe->timeout_s : 30;
		probe->failure_threshold =
			probe->failure_threshold > 0 ? probe->failure_threshold : 3;
		probe->success_threshold = 1;
	}
}
