/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/kustomize/generator.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/sha256.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "manifest/yaml_node.h"

enum { BASE64_LINE = 70 };

struct generator {
	struct kustomizer *kustomizer;
	const char *folder;
	const struct yaml_node *entry;
	bool is_secret;
	struct yaml_node *root; /* the object that is made */
};

/* In lines of 70 where it is longer, as kustomize writes it: the hash counts them. */
static char *secret_text(const char *bytes, size_t size)
{
	struct strbuf text = STRBUF_INIT;
	AUTO_FREE char *code = base64_encode(bytes, size);
	size_t length = strlen(code);
	if (length < BASE64_LINE)
		return TAKE_PTR(code);
	for (size_t i = 0; i < length; i += BASE64_LINE) {
		size_t width = length - i < BASE64_LINE ? length - i : BASE64_LINE;
		strbuf_append_bytes(&text, code + i, width);
		strbuf_append_char(&text, '\n');
	}
	return strbuf_take(&text);
}

static void put(struct generator *generator, const struct yaml_node *node, const char *key,
		const char *bytes, size_t size)
{
	struct tree_store *store = &generator->kustomizer->store;
	bool is_text = utf8_is_valid(bytes, size, NULL) && memchr(bytes, '\0', size) == NULL;
	bool is_data = generator->is_secret || is_text;
	struct yaml_node *data =
		tree_get_map(store, generator->root, is_data ? "data" : "binaryData");

	if (key[0] == '\0') {
		kustomizer_error(generator->kustomizer, node, "KEY=VALUE", "a key is missing");
		return;
	}
	if (data == NULL || tree_get(data, key) != NULL) {
		kustomizer_error(generator->kustomizer, node, "keys are unique in an object",
				 "the key '%.80s' is there already", key);
		return;
	}
	AUTO_FREE char *text = generator->is_secret ? secret_text(bytes, size)
			       : is_text	    ? xstrndup(bytes, size)
						    : base64_encode(bytes, size);
	tree_set(store, data, key, tree_text(store, text, node));
}

static void add_literal(struct generator *generator, const struct yaml_node *item)
{
	const char *equals = item->kind == YAML_SCALAR ? strchr(item->text, '=') : NULL;
	if (equals == NULL) {
		kustomizer_error(generator->kustomizer, item, "literals: [KEY=VALUE]",
				 "not KEY=VALUE");
		return;
	}
	AUTO_FREE char *key = xstrndup(item->text, (size_t)(equals - item->text));
	const char *value = equals + 1;
	size_t size = strlen(value);
	bool is_quoted =
		size > 1 && (value[0] == '"' || value[0] == '\'') && value[size - 1] == value[0];
	put(generator, item, key, value + (is_quoted ? 1 : 0), size - (is_quoted ? 2 : 0));
}

static void add_file(struct generator *generator, const struct yaml_node *item)
{
	if (item->kind != YAML_SCALAR) {
		kustomizer_error(generator->kustomizer, item, "files: [KEY=FILE]", "not a file");
		return;
	}
	const char *equals = strchr(item->text, '=');
	const char *name = equals != NULL ? equals + 1 : item->text;
	const char *slash = strrchr(name, '/');
	AUTO_FREE char *key = equals != NULL ? xstrndup(item->text, (size_t)(equals - item->text))
					     : xstrdup(slash != NULL ? slash + 1 : name);
	AUTO_FREE char *bytes = NULL;
	size_t size = 0;
	if (kustomizer_read(generator->kustomizer, generator->folder, name, item, &bytes, &size))
		put(generator, item, key, bytes, size);
}

static void add_env_line(struct generator *generator, const struct yaml_node *item, char *line)
{
	line += strspn(line, " \t");
	if (line[0] == '\0' || line[0] == '#')
		return;
	char *equals = strchr(line, '=');
	if (equals == NULL) {
		kustomizer_error(generator->kustomizer, item,
				 "KEY=VALUE; values of one's own environment are not taken",
				 "'%.80s' in '%.200s' has no value", line, item->text);
		return;
	}
	*equals = '\0';
	put(generator, item, line, equals + 1, strlen(equals + 1));
}

