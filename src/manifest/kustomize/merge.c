/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/kustomize/merge.h"

#include <string.h>

#include "base/alloc.h"
#include "manifest/yaml_node.h"

/* Lists whose items are told apart by a key; by two of them where there is a second. */
struct keyed_list {
	const char *list;
	const char *kind; /* of the object; NULL: any */
	const char *key;
	const char *second; /* or NULL */
};

static const struct keyed_list keyed_lists[] = {
	{"ports", "Service", "port", "protocol"},
	{"ports", NULL, "containerPort", "protocol"},
	{"containers", NULL, "name", NULL},
	{"initContainers", NULL, "name", NULL},
	{"ephemeralContainers", NULL, "name", NULL},
	{"env", NULL, "name", NULL},
	{"volumes", NULL, "name", NULL},
	{"volumeMounts", NULL, "mountPath", NULL},
	{"volumeDevices", NULL, "devicePath", NULL},
	{"imagePullSecrets", NULL, "name", NULL},
	{"secrets", "ServiceAccount", "name", NULL},
	{"hostAliases", NULL, "ip", NULL},
	{"topologySpreadConstraints", NULL, "topologyKey", "whenUnsatisfiable"},
	{"resourceClaims", NULL, "name", NULL},
	{"claims", NULL, "name", NULL},
	{"schedulingGates", NULL, "name", NULL},
	{"conditions", NULL, "type", NULL},
	{"ownerReferences", NULL, "uid", NULL},
	{"webhooks", NULL, "name", NULL},
};

struct merge {
	struct tree_store *store;
	const char *kind;
	bool is_custom;
};

static const struct keyed_list *find_keyed(const struct merge *merge, const char *list)
{
	for (size_t i = 0; !merge->is_custom && i < ARRAY_SIZE(keyed_lists); i++) {
		const struct keyed_list *keyed = &keyed_lists[i];
		if (strcmp(keyed->list, list) == 0 &&
		    (keyed->kind == NULL || strcmp(keyed->kind, merge->kind) == 0))
			return keyed;
	}
	return NULL;
}

static const char *directive(const struct yaml_node *map)
{
	const char *word = tree_get_text(map, "$patch");
	return word != NULL ? word : "merge";
}

/* An item that is only a word to the merge, or takes one away. */
static bool is_directive(const struct yaml_node *item)
{
	return strcmp(directive(item), "delete") == 0 ||
	       (item->pair_count == 1 && tree_get(item, "$patch") != NULL);
}

/* What is for the merge alone goes: nulls and $words. */
static struct yaml_node *clean_copy(struct tree_store *store, const struct yaml_node *node)
{
	struct yaml_node *copy = tree_new(store, node->kind, node);

	if (node->kind != YAML_MAP && node->kind != YAML_LIST)
		return tree_copy(store, node);
	for (size_t i = 0; i < node->pair_count && !store->is_full; i++) {
		const struct yaml_pair *pair = &node->pairs[i];
		if (pair->key->text[0] != '$' && pair->value->kind != YAML_NULL)
			tree_set(store, copy, pair->key->text, clean_copy(store, pair->value));
	}
	for (size_t i = 0; i < node->item_count && !store->is_full; i++) {
		if (!is_directive(node->items[i]))
			tree_insert(store, copy, copy->item_count,
				    clean_copy(store, node->items[i]));
	}
	return copy;
}

static bool has_same(const struct yaml_node *a, const struct yaml_node *b, const char *key,
		     bool is_needed)
{
	const struct yaml_node *left = tree_get(a, key);
	const struct yaml_node *right = tree_get(b, key);
	if (left == NULL || right == NULL)
		return !is_needed;
	return left->kind == YAML_SCALAR && right->kind == YAML_SCALAR &&
	       strcmp(left->text, right->text) == 0;
}

static size_t find_item(const struct yaml_node *list, const struct yaml_node *item,
			const struct keyed_list *keyed)
{
	for (size_t i = 0; i < list->item_count; i++) {
		if (has_same(list->items[i], item, keyed->key, true) &&
		    (keyed->second == NULL || has_same(list->items[i], item, keyed->second, false)))
			return i;
	}
	return list->item_count;
}

static void merge_map(const struct merge *merge, struct yaml_node *to,
		      const struct yaml_node *patch);

