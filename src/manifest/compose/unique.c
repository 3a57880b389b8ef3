/* SPDX-License-Identifier: Apache-2.0 */
/* Of two items of a list that mean the same, the later one stays, in the place of the first. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/compose/context.h"
#include "manifest/compose/mounts.h"
#include "manifest/compose/unique.h"

/* What of an item tells it from the others. */
enum unique_by { BY_NAME, BY_TARGET, BY_DEVICE, BY_TEXT, BY_CONFIG, BY_SECRET, BY_PORT, BY_PATH };

struct unique_place {
	const char *pattern;
	enum unique_by by;
};

/* Of the specification's loader, override/uncity.go. */
static const struct unique_place places[] = {
	{"networks.*.labels", BY_NAME},
	{"networks.*.ipam.options", BY_NAME},
	{"services.*.annotations", BY_NAME},
	{"services.*.build.args", BY_NAME},
	{"services.*.build.additional_contexts", BY_NAME},
	{"services.*.build.tags", BY_NAME},
	{"services.*.build.labels", BY_NAME},
	{"services.*.cap_add", BY_NAME},
	{"services.*.cap_drop", BY_NAME},
	{"services.*.devices", BY_DEVICE},
	{"services.*.configs", BY_CONFIG},
	{"services.*.deploy.labels", BY_NAME},
	{"services.*.dns", BY_NAME},
	{"services.*.dns_opt", BY_NAME},
	{"services.*.dns_search", BY_NAME},
	{"services.*.environment", BY_NAME},
	{"services.*.env_file", BY_PATH},
	{"services.*.expose", BY_TEXT},
	{"services.*.labels", BY_NAME},
	{"services.*.links", BY_NAME},
	{"services.*.networks.*.aliases", BY_NAME},
	{"services.*.networks.*.link_local_ips", BY_NAME},
	{"services.*.ports", BY_PORT},
	{"services.*.profiles", BY_NAME},
	{"services.*.secrets", BY_SECRET},
	{"services.*.sysctls", BY_NAME},
	{"services.*.tmpfs", BY_NAME},
	{"services.*.volumes", BY_TARGET},
};

static const char *or_text(const char *text, const char *otherwise)
{
	return text != NULL ? text : otherwise;
}

static char *key_of_text(const char *text, enum unique_by by)
{
	const char *colon = strchr(text, ':');
	switch (by) {
	case BY_NAME:
		return xstrndup(text, strcspn(text, "="));
	case BY_TARGET:
		return compose_mount_target(text);
	case BY_DEVICE:
		return colon != NULL ? xstrndup(colon + 1, strcspn(colon + 1, ":")) : xstrdup(text);
	case BY_CONFIG:
		return xasprintf("/%s", text);
	case BY_SECRET:
		return xasprintf("/run/secrets/%s", text);
	case BY_TEXT:
	case BY_PORT:
	case BY_PATH:
		break;
	}
	return xstrdup(text);
}

static char *key_of_map(const struct yaml_node *item, enum unique_by by)
{
	const char *target = tree_get_text(item, "target");
	switch (by) {
	case BY_TARGET:
	case BY_DEVICE:
		return xstrdup_or_null(target);
	case BY_CONFIG:
	case BY_SECRET:
		return target != NULL ? xstrdup(target)
				      : xasprintf("%s/%s", by == BY_SECRET ? "/run/secrets" : "",
						  or_text(tree_get_text(item, "source"), ""));
	case BY_PORT:
		return target == NULL
			       ? NULL
			       : xasprintf("%s:%s:%s/%s",
					   or_text(tree_get_text(item, "host_ip"), "0.0.0.0"),
					   or_text(tree_get_text(item, "published"), ""), target,
					   or_text(tree_get_text(item, "protocol"), "tcp"));
	case BY_PATH:
		return xstrdup_or_null(tree_get_text(item, "path"));
	case BY_NAME:
	case BY_TEXT:
		break;
	}
	return NULL;
}

/* NULL: it has none, and stays. */
static char *key_of(const struct yaml_node *item, enum unique_by by)
{
	if (item->kind == YAML_SCALAR)
		return key_of_text(item->text, by);
	return item->kind == YAML_MAP ? key_of_map(item, by) : NULL;
}

struct keyed {
	char *key;
	size_t index;
};

static int compare_keyed(const void *a, const void *b)
{
	const struct keyed *left = a;
	const struct keyed *right = b;
	if (left->key == NULL || right->key == NULL)
		return left->key == NULL && right->key == NULL
			       ? (left->index < right->index ? -1 : 1)
			       : (left->key == NULL ? -1 : 1);
	int order = strcmp(left->key, right->key);
	return order != 0 ? order : (left->index < right->index ? -1 : 1);
}

static void drop_doubles(struct yaml_node *list, enum unique_by by)
{
	AUTO_FREE struct keyed *keys = xcalloc(list->item_count + 1, sizeof(*keys));
	size_t kept = 0;

	for (size_t i = 0; i < list->item_count; i++)
		keys[i] = (struct keyed){key_of(list->items[i], by), i};
	qsort(keys, list->item_count, sizeof(*keys), compare_keyed);
	for (size_t i = 0; i < list->item_count; i++) {
		size_t first = i;
		while (keys[i].key != NULL && i + 1 < list->item_count &&
		       strcmp(keys[i].key, keys[i + 1].key) == 0) {
			list->items[keys[first].index] = list->items[keys[i + 1].index];
			list->items[keys[i + 1].index] = NULL;
			i++;
		}
	}
	for (size_t i = 0; i < list->item_count; i++) {
		free(keys[i].key);
		if (list->items[i] != NULL)
			list->items[kept++] = list->items[i];
	}
	list->item_count = kept;
}

static void visit(struct yaml_node *node, const struct compose_place *place)
{
	for (size_t i = 0; node->kind == YAML_MAP && i < node->pair_count; i++) {
		const struct compose_place below = {place, node->pairs[i].key->text};
		visit(node->pairs[i].value, &below);
	}
	for (size_t i = 0; node->kind == YAML_LIST && i < ARRAY_SIZE(places); i++) {
		if (!compose_place_matches(place, places[i].pattern))
			continue;
		drop_doubles(node, places[i].by);
		return;
	}
}

void compose_drop_doubles(struct yaml_node *root)
{
	visit(root, NULL);
}
