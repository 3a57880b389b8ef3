/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/client/cloud_values.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"

void cloud_values_clear(struct cloud_values *values)
{
	for (size_t i = 0; i < values->count; i++) {
		free(values->items[i].key);
		free(values->items[i].text);
	}
	free(values->items);
	*values = (struct cloud_values){0};
}

static struct cloud_value *find(const struct cloud_values *values, const char *key)
{
	for (size_t i = 0; i < values->count; i++)
		if (strcmp(values->items[i].key, key) == 0)
			return &values->items[i];
	return NULL;
}

const char *cloud_values_get(const struct cloud_values *values, const char *key)
{
	const struct cloud_value *value = find(values, key);
	return value != NULL ? value->text : NULL;
}

bool cloud_values_has(const struct cloud_values *values, const char *key)
{
	return find(values, key) != NULL;
}

bool cloud_values_is_bool(const struct cloud_values *values, const char *key)
{
	const struct cloud_value *value = find(values, key);
	return value != NULL && value->is_bool;
}

static struct cloud_value *place(struct cloud_values *values, const char *key)
{
	struct cloud_value *value = find(values, key);
	if (value != NULL)
		return value;
	values->items = xreallocarray(values->items, values->count + 1, sizeof(*values->items));
	value = &values->items[values->count++];
	*value = (struct cloud_value){.key = xstrdup(key)};
	return value;
}

static void put(struct cloud_values *values, const char *key, const char *text_or_null,
		bool is_bool)
{
	struct cloud_value *value = place(values, key);
	char *text = xstrdup_or_null(text_or_null); /* it may be the old one */
	free(value->text);
	value->text = text;
	value->is_bool = is_bool;
}

void cloud_values_set(struct cloud_values *values, const char *key, const char *text_or_null)
{
	put(values, key, text_or_null, false);
}

char *cloud_values_take(struct cloud_values *values, const char *key)
{
	struct cloud_value *value = find(values, key);
	if (value == NULL)
		return NULL;
	char *text = value->text;
	free(value->key);
	size_t behind = values->count - (size_t)(value - values->items) - 1;
	(void)memmove(value, value + 1, behind * sizeof(*value));
	values->count--;
	return text;
}

void cloud_values_remove(struct cloud_values *values, const char *key)
{
	free(cloud_values_take(values, key));
}

/* PyYAML's booleans have no y and n. */
static bool is_truth(const struct yaml_node *node, bool *ret)
{
	return node->kind == YAML_SCALAR && node->size > 1 && yaml_is_bool(node, ret);
}

static void lay(struct cloud_values *values, const char *prefix, const struct yaml_node *map)
{
	for (size_t i = 0; i < map->pair_count; i++) {
		const struct yaml_node *node = map->pairs[i].value;
		AUTO_FREE char *key = xasprintf("%s%s%s", prefix, prefix[0] != '\0' ? "." : "",
						map->pairs[i].key->text);
		bool truth = false;
		/* Nobody asks for what lies deeper. */
		if (node->kind == YAML_MAP && prefix[0] == '\0')
			lay(values, key, node);
		else if (yaml_is_null(node))
			put(values, key, NULL, false);
		else if (is_truth(node, &truth))
			put(values, key, truth ? "True" : "False", true);
		else if (node->kind == YAML_SCALAR)
			put(values, key, node->text, false);
	}
}

void cloud_values_spell(struct cloud_values *values)
{
	struct cloud_values plain = {0};

	for (size_t i = 0; i < values->count; i++) {
		const struct cloud_value *value = &values->items[i];
		AUTO_FREE char *key = xstrdup(value->key);
		for (char *at = key; *at != '\0'; at++)
			*at = *at == '-' ? '_' : *at;
		put(&plain, key, value->text, value->is_bool);
	}
	cloud_values_clear(values);
	*values = plain;
}

void cloud_values_lay(struct cloud_values *values, const struct yaml_node *map)
{
	if (map != NULL && map->kind == YAML_MAP)
		lay(values, "", map);
}

void cloud_values_lay_values(struct cloud_values *values, const struct cloud_values *over)
{
	for (size_t i = 0; i < over->count; i++)
		if (over->items[i].text != NULL)
			put(values, over->items[i].key, over->items[i].text,
			    over->items[i].is_bool);
}

/* The value that *at, behind a '{', names; *at is then behind the '}'. */
static bool put_named(const struct cloud_values *values, const char **at, struct strbuf *out,
		      struct error *err)
{
	size_t size = strcspn(*at, "{}");
	AUTO_FREE char *name = xstrndup(*at, size);
	const char *text = cloud_values_get(values, name);

	if ((*at)[size] != '}' || text == NULL)
		return error_set(err, ERROR_INVALID, "there is no value for '{%s}'", name);
	strbuf_append(out, text);
	*at += size + 1;
	return true;
}

char *cloud_values_format(const struct cloud_values *values, const char *text, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;

	for (const char *at = text; *at != '\0';) {
		size_t plain = strcspn(at, "{}");
		strbuf_append_bytes(&out, at, plain);
		at += plain;
		if (*at == '\0')
			break;
		if (at[0] == at[1]) {
			strbuf_append_bytes(&out, at, 1);
			at += 2;
		} else if (*at++ == '}') {
			error_set(err, ERROR_INVALID, "'%s' has a '}' without its '{'", text);
			return NULL;
		} else if (!put_named(values, &at, &out, err)) {
			return NULL;
		}
	}
	return strbuf_take(&out);
}
