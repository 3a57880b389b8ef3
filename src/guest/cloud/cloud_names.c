/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/cloud/cloud_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define RETRY_MS 5000
#define LOOK_MS	 300000

struct cloud_names {
	struct guest_cloud *cloud; /* borrowed */
	char *zone;
	struct string_list names;
	enum { NAMES_UNKNOWN, NAMES_AWAY, NAMES_THERE } state;
	bool is_wanted;
	uint64_t next_ms; /* not before */
	uint64_t look_ms; /* THERE: look for those that are gone */
};

struct cloud_names *cloud_names_new(struct guest_cloud *cloud, const char *zone,
				    const struct string_list *names)
{
	struct cloud_names *new = xcalloc(1, sizeof(*new));
	new->cloud = cloud;
	new->zone = xstrdup_or_null(zone);
	if (zone != NULL)
		string_list_copy(&new->names, names);
	return new;
}

void cloud_names_free(struct cloud_names *names)
{
	if (names == NULL)
		return;
	free(names->zone);
	string_list_clear(&names->names);
	free(names);
}

void cloud_names_want(struct cloud_names *names, bool is_wanted)
{
	if (names->is_wanted != is_wanted)
		names->next_ms = 0;
	names->is_wanted = is_wanted;
}

bool cloud_names_are_settled(const struct cloud_names *names)
{
	return names->names.count == 0 ||
	       names->state == (names->is_wanted ? NAMES_THERE : NAMES_AWAY);
}

static void add_record(struct name_record_list *list, const struct name_record *record)
{
	name_record_list_add(list, record->name, record->instance, record->address, record->ttl_s);
}

static bool write_own(struct cloud_names *names, struct error *err)
{
	AUTO(name_record_list_clear) struct name_record_list list = {0};
	for (size_t i = 0; i < names->names.count; i++)
		name_record_list_add(&list, names->names.items[i], names->cloud->instance_id,
				     names->cloud->address, NAME_RECORD_TTL_S);
	return names->cloud->backend->change_names(names->cloud, names->zone, &list, true, err);
}

/* What is there under these names: our own, and others'. */
static bool look(struct cloud_names *names, struct name_record_list *ret_own,
		 struct name_record_list *ret_others, struct error *err)
{
	AUTO(name_record_list_clear) struct name_record_list all = {0};
	if (!names->cloud->backend->list_names(names->cloud, names->zone, &all, err))
		return false;
	for (size_t i = 0; i < all.count; i++) {
		if (!string_list_has(&names->names, all.items[i].name))
			continue;
		bool is_own = strcmp(all.items[i].instance, names->cloud->instance_id) == 0;
		add_record(is_own ? ret_own : ret_others, &all.items[i]);
	}
	return true;
}

static bool remove_own(struct cloud_names *names, struct error *err)
{
	AUTO(name_record_list_clear) struct name_record_list own = {0};
	AUTO(name_record_list_clear) struct name_record_list others = {0};
	return look(names, &own, &others, err) &&
	       (own.count == 0 ||
		names->cloud->backend->change_names(names->cloud, names->zone, &own, false, err));
}

static bool remove_gone(struct cloud_names *names, const struct name_record_list *others,
			struct error *err)
{
	AUTO(string_list_clear) struct string_list ids = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list alive = STRING_LIST_INIT;
	AUTO(name_record_list_clear) struct name_record_list gone = {0};
	for (size_t i = 0; i < others->count; i++)
		if (!string_list_has(&ids, others->items[i].instance))
			string_list_add(&ids, others->items[i].instance);
	if (!names->cloud->backend->list_alive(names->cloud, &ids, &alive, err))
		return false;
	for (size_t i = 0; i < others->count; i++)
		if (!string_list_has(&alive, others->items[i].instance))
			add_record(&gone, &others->items[i]);
	return gone.count == 0 ||
	       names->cloud->backend->change_names(names->cloud, names->zone, &gone, false, err);
}

static bool is_whole(const struct cloud_names *names, const struct name_record_list *own)
{
	size_t good = 0;
	for (size_t i = 0; i < own->count; i++)
		if (strcmp(own->items[i].address, names->cloud->address) == 0)
			good++;
	return good == names->names.count;
}

static bool tidy(struct cloud_names *names, struct error *err)
{
	AUTO(name_record_list_clear) struct name_record_list own = {0};
	AUTO(name_record_list_clear) struct name_record_list others = {0};
	return look(names, &own, &others, err) &&
	       (is_whole(names, &own) || write_own(names, err)) &&
	       (others.count == 0 || remove_gone(names, &others, err));
}

bool cloud_names_step(struct cloud_names *names, uint64_t now_ms, struct error *err)
{
	bool is_ok = true;
	if (names->names.count == 0 || now_ms < names->next_ms)
		return true;
	if (!cloud_names_are_settled(names)) {
		is_ok = names->is_wanted ? write_own(names, err) : remove_own(names, err);
		if (is_ok) {
			names->state = names->is_wanted ? NAMES_THERE : NAMES_AWAY;
			names->look_ms = now_ms;
		}
	} else if (names->state == NAMES_THERE && now_ms >= names->look_ms) {
		is_ok = tidy(names, err);
		names->look_ms = now_ms + (is_ok ? LOOK_MS : RETRY_MS);
		return is_ok;
	}
	names->next_ms = is_ok ? 0 : now_ms + RETRY_MS;
	return is_ok;
}