static void add_env_file(struct generator *generator, const struct yaml_node *item)
{
	static const char mark[] = "\xef\xbb\xbf";
	AUTO_FREE char *text = NULL;
	size_t size = 0;

	if (item->kind != YAML_SCALAR || !kustomizer_read(generator->kustomizer, generator->folder,
							  item->text, item, &text, &size))
		return;
	char *line = text + (strncmp(text, mark, strlen(mark)) == 0 ? strlen(mark) : 0);
	while (line != NULL && *line != '\0') {
		char *end = strchr(line, '\n');
		if (end != NULL)
			*end++ = '\0';
		size_t length = strlen(line);
		if (length > 0 && line[length - 1] == '\r')
			line[length - 1] = '\0';
		add_env_line(generator, item, line);
		line = end;
	}
}

typedef void add_fn(struct generator *generator, const struct yaml_node *item);

static void add_each(struct generator *generator, const char *key, add_fn *add)
{
	const struct yaml_node *list = yaml_get(generator->entry, key);
	if (list != NULL && list->kind == YAML_SCALAR)
		add(generator, list);
	for (size_t i = 0; list != NULL && i < list->item_count; i++)
		add(generator, list->items[i]);
}

static void set_options(struct generator *generator, const struct yaml_node *options)
{
	static const char *const keys[] = {"labels", "annotations"};
	struct tree_store *store = &generator->kustomizer->store;
	struct yaml_node *metadata = tree_get_map(store, generator->root, "metadata");

	for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
		const struct yaml_node *pairs = yaml_get(options, keys[k]);
		if (pairs == NULL || pairs->kind != YAML_MAP)
			continue;
		struct yaml_node *target = tree_get_map(store, metadata, keys[k]);
		for (size_t i = 0; i < pairs->pair_count; i++)
			tree_set_text(store, target, pairs->pairs[i].key->text,
				      pairs->pairs[i].value->text);
	}
	bool is_immutable = false;
	if (yaml_is_bool(yaml_get(options, "immutable"), &is_immutable) && is_immutable)
		tree_set(store, generator->root, "immutable",
			 tree_copy(store, yaml_get(options, "immutable")));
}

static bool is_hash_off(const struct yaml_node *options)
{
	bool is_off = false;
	return yaml_is_bool(yaml_get(options, "disableNameSuffixHash"), &is_off) && is_off;
}

static void make_root(struct generator *generator, const char *name)
{
	struct tree_store *store = &generator->kustomizer->store;
	const char *space = tree_get_text(generator->entry, "namespace");
	const char *type = tree_get_text(generator->entry, "type");

	generator->root = tree_new(store, YAML_MAP, generator->entry);
	tree_set_text(store, generator->root, "apiVersion", "v1");
	tree_set_text(store, generator->root, "kind",
		      generator->is_secret ? "Secret" : "ConfigMap");
	struct yaml_node *metadata = tree_get_map(store, generator->root, "metadata");
	tree_set_text(store, metadata, "name", name);
	if (space != NULL)
		tree_set_text(store, metadata, "namespace", space);
	if (generator->is_secret)
		tree_set_text(store, generator->root, "type", type != NULL ? type : "Opaque");
}

static void change_old_head(struct generator *generator, struct resource *old)
{
	struct tree_store *store = &generator->kustomizer->store;
	static const char *const heads[] = {"labels", "annotations"};
	const struct yaml_node *metadata = tree_get(generator->root, "metadata");
	for (size_t k = 0; k < ARRAY_SIZE(heads); k++) {
		const struct yaml_node *made = tree_get(metadata, heads[k]);
		struct yaml_node *to = tree_get_map(store, old->root, "metadata");
		to = made != NULL && to != NULL ? tree_get_map(store, to, heads[k]) : NULL;
		for (size_t i = 0; to != NULL && i < made->pair_count; i++)
			tree_set(store, to, made->pairs[i].key->text, made->pairs[i].value);
	}
}

