/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/client/cloud_region.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/string_list.h"

/* Names, and what holds in each; the environment's and those with commas have no values. */
struct regions {
	struct string_list names;
	const struct yaml_node *list; /* of the same length, or NULL */
};

static const struct yaml_node *either(const struct yaml_node *map, const char *key,
				      const char *with_dash)
{
	const struct yaml_node *node = yaml_get(map, key);

	return node != NULL ? node : yaml_get(map, with_dash);
}

static bool is_entry(const struct yaml_node *item)
{
	const struct yaml_node *name = yaml_get(item, "name");

	return item->kind == YAML_MAP && name != NULL && name->kind == YAML_SCALAR &&
	       item->pair_count == (yaml_get(item, "values") != NULL ? 2U : 1U);
}

static bool add_list(struct regions *regions, const struct yaml_node *list, struct error *err)
{
	for (size_t i = 0; i < list->item_count; i++) {
		const struct yaml_node *item = list->items[i];
		if (item->kind == YAML_SCALAR)
			string_list_add(&regions->names, item->text);
		else if (is_entry(item))
			string_list_add(&regions->names, yaml_get(item, "name")->text);
		else
			return error_set(
				err, ERROR_INVALID,
				"a region is a name or {name: NAME, values: {…}} (line %u)",
				item->line);
	}
	regions->list = list;
	return true;
}

static bool add_names(struct regions *regions, const struct yaml_node *names, struct error *err)
{
	if (names->kind == YAML_LIST)
		return add_list(regions, names, err);
	if (names->kind == YAML_SCALAR)
		string_list_split(&regions->names, names->text, ',');
	return true;
}

/* The key of the later layer. */
static const struct yaml_node *own_key(const struct cloud_layers *layers, const char *key,
				       const char *with_dash)
{
	const struct yaml_node *node = either(layers->secure, key, with_dash);

	return node != NULL ? node : either(layers->plain, key, with_dash);
}

static bool find_regions(const struct cloud_layers *layers, struct regions *regions,
			 struct error *err)
{
	const struct yaml_node *list = own_key(layers, "regions", "regions");
	const struct yaml_node *name = own_key(layers, "region_name", "region-name");

	if (list != NULL && list->kind == YAML_LIST)
		return add_list(regions, list, err);
	if (name != NULL)
		return add_names(regions, name, err);
	if (layers->region_name != NULL) {
		string_list_split(&regions->names, layers->region_name, ',');
		return true;
	}
	list = yaml_get(layers->profile, "regions");
	name = either(layers->profile, "region_name", "region-name");
	if (list != NULL && list->kind == YAML_LIST && list->item_count > 0)
		return add_list(regions, list, err);
	if (name != NULL && name->kind == YAML_SCALAR && name->size > 0)
		string_list_add(&regions->names, name->text);
	return true;
}

static bool take(const struct regions *regions, size_t index, char **ret_name,
		 const struct yaml_node **ret_values)
{
	*ret_name = xstrdup(regions->names.items[index]);
	if (regions->list != NULL)
		*ret_values = yaml_get(regions->list->items[index], "values");
	return true;
}

static void regions_clear(struct regions *regions)
{
	string_list_clear(&regions->names);
}

bool cloud_region_choose(const struct cloud_layers *layers, const char *wanted, char **ret_name,
			 const struct yaml_node **ret_values, struct error *err)
{
	AUTO(regions_clear) struct regions regions = {0};

	*ret_values = NULL;
	if (!find_regions(layers, &regions, err))
		return false;
	if (regions.names.count == 0) {
		*ret_name = xstrdup(wanted != NULL ? wanted : "");
		return true;
	}
	if (wanted == NULL || wanted[0] == '\0')
		return take(&regions, 0, ret_name, ret_values);
	for (size_t i = 0; i < regions.names.count; i++)
		if (strcmp(regions.names.items[i], wanted) == 0)
			return take(&regions, i, ret_name, ret_values);
	AUTO_FREE char *all = string_list_join(&regions.names, ", ");
	return error_set(err, ERROR_NOT_FOUND, "the cloud has no region '%s', but %s", wanted, all);
}