/* What the patch names comes first, in its order. */
static void merge_item(const struct merge *merge, struct yaml_node *to,
		       const struct yaml_node *item, const struct keyed_list *keyed, size_t *placed)
{
	size_t at = find_item(to, item, keyed);
	struct yaml_node *old = at < to->item_count ? to->items[at] : NULL;
	const char *word = directive(item);

	if (old != NULL)
		tree_remove_item(to, at);
	if (strcmp(word, "delete") == 0) {
		*placed -= old != NULL && at < *placed ? 1 : 0;
		return;
	}
	if (old == NULL || strcmp(word, "replace") == 0)
		old = clean_copy(merge->store, item);
	else
		merge_map(merge, old, item);
	/* One that the patch names twice is placed already. */
	*placed -= at < *placed ? 1 : 0;
	tree_insert(merge->store, to, (*placed)++, old);
}

/* Of several with one key the first stays. */
static void drop_doubles(struct yaml_node *list, const struct keyed_list *keyed)
{
	for (size_t i = list->item_count; i > 0; i--) {
		if (find_item(list, list->items[i - 1], keyed) < i - 1)
			tree_remove_item(list, i - 1);
	}
}

/* `- $patch: replace` as an item of its own: only what the patch has stays. */
static bool replaces_list(const struct yaml_node *patch)
{
	for (size_t i = 0; i < patch->item_count; i++) {
		const struct yaml_node *item = patch->items[i];
		if (item->kind == YAML_MAP && item->pair_count == 1 &&
		    strcmp(directive(item), "replace") == 0)
			return true;
	}
	return false;
}

static void delete_primitives(struct yaml_node *to, const struct yaml_node *gone)
{
	for (size_t i = 0; to != NULL && i < gone->item_count; i++) {
		for (size_t k = to->item_count; k > 0; k--) {
			if (tree_is_equal(to->items[k - 1], gone->items[i]))
				tree_remove_item(to, k - 1);
		}
	}
}

static void merge_value(const struct merge *merge, struct yaml_node *to,
			const struct yaml_pair *pair)
{
	static const char gone[] = "$deleteFromPrimitiveList/";
	const char *key = pair->key->text;
	struct yaml_node *old = tree_get(to, key);
	const struct keyed_list *keyed = find_keyed(merge, key);

	if (strncmp(key, gone, strlen(gone)) == 0) {
		delete_primitives(tree_get(to, key + strlen(gone)), pair->value);
	} else if (key[0] == '$') {
		return;
	} else if (pair->value->kind == YAML_NULL) {
		tree_remove(to, key);
	} else if (old == NULL || old->kind != pair->value->kind || old->kind == YAML_SCALAR) {
		tree_set(merge->store, to, key, clean_copy(merge->store, pair->value));
	} else if (old->kind == YAML_MAP) {
		if (strcmp(directive(pair->value), "delete") == 0)
			tree_remove(to, key);
		else
			merge_map(merge, old, pair->value);
	} else if (keyed == NULL || replaces_list(pair->value)) {
		tree_set(merge->store, to, key, clean_copy(merge->store, pair->value));
	} else {
		size_t placed = 0;
		for (size_t i = 0; i < pair->value->item_count; i++)
			merge_item(merge, old, pair->value->items[i], keyed, &placed);
		drop_doubles(old, keyed);
	}
}

static void merge_map(const struct merge *merge, struct yaml_node *to,
		      const struct yaml_node *patch)
{
	if (to->kind != YAML_MAP || patch->kind != YAML_MAP)
		return;
	if (strcmp(directive(patch), "replace") == 0) {
		const struct yaml_node *copy = clean_copy(merge->store, patch);
		to->pairs = copy->pairs;
		to->pair_count = copy->pair_count;
		return;
	}
	for (size_t i = 0; i < patch->pair_count && !merge->store->is_full; i++)
		merge_value(merge, to, &patch->pairs[i]);
}

bool merge_patch(struct tree_store *store, struct resource *resource, const struct yaml_node *patch)
{
	struct merge merge = {.store = store,
			      .kind = resource_kind(resource),
			      .is_custom = resource_is_custom(resource)};
	if (strcmp(directive(patch), "delete") == 0)
		return false;
	merge_map(&merge, resource->root, patch);
	return true;
}