/* What the object that is there gets of the one that was made. */
static void change_old(struct generator *generator, struct resource *old, bool is_merge)
{
	static const char *const keys[] = {"data", "binaryData"};
	struct tree_store *store = &generator->kustomizer->store;

	for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
		struct yaml_node *made = tree_get(generator->root, keys[k]);
		struct yaml_node *is = tree_get(old->root, keys[k]);
		if (!is_merge)
			tree_remove(old->root, keys[k]);
		if (made != NULL && (!is_merge || is == NULL))
			tree_set(store, old->root, keys[k], made);
		for (size_t i = 0; is_merge && made != NULL && is != NULL && i < made->pair_count;
		     i++)
			tree_set(store, is, made->pairs[i].key->text, made->pairs[i].value);
	}
	struct yaml_node *immutable = tree_get(generator->root, "immutable");
	tree_remove(old->root, "immutable");
	if (immutable != NULL)
		tree_set(store, old->root, "immutable", immutable);
	change_old_head(generator, old);
}

static void settle(struct generator *generator, struct resource_list *list, bool wants_hash)
{
	const char *behavior = tree_get_text(generator->entry, "behavior");
	const char *kind = generator->is_secret ? "Secret" : "ConfigMap";
	const char *name = tree_get_text(generator->entry, "name");
	const char *space = tree_get_text(generator->entry, "namespace");
	struct resource *old = resource_find_ever(list, kind, "", space, name);
	bool is_new = behavior == NULL || strcmp(behavior, "create") == 0 || behavior[0] == '\0';

	if (!is_new && strcmp(behavior, "merge") != 0 && strcmp(behavior, "replace") != 0) {
		kustomizer_error(generator->kustomizer, yaml_get(generator->entry, "behavior"),
				 "create, merge or replace", "behavior '%.40s' is not known",
				 behavior);
	} else if (is_new && resource_find(list, kind, "", space, name) != NULL) {
		kustomizer_error(generator->kustomizer, generator->entry,
				 "behavior: merge adds to it", "there is a %s '%.80s' already",
				 kind, name);
	} else if (is_new) {
		resource_add(list, generator->root)->wants_hash = wants_hash;
	} else if (old == NULL) {
		kustomizer_error(generator->kustomizer, generator->entry, "behavior: create",
				 "there is no %s '%.80s' to %s", kind, name, behavior);
	} else {
		change_old(generator, old, behavior[0] == 'm');
	}
}

void generate(struct kustomizer *kustomizer, const char *folder, const struct yaml_node *entry,
	      const struct yaml_node *options, bool is_secret, struct resource_list *list)
{
	struct generator generator = {
		.kustomizer = kustomizer, .folder = folder, .entry = entry, .is_secret = is_secret};
	const char *name = tree_get_text(entry, "name");
	const struct yaml_node *own = yaml_get(entry, "options");

	if (name == NULL || name[0] == '\0') {
		kustomizer_error(kustomizer, entry, "name: settings", "'name' is missing");
		return;
	}
	make_root(&generator, name);
	set_options(&generator, options);
	set_options(&generator, own);
	add_each(&generator, "envs", add_env_file);
	add_each(&generator, "env", add_env_file);
	add_each(&generator, "literals", add_literal);
	add_each(&generator, "files", add_file);
	settle(&generator, list, !is_hash_off(own) && !is_hash_off(options));
}

