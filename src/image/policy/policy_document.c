/* SPDX-License-Identifier: Apache-2.0 */
#include "image/policy/policy_document.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/json_writer.h"

enum { RULES_MAX = 10000, REQUIREMENTS_MAX = 100, KEYS_MAX = 1000, MEMBERS_MAX = 100 };

static void clear_keys(struct policy_keys *keys)
{
	string_list_clear(&keys->paths);
	string_list_clear(&keys->data);
}

static void clear_rule(struct signature_rule *rule)
{
	for (size_t i = 0; i < rule->count; i++) {
		clear_keys(&rule->items[i].keys);
		clear_keys(&rule->items[i].log_keys);
		free(rule->items[i].identity.name);
		free(rule->items[i].identity.signed_prefix);
	}
	free(rule->items);
	free(rule->transport);
	free(rule->scope);
	free(rule->text);
	*rule = (struct signature_rule){0};
}

void policy_document_clear(struct policy_document *document)
{
	for (size_t i = 0; i < document->count; i++)
		clear_rule(&document->rules[i]);
	free(document->rules);
	*document = (struct policy_document){0};
}

/* An object, and no null among its values: a view passes over those. */
static void check_values(struct json_view object, size_t max)
{
	size_t values = 0;
	for (struct json_view one = json_view_first(object, max); json_view_exists(one);
	     one = json_view_next(one))
		values++;
	if (!json_view_is_object(object))
		json_view_complain(object, "is not an object");
	else if (json_view_members(object, max) != values)
		json_view_complain(object, "has a null");
}

/* The same with these keys and no others. */
static void check_object(struct json_view object, const char *const *keys)
{
	check_values(object, MEMBERS_MAX);
	json_view_refuse_unknown(object, keys);
}

static void refuse_empty(struct json_view view, const char *text)
{
	if (text != NULL && text[0] == '\0')
		json_view_complain(view, "is empty");
}

/* A list of at least one text. */
static void read_texts(struct json_view list, struct string_list *ret)
{
	json_view_texts(list, KEYS_MAX, ret);
	if (json_view_exists(list) && json_view_count(list, KEYS_MAX) == 0)
		json_view_complain(list, "has no entries");
	for (size_t i = 0; i < ret->count; i++)
		refuse_empty(list, ret->items[i]);
}

static void read_one(struct json_view view, struct string_list *ret)
{
	const char *text = json_view_peek(view);
	refuse_empty(view, text);
	if (text != NULL)
		string_list_add(ret, text);
}

/* How many of the ways to name keys are there: "keyPath", "keyPaths", "keyData", "keyDatas". */
static unsigned read_keys(struct json_view from, const char *stem, struct policy_keys *ret)
{
	AUTO_FREE char *path = xasprintf("%sPath", stem);
	AUTO_FREE char *paths = xasprintf("%sPaths", stem);
	AUTO_FREE char *data = xasprintf("%sData", stem);
	AUTO_FREE char *datas = xasprintf("%sDatas", stem);
	read_one(json_view_get(from, path), &ret->paths);
	read_texts(json_view_get(from, paths), &ret->paths);
	read_one(json_view_get(from, data), &ret->data);
	read_texts(json_view_get(from, datas), &ret->data);
	return (unsigned)json_view_exists(json_view_get(from, path)) +
	       (unsigned)json_view_exists(json_view_get(from, paths)) +
	       (unsigned)json_view_exists(json_view_get(from, data)) +
	       (unsigned)json_view_exists(json_view_get(from, datas));
}

