/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/image_policy.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/process.h"
#include "base/sha256.h"
#include "base/strbuf.h"
#include "image/oci/policy_scope.h"
#include "image/oci/reference.h"
#include "image/oci/signature_check.h"
#include "image/oci/signature_fetch.h"
#include "image/oci/signed_identity.h"
#include "image/policy/openpgp.h"

#define SYSTEM_FOLDER "/etc/containers"

void image_policy_clear(struct image_policy *policy)
{
	for (size_t i = 0; i < policy->count; i++) {
		policy_key_list_clear(&policy->items[i].keys);
		policy_key_list_clear(&policy->items[i].log_keys);
	}
	free(policy->items);
	free(policy->file);
	policy_document_clear(&policy->document);
	string_list_clear(&policy->own.keys.paths);
	string_list_clear(&policy->scopes);
	lookaside_clear(&policy->lookaside);
	*policy = (struct image_policy){0};
}

/* The user's, where it is there, else the machine's. They know no $XDG_CONFIG_HOME. Owned. */
static char *find_file(const char *name)
{
	const char *home = getenv("HOME");
	AUTO_FREE char *own = home != NULL && home[0] == '/'
				      ? xasprintf("%s/.config/containers/%s", home, name)
				      : NULL;
	return own != NULL && path_exists(own) ? TAKE_PTR(own) : path_join(SYSTEM_FOLDER, name);
}

static bool read_document(const char *file, struct policy_document *ret, struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	if (!file_read(file, POLICY_MAX_BYTES, &text, &size, err) ||
	    !policy_document_parse(text, size, file, ret, err))
		return false;
	for (size_t i = 0; i < ret->count; i++) {
		for (size_t k = 0; k < ret->rules[i].count; k++) {
			if (!signed_identity_check(&ret->rules[i].items[k].identity, err))
				return error_prefix(err, "%s", file);
		}
	}
	return true;
}

static void hash_keys(struct sha256 *hash, const struct policy_key_list *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		struct digest one = sha256_digest(keys->items[i].bytes, keys->items[i].size);
		sha256_update(hash, one.bytes, sizeof(one.bytes));
	}
}

static bool add_requirement(struct image_policy *policy, const struct policy_requirement *wanted,
			    bool is_own, struct sha256 *hash, struct error *err)
{
	struct image_requirement *one = ARRAY_APPEND(policy->items, policy->count);
	one->wanted = wanted;
	one->is_own = is_own;
	if (wanted->kind == POLICY_UNSUPPORTED)
		return true;
	if (!policy_key_list_read(&wanted->keys, &one->keys, err) ||
	    !policy_key_list_read(&wanted->log_keys, &one->log_keys, err))
		return false;
	hash_keys(hash, &one->keys);
	hash_keys(hash, &one->log_keys);
	return true;
}

/* sigstore's keys are PEM; what else can be a key is of OpenPGP. cosign names repositories alone. */
static bool add_own(struct image_policy *policy, const char *path, struct sha256 *hash,
		    struct error *err)
{
	policy->own.kind = POLICY_SIGSTORE;
	policy->own.identity.kind = IDENTITY_REPOSITORY;
	string_list_add(&policy->own.keys.paths, path);
	if (!add_requirement(policy, &policy->own, true, hash, err))
		return error_prefix(err, "--verify-key");
	const struct policy_key *key = &policy->items[policy->count - 1].keys.items[0];
	if (!openpgp_is_key(key->bytes, key->size))
		return true;
	policy->own.kind = POLICY_SIGNED_BY;
	policy->own.identity.kind = IDENTITY_REPO_DIGEST_OR_EXACT;
	return true;
}

bool image_policy_wants_signature(const struct image_policy *policy)
{
	bool wants = false;
	for (size_t i = 0; i < policy->count; i++)
		wants = wants || policy->items[i].wanted->kind == POLICY_SIGNED_BY ||
			policy->items[i].wanted->kind == POLICY_SIGSTORE;
	return wants;
}