/* As Go's encoding/json writes text. */
static void append_go_text(struct strbuf *text, const char *value)
{
	strbuf_append_char(text, '"');
	for (const char *at = value; *at != '\0'; at++) {
		unsigned char c = (unsigned char)*at;
		if (c == '"' || c == '\\')
			strbuf_appendf(text, "\\%c", c);
		else if (c == '\n' || c == '\r' || c == '\t')
			strbuf_appendf(text, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
		else if (c == '\b' || c == '\f')
			strbuf_appendf(text, "\\%c", c == '\b' ? 'b' : 'f');
		else if (c < 0x20 || c == '<' || c == '>' || c == '&')
			strbuf_appendf(text, "\\u%04x", c);
		else if (c == 0xe2 && (unsigned char)at[1] == 0x80 &&
			 ((unsigned char)at[2] & 0xfe) == 0xa8) {
			strbuf_appendf(text, "\\u20%02x", 0x28 + ((unsigned char)at[2] & 1));
			at += 2;
		} else
			strbuf_append_char(text, (char)c);
	}
	strbuf_append_char(text, '"');
}

static int compare_keys(const void *a, const void *b)
{
	const struct yaml_pair *left = a;
	const struct yaml_pair *right = b;
	return strcmp(left->key->text, right->key->text);
}

/* Sorted; "" where there is none, as the field's own tool has it. */
static void append_data(struct strbuf *text, const struct yaml_node *data)
{
	if (data == NULL || data->kind != YAML_MAP) {
		strbuf_append(text, "\"\"");
		return;
	}
	AUTO_FREE struct yaml_pair *pairs = xcalloc(data->pair_count + 1, sizeof(*pairs));
	for (size_t i = 0; i < data->pair_count; i++)
		pairs[i] = data->pairs[i];
	qsort(pairs, data->pair_count, sizeof(*pairs), compare_keys);
	strbuf_append_char(text, '{');
	for (size_t i = 0; i < data->pair_count; i++) {
		strbuf_append(text, i > 0 ? "," : "");
		append_go_text(text, pairs[i].key->text);
		strbuf_append_char(text, ':');
		append_go_text(text, pairs[i].value->text);
	}
	strbuf_append_char(text, '}');
}

static char *hash_of(const struct resource *resource)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	bool is_secret = strcmp(resource_kind(resource), "Secret") == 0;
	const char *second = is_secret ? "stringData" : "binaryData";
	const struct yaml_node *more = tree_get(resource->root, second);
	const char *type = tree_get_text(resource->root, "type");
	uint8_t raw[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];

	strbuf_append_char(&text, '{');
	if (!is_secret && more != NULL) {
		strbuf_append(&text, "\"binaryData\":");
		append_data(&text, more);
		strbuf_append_char(&text, ',');
	}
	strbuf_append(&text, "\"data\":");
	append_data(&text, tree_get(resource->root, "data"));
	/* The name that kustomize looks up there is never found, and what it prints is what counts. */
	strbuf_appendf(&text, ",\"kind\":\"%s\",\"name\":\"\"", resource_kind(resource));
	if (is_secret && more != NULL) {
		strbuf_append(&text, ",\"stringData\":");
		append_data(&text, more);
	}
	if (is_secret) {
		strbuf_append(&text, ",\"type\":");
		append_go_text(&text, type != NULL ? type : "");
	}
	strbuf_append_char(&text, '}');
	sha256_bytes(text.data, text.size, raw);
	sha256_hex(raw, hex);
	/* No vowels, and nothing that reads as one, so that no word comes of it. */
	for (size_t i = 0; i < 10; i++) {
		static const char from[] = "013ae";
		static const char to[] = "ghkmt";
		const char *at = strchr(from, hex[i]);
		hex[i] = at != NULL ? to[at - from] : hex[i];
	}
	return xstrndup(hex, 10);
}

void generated_names_add_hashes(struct tree_store *store, struct resource_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (!list->items[i].wants_hash)
			continue;
		AUTO_FREE char *hash = hash_of(&list->items[i]);
		AUTO_FREE char *name = xasprintf("%s-%s", resource_name(&list->items[i]), hash);
		resource_rename(store, &list->items[i], name);
	}
}