static void read_identity(struct json_view from, struct identity_rule *ret)
{
	static const char *const words[] = {
		[IDENTITY_REPO_DIGEST_OR_EXACT] = "matchRepoDigestOrExact",
		[IDENTITY_EXACT] = "matchExact",
		[IDENTITY_REPOSITORY] = "matchRepository",
		[IDENTITY_EXACT_REFERENCE] = "exactReference",
		[IDENTITY_EXACT_REPOSITORY] = "exactRepository",
		[IDENTITY_REMAP] = "remapIdentity",
	};
	static const char *const keys[][4] = {
		[IDENTITY_REPO_DIGEST_OR_EXACT] = {"type", NULL},
		[IDENTITY_EXACT] = {"type", NULL},
		[IDENTITY_REPOSITORY] = {"type", NULL},
		[IDENTITY_EXACT_REFERENCE] = {"type", "dockerReference", NULL},
		[IDENTITY_EXACT_REPOSITORY] = {"type", "dockerRepository", NULL},
		[IDENTITY_REMAP] = {"type", "prefix", "signedPrefix", NULL},
	};
	if (!json_view_exists(from))
		return;
	unsigned kind = json_view_word(json_view_require(from, "type"), words, ARRAY_SIZE(words),
				       IDENTITY_REPO_DIGEST_OR_EXACT);
	ret->kind = (enum identity_kind)kind;
	check_object(from, keys[kind]);
	if (keys[kind][1] != NULL) {
		ret->name = json_view_text(json_view_require(from, keys[kind][1]));
		refuse_empty(from, ret->name);
	}
	if (keys[kind][1] != NULL && keys[kind][2] != NULL) {
		ret->signed_prefix = json_view_text(json_view_require(from, keys[kind][2]));
		refuse_empty(from, ret->signed_prefix);
	}
}

static void read_signed_by(struct json_view from, struct policy_requirement *ret)
{
	static const char *const keys[] = {"type",    "keyType",	"keyPath", "keyPaths",
					   "keyData", "signedIdentity", NULL};
	static const char *const types[] = {"GPGKeys", "signedByGPGKeys", "X509Certificates",
					    "signedByX509CAs"};
	check_object(from, keys);
	unsigned type =
		json_view_word(json_view_require(from, "keyType"), types, ARRAY_SIZE(types), 0);
	if (read_keys(from, "key", &ret->keys) != 1)
		json_view_complain(from, "needs exactly one of keyPath, keyPaths and keyData");
	read_identity(json_view_get(from, "signedIdentity"), &ret->identity);
	if (type > 0) {
		ret->kind = POLICY_UNSUPPORTED;
		ret->unsupported = types[type];
	}
}

static void read_sigstore(struct json_view from, struct policy_requirement *ret)
{
	static const char *const keys[] = {"type",
					   "keyPath",
					   "keyPaths",
					   "keyData",
					   "keyDatas",
					   "fulcio",
					   "pki",
					   "rekorPublicKeyPath",
					   "rekorPublicKeyPaths",
					   "rekorPublicKeyData",
					   "rekorPublicKeyDatas",
					   "signedIdentity",
					   NULL};
	bool has_fulcio = json_view_exists(json_view_get(from, "fulcio"));
	bool has_pki = json_view_exists(json_view_get(from, "pki"));
	check_object(from, keys);
	unsigned count = read_keys(from, "key", &ret->keys) + has_fulcio + has_pki;
	if (count != 1)
		json_view_complain(from, "needs exactly one of keyPath, keyPaths, keyData, "
					 "keyDatas, fulcio and pki");
	if (read_keys(from, "rekorPublicKey", &ret->log_keys) > 1)
		json_view_complain(from, "has more than one rekorPublicKey…");
	read_identity(json_view_get(from, "signedIdentity"), &ret->identity);
	if (has_fulcio || has_pki) {
		ret->kind = POLICY_UNSUPPORTED;
		ret->unsupported = has_fulcio ? "fulcio" : "pki";
	}
}

static void read_requirement(struct json_view from, struct policy_requirement *ret)
{
	static const char *const words[] = {"insecureAcceptAnything", "reject", "signedBy",
					    "sigstoreSigned", "signedBaseLayer"};
	static const char *const plain[] = {"type", NULL};
	static const char *const base_layer[] = {"type", "baseLayerIdentity", NULL};
	unsigned kind = json_view_word(json_view_require(from, "type"), words, ARRAY_SIZE(words),
				       POLICY_REJECT);
	ret->kind = (enum policy_kind)kind;
	switch (ret->kind) {
	case POLICY_ACCEPT:
	case POLICY_REJECT:
		check_object(from, plain);
		return;
	case POLICY_SIGNED_BY:
		read_signed_by(from, ret);
		return;
	case POLICY_SIGSTORE:
		read_sigstore(from, ret);
		return;
	case POLICY_UNSUPPORTED:
		check_object(from, base_layer);
		ret->unsupported = words[kind];
		return;
	}
}