static bool open_rule(struct image_policy *policy, struct sha256 *hash, struct error *err)
{
	if (!path_exists(policy->file)) {
		free(TAKE_PTR(policy->file));
		return true;
	}
	if (!read_document(policy->file, &policy->document, err))
		return false;
	policy->rule = policy_document_find(&policy->document,
					    policy_scope_transport(policy->reference->transport),
					    &policy->scopes);
	sha256_update(hash, policy->rule->text, strlen(policy->rule->text));
	for (size_t i = 0; i < policy->rule->count; i++) {
		if (!add_requirement(policy, &policy->rule->items[i], false, hash, err))
			return error_prefix(err, "%s", policy->file);
	}
	return true;
}

bool image_policy_open(const struct reference *reference, const struct image_options *options,
		       struct image_policy *ret, struct error *err)
{
	AUTO_PTR(sha256) struct sha256 *hash = sha256_new();
	AUTO_FREE char *folder = find_file("registries.d");
	ret->reference = reference;
	ret->file = find_file("policy.json");
	policy_scope_list(reference, &ret->scopes);
	if (!open_rule(ret, hash, err) ||
	    (options->verify_key != NULL && !add_own(ret, options->verify_key, hash, err)))
		return false;
	ret->id = sha256_finish_digest(hash);
	return !image_policy_wants_signature(ret) || lookaside_read(&ret->lookaside, folder, err);
}

static bool refuse(const struct image_policy *policy, struct error *err)
{
	return error_hint(err, "i2kit policy %s shows the rule", policy->reference->text);
}

bool image_policy_admit(const struct image_policy *policy, struct error *err)
{
	for (size_t i = 0; i < policy->count; i++) {
		const struct policy_requirement *one = policy->items[i].wanted;
		if (one->kind == POLICY_REJECT) {
			error_set(err, ERROR_DENIED, "%s rejects it", policy->file);
			return refuse(policy, err);
		}
		if (one->kind == POLICY_UNSUPPORTED) {
			error_set(err, ERROR_UNSUPPORTED,
				  "%s asks for %s, which i2kit cannot check", policy->file,
				  one->unsupported);
			return refuse(policy, err);
		}
	}
	if (policy->reference->transport == TRANSPORT_REGISTRY ||
	    !image_policy_wants_signature(policy))
		return true;
	error_set(err, ERROR_DENIED,
		  "a signature is required, and an image that comes from no registry has none");
	return refuse(policy, err);
}

char *image_policy_lookaside(const struct image_policy *policy)
{
	const char *url = lookaside_url(&policy->lookaside, &policy->scopes);
	const char *home = getenv("HOME");
	if (url != NULL)
		return xstrdup(url);
	if (geteuid() == 0 || home == NULL)
		return xstrdup("file:///var/lib/containers/sigstore");
	return xasprintf("file://%s/.local/share/containers/sigstore", home);
}

static void add_places(const struct policy_document *document, struct string_list *reads,
		       bool *is_pgp)
{
	for (size_t i = 0; i < document->count; i++) {
		for (size_t k = 0; k < document->rules[i].count; k++) {
			const struct policy_requirement *one = &document->rules[i].items[k];
			string_list_copy(reads, &one->keys.paths);
			string_list_copy(reads, &one->log_keys.paths);
			*is_pgp = *is_pgp || one->kind == POLICY_SIGNED_BY;
		}
	}
}

static void add_folders(struct string_list *reads)
{
	static const char scheme[] = "file://";
	AUTO(lookaside_clear) struct lookaside lookaside = {0};
	AUTO_FREE char *folder = find_file("registries.d");
	const struct image_policy nothing = {0};
	AUTO_FREE char *usual = image_policy_lookaside(&nothing);
	string_list_add(reads, folder);
	string_list_add(reads, usual + strlen(scheme));
	/* What is wrong with it is said by whoever reads it next. */
	if (!lookaside_read(&lookaside, folder, NULL))
		return;
	for (size_t i = 0; i < lookaside.count; i++) {
		const char *url = lookaside.sections[i].url;
		if (url != NULL && strncmp(url, scheme, strlen(scheme)) == 0)
			string_list_add(reads, url + strlen(scheme));
	}
}

