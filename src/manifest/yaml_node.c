/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at trees that yaml_reader.c made. */
#include "manifest/yaml_node.h"

#include <stdlib.h>
#include <string.h>

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	if (map == NULL || map->kind != YAML_MAP)
		return NULL;
	for (size_t i = 0; i < map->pair_count; i++) {
		if (strcmp(map->pairs[i].key->text, key) == 0)
			return map->pairs[i].value;
	}
	return NULL;
}

bool yaml_is_null(const struct yaml_node *node)
{
	return node == NULL || node->kind == YAML_NULL;
}

bool yaml_is_bool(const struct yaml_node *node, bool *ret)
{
	if (node == NULL || node->kind != YAML_SCALAR || node->type != YAML_BOOL)
		return false;
	*ret = node->integer != 0;
	return true;
}

bool yaml_is_text(const struct yaml_node *node, const char *text)
{
	return node != NULL && node->kind == YAML_SCALAR && strcmp(node->text, text) == 0;
}

const char *yaml_describe(const struct yaml_node *node)
{
	if (node == NULL || node->kind == YAML_NULL)
		return "nothing";
	if (node->kind == YAML_LIST)
		return "a list";
	if (node->kind == YAML_MAP)
		return "a map";
	if (node->type == YAML_BOOL)
		return "a boolean";
	return node->type == YAML_TEXT ? "text" : "a number";
}