static void read_rule(struct json_view list, const char *transport, const char *scope,
		      struct policy_document *document)
{
	struct signature_rule *rule = ARRAY_APPEND(document->rules, document->count);
	size_t count = json_view_count(list, REQUIREMENTS_MAX);
	rule->transport = xstrdup_or_null(transport);
	rule->scope = xstrdup(scope);
	rule->text = json_view_dump(list, JSON_SORTED);
	if (count == 0)
		json_view_complain(list, "has no requirements");
	for (size_t i = 0; i < count; i++)
		read_requirement(json_view_at(list, i), ARRAY_APPEND(rule->items, rule->count));
}

/* Paths must be whole and tidy there: "/" and "/a/../b" would match nothing. */
static bool is_path_scope(const char *scope)
{
	size_t size = strlen(scope);
	return scope[0] == '/' && size > 1 && scope[size - 1] != '/' &&
	       strstr(scope, "//") == NULL && strstr(scope, "/./") == NULL &&
	       strstr(scope, "/../") == NULL && strcmp(scope + size - 2, "/.") != 0 &&
	       (size < 3 || strcmp(scope + size - 3, "/..") != 0);
}

static void check_scope(struct json_view list, const char *transport)
{
	const char *scope = list.key;
	bool is_folder = strcmp(transport, "oci") == 0 || strcmp(transport, "dir") == 0 ||
			 strcmp(transport, "oci-archive") == 0;
	if (scope[0] == '\0')
		return;
	if (strcmp(transport, "docker-archive") == 0 || strcmp(transport, "tarball") == 0)
		json_view_complain(list, "is a scope where there is none but \"\"");
	else if (is_folder && !is_path_scope(scope))
		json_view_complain(list, "is no absolute path without . and ..");
}

static void read_transport(struct json_view scopes, struct policy_document *document)
{
	const char *transport = scopes.key;
	check_values(scopes, RULES_MAX);
	for (struct json_view list = json_view_first(scopes, RULES_MAX); json_view_exists(list);
	     list = json_view_next(list)) {
		check_scope(list, transport);
		read_rule(list, transport, list.key, document);
		if (document->count > RULES_MAX)
			json_view_complain(list, "is one rule too many");
	}
}

bool policy_document_parse(const char *text, size_t size, const char *path,
			   struct policy_document *ret, struct error *err)
{
	static const char *const keys[] = {"default", "transports", NULL};
	AUTO(policy_document_clear) struct policy_document document = {0};
	AUTO_PTR(json_document)
	struct json_document *json = json_document_parse(text, size, path, 0, err);
	if (json == NULL)
		return false;
	struct json_view root = json_document_root(json);
	struct json_view transports = json_view_get(root, "transports");
	check_object(root, keys);
	if (json_view_exists(transports))
		check_values(transports, MEMBERS_MAX);
	read_rule(json_view_require(root, "default"), NULL, "", &document);
	for (struct json_view one = json_view_first(transports, MEMBERS_MAX); json_view_exists(one);
	     one = json_view_next(one))
		read_transport(one, &document);
	if (!json_document_check(json, err))
		return false;
	*ret = document;
	document = (struct policy_document){0};
	return true;
}

static const struct signature_rule *find(const struct policy_document *document,
					 const char *transport, const char *scope)
{
	for (size_t i = 1; i < document->count; i++) {
		const struct signature_rule *rule = &document->rules[i];
		if (strcmp(rule->transport, transport) == 0 && strcmp(rule->scope, scope) == 0)
			return rule;
	}
	return NULL;
}

const struct signature_rule *policy_document_find(const struct policy_document *document,
						  const char *transport,
						  const struct string_list *scopes)
{
	for (size_t i = 0; i < scopes->count; i++) {
		const struct signature_rule *rule = find(document, transport, scopes->items[i]);
		if (rule != NULL)
			return rule;
	}
	const struct signature_rule *rule = find(document, transport, "");
	return rule != NULL ? rule : &document->rules[0];
}
