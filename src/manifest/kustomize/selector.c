/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/kustomize/selector.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/suggest.h"
#include "manifest/yaml_node.h"

enum { PATTERN_MAX = 256 };

/* The empty pattern fits everything. */
static bool pattern_fits(const regex_t *pattern, const char *text)
{
	return regexec(pattern, text, 0, NULL, 0) == 0;
}

/* Counted repetitions and back references are how a short pattern takes hours. */
static bool pattern_make(struct kustomizer *kustomizer, const struct yaml_node *node, regex_t *ret)
{
	AUTO_FREE char *whole = xasprintf("^(%s)$", node->text);
	bool is_bounded = node->size <= PATTERN_MAX && strpbrk(node->text, "{}") == NULL;
	for (const char *at = node->text; is_bounded && *at != '\0'; at++)
		is_bounded = at[0] != '\\' || at[1] < '1' || at[1] > '9';
	if (is_bounded && regcomp(ret, whole, REG_EXTENDED | REG_NOSUB) == 0)
		return true;
	kustomizer_error(kustomizer, node, "a name, or a pattern such as web-.*",
			 "'%.80s' is not a pattern that is understood", node->text);
	return false;
}

typedef char *text_fn(const struct resource *resource); /* owned */

static char *kind_text(const struct resource *resource)
{
	return xstrdup(resource_kind(resource));
}

static char *name_text(const struct resource *resource)
{
	return xstrdup(resource_name(resource));
}

static char *namespace_text(const struct resource *resource)
{
	return xstrdup(resource_namespace(resource));
}

static bool any_name_fits(const regex_t *pattern, const struct resource *resource, text_fn *text)
{
	AUTO_FREE char *today = text(resource);
	if (pattern_fits(pattern, today))
		return true;
	const struct string_list *old = text == name_text	 ? &resource->old_names
					: text == namespace_text ? &resource->old_namespaces
								 : NULL;
	for (size_t i = 0; old != NULL && i < old->count; i++) {
		if (pattern_fits(pattern, old->items[i]))
			return true;
	}
	return false;
}

static bool narrow_by_pattern(struct kustomizer *kustomizer, const struct yaml_node *node,
			      text_fn *text, const struct resource_list *list, bool *meant)
{
	regex_t pattern;
	if (node == NULL || node->kind != YAML_SCALAR || node->size == 0)
		return true;
	if (!pattern_make(kustomizer, node, &pattern))
		return false;
	for (size_t i = 0; i < list->count; i++)
		meant[i] = meant[i] && any_name_fits(&pattern, &list->items[i], text);
	regfree(&pattern);
	return true;
}

/* KEY=VALUE, KEY==VALUE, KEY!=VALUE, KEY, !KEY */
static bool term_fits(const char *term, const struct yaml_node *pairs)
{
	const char *equals = strchr(term, '=');
	bool is_not = term[0] == '!' || (equals != NULL && equals > term && equals[-1] == '!');
	const char *key = term + (term[0] == '!' ? 1 : 0);
	size_t length = equals == NULL ? strlen(key) : (size_t)(equals - key);
	if (equals != NULL && is_not)
		length--;
	AUTO_FREE char *name = xstrndup(key, length);
	const char *value = equals != NULL ? equals + 1 + (equals[1] == '=' ? 1 : 0) : NULL;
	const char *is = tree_get_text(pairs, name);
	bool is_same = is != NULL && (value == NULL || strcmp(is, value) == 0);
	return is_same != is_not;
}

static bool narrow_by_pairs(struct kustomizer *kustomizer, const struct yaml_node *node,
			    const char *key, const struct resource_list *list, bool *meant)
{
	AUTO(string_list_clear) struct string_list terms = STRING_LIST_INIT;
	if (node == NULL || node->kind != YAML_SCALAR || node->size == 0)
		return true;
	if (strpbrk(node->text, "() ") != NULL) {
		kustomizer_error(kustomizer, node, "KEY=VALUE, KEY!=VALUE, KEY, !KEY, with commas",
				 "'%.80s' is not understood", node->text);
		return false;
	}
	string_list_split(&terms, node->text, ',');
	for (size_t i = 0; i < list->count; i++) {
		const struct yaml_node *metadata = tree_get(list->items[i].root, "metadata");
		for (size_t t = 0; t < terms.count; t++)
			meant[i] = meant[i] && term_fits(terms.items[t], tree_get(metadata, key));
	}
	return true;
}

static bool check_keys(struct kustomizer *kustomizer, const struct yaml_node *target)
{
	static const char *const keys[] = {"group",	 "version",	      "kind",
					   "name",	 "namespace",	      "labelSelector",
					   "apiVersion", "annotationSelector"};
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		string_list_add(&known, keys[i]);
	for (size_t i = 0; i < target->pair_count; i++) {
		const char *key = target->pairs[i].key->text;
		if (string_list_has(&known, key))
			continue;
		const char *nearest = suggest_nearest(key, &known);
		AUTO_FREE char *hint =
			nearest != NULL ? xasprintf("did you mean '%s'?", nearest) : NULL;
		kustomizer_error(kustomizer, target->pairs[i].key, hint,
				 "unknown field '%.80s' in a target", key);
		return false;
	}
	return true;
}

bool selector_match(struct kustomizer *kustomizer, const struct yaml_node *target,
		    const struct resource_list *list, bool *meant)
{
	for (size_t i = 0; i < list->count; i++)
		meant[i] = true;
	return check_keys(kustomizer, target) &&
	       narrow_by_pattern(kustomizer, yaml_get(target, "group"), resource_group, list,
				 meant) &&
	       narrow_by_pattern(kustomizer, yaml_get(target, "version"), resource_version, list,
				 meant) &&
	       narrow_by_pattern(kustomizer, yaml_get(target, "kind"), kind_text, list, meant) &&
	       narrow_by_pattern(kustomizer, yaml_get(target, "name"), name_text, list, meant) &&
	       narrow_by_pattern(kustomizer, yaml_get(target, "namespace"), namespace_text, list,
				 meant) &&
	       narrow_by_pairs(kustomizer, yaml_get(target, "labelSelector"), "labels", list,
			       meant) &&
	       narrow_by_pairs(kustomizer, yaml_get(target, "annotationSelector"), "annotations",
			       list, meant);
}