void image_policy_places(const struct image_options *options, struct string_list *reads,
			 struct string_list *programs)
{
	AUTO(policy_document_clear) struct policy_document document = {0};
	AUTO_FREE char *file = find_file("policy.json");
	bool is_pgp = false;
	string_list_add(reads, file);
	if (path_exists(file) && read_document(file, &document, NULL))
		add_places(&document, reads, &is_pgp);
	if (options != NULL && options->verify_key != NULL) {
		string_list_add(reads, options->verify_key);
		is_pgp = true;
	}
	add_folders(reads);
	AUTO_FREE char *program = is_pgp ? process_find_program(OPENPGP_PROGRAM) : NULL;
	if (program != NULL)
		string_list_add(programs, program);
}

static bool fetch(const struct image_policy *policy, struct registry *registry,
		  const struct digest *top, const struct digest *manifest,
		  struct image_signatures *ret, struct error *err)
{
	const struct image_requirement *last = &policy->items[policy->count - 1];
	bool is_attached = lookaside_has_attachments(&policy->lookaside, &policy->scopes);
	AUTO_FREE char *url = image_policy_lookaside(policy);
	if (!signature_fetch_lookaside(registry, url, policy->reference, manifest, ret, err) ||
	    ((is_attached || last->is_own) &&
	     !signature_fetch_attached(registry, manifest, ret, err)))
		return false;
	return !last->is_own || digest_equal(top, manifest) ||
	       signature_fetch_attached(registry, top, ret, err);
}

/* One of the signatures fulfils it. */
static bool fulfil(const struct image_policy *policy, const struct image_requirement *requirement,
		   const struct image_signatures *signatures,
		   const struct signature_subject *subject, struct strbuf *words, struct error *err)
{
	AUTO(error_clear) struct error first = ERROR_INIT;
	const char *source = requirement->is_own ? "--verify-key" : policy->file;
	for (size_t i = 0; i < signatures->count; i++) {
		AUTO(error_clear) struct error why = ERROR_INIT;
		AUTO_FREE char *whose = NULL;
		if (signature_check(requirement, &signatures->items[i], subject, &whose, &why)) {
			strbuf_appendf(words, "%s%s", words->size > 0 ? ", " : "", whose);
			return true;
		}
		/* A machine without the program is no signature that is wrong. */
		if (why.kind == ERROR_NOT_FOUND || why.kind == ERROR_SYSTEM)
			return error_move(err, &why);
		if (first.kind == ERROR_NONE)
			(void)error_move(&first, &why);
	}
	if (first.kind == ERROR_NONE)
		error_set(err, ERROR_DENIED, "%s requires a signature, and it has none", source);
	else
		error_set(err, ERROR_DENIED, "none of its %zu signature%s is what %s requires: %s",
			  signatures->count, signatures->count == 1 ? "" : "s", source,
			  first.message);
	return refuse(policy, err);
}

bool image_policy_check(const struct image_policy *policy, struct registry *registry,
			const struct digest *top, const struct digest *manifest, char **ret_checked,
			struct error *err)
{
	AUTO(image_signatures_clear) struct image_signatures signatures = {0};
	AUTO(strbuf_clear) struct strbuf words = STRBUF_INIT;
	if (!image_policy_wants_signature(policy)) {
		*ret_checked = policy->rule != NULL ? xstrdup("insecureAcceptAnything") : NULL;
		return true;
	}
	if (!fetch(policy, registry, top, manifest, &signatures, err))
		return false;
	for (size_t i = 0; i < policy->count; i++) {
		const struct image_requirement *one = &policy->items[i];
		const struct signature_subject subject = {.reference = policy->reference,
							  .manifest = manifest,
							  .top = one->is_own ? top : NULL};
		if (one->wanted->kind != POLICY_ACCEPT &&
		    !fulfil(policy, one, &signatures, &subject, &words, err))
			return false;
	}
	*ret_checked = strbuf_take(&words);
	return true;
}
