/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log_instances.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/loop.h"
#include "base/suggest.h"
#include "local/client/client.h"
#include "local/logs/log_reader.h"
#include "local/logs/log_store.h"

/* Of what runs now, without waiting for anything; empty when that cannot be known. */
static void list_living(const char *project, struct string_list *ret)
{
	AUTO(project_status_clear) struct project_status status = {0};
	AUTO(error_clear) struct error ignored = ERROR_INIT;
	AUTO_PTR(loop) struct loop *loop = loop_new(&ignored);
	AUTO_PTR(client)
	struct client *client = loop != NULL ? client_open(loop, project, &ignored) : NULL;

	if (client == NULL || !client_status(client, &status, &ignored))
		return;
	for (size_t i = 0; i < status.instance_count; i++)
		string_list_add(ret, status.instances[i].name);
}

void log_instances_dead(const char *project, struct string_list *ret)
{
	AUTO(string_list_clear) struct string_list living = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list all = STRING_LIST_INIT;

	log_store_list(project, &all);
	if (all.count == 0)
		return;
	list_living(project, &living);
	for (size_t i = 0; i < all.count && living.count > 0; i++) {
		if (!string_list_has(&living, all.items[i]))
			string_list_add(ret, all.items[i]);
	}
}

/* Whether the name is the instance's or its pod's ("web" of "web-0"). */
static bool names_instance(const char *name, const char *instance)
{
	size_t length = strlen(name);

	if (strncmp(instance, name, length) != 0)
		return false;
	if (instance[length] == '\0')
		return true;
	return instance[length] == '-' && instance[length + 1] != '\0' &&
	       strspn(instance + length + 1, "0123456789") == strlen(instance + length + 1);
}

static bool choose(const char *project, const char *name, const struct string_list *all,
		   const struct string_list *living, struct string_list *ret, struct error *err)
{
	bool is_found = false;

	for (size_t i = 0; i < all->count; i++) {
		const char *instance = all->items[i];
		if (!names_instance(name, instance))
			continue;
		if (string_list_has(living, instance)) {
			(void)error_set(err, ERROR_BUSY, "%s is up and writes its log", instance);
			return error_hint(err,
					  "i2kit down first, or i2kit logs rm for what is gone");
		}
		is_found = true;
		if (!string_list_has(ret, instance))
			string_list_add(ret, instance);
	}
	if (is_found)
		return true;
	(void)error_set(err, ERROR_NOT_FOUND, "project '%s' has no logs of '%s'", project, name);
	return suggest_hint(err, name, all);
}

bool log_instances_remove(const char *project, const struct string_list *names,
			  struct string_list *ret, struct error *err)
{
	AUTO(string_list_clear) struct string_list living = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list all = STRING_LIST_INIT;

	log_store_list(project, &all);
	list_living(project, &living);
	for (size_t i = 0; i < names->count; i++) {
		if (!choose(project, names->items[i], &all, &living, ret, err))
			return false;
	}
	for (size_t i = 0; i < all.count && names->count == 0; i++) {
		if (!string_list_has(&living, all.items[i]))
			string_list_add(ret, all.items[i]);
	}
	for (size_t i = 0; i < ret->count; i++) {
		if (!log_store_remove_instance(project, ret->items[i], err))
			return false;
	}
	return true;
}
