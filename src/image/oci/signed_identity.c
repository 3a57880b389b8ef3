/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/signed_identity.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/oci/reference.h"
#include "image/policy/policy_document.h"

#define HOST_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.:[]"

/* A registry's name as people write it; *ret_is_bare: neither tag nor digest is in it. */
static bool parse_name(const char *text, struct reference *ret, bool *ret_is_bare)
{
	const char *slash = strrchr(text, '/');
	const char *last = slash != NULL ? slash + 1 : text;
	*ret_is_bare = strpbrk(last, ":@") == NULL;
	return strstr(text, "://") == NULL && reference_parse(text, "/", ret, NULL) &&
	       ret->transport == TRANSPORT_REGISTRY;
}

static bool is_same_repository(const struct reference *a, const struct reference *b)
{
	return a->host != NULL && b->host != NULL && strcmp(a->host, b->host) == 0 &&
	       strcmp(a->name, b->name) == 0;
}

/* Host, repository and, as the digest is proved otherwise, the tag where there is no digest. */
static bool matches_exactly(const struct reference *image, const struct reference *name)
{
	if (!is_same_repository(image, name))
		return false;
	if (digest_is_set(&image->digest))
		return name->tag == NULL && digest_equal(&image->digest, &name->digest);
	return !digest_is_set(&name->digest) && image->tag != NULL && name->tag != NULL &&
	       strcmp(image->tag, name->tag) == 0;
}

static bool matches_digest_or_exactly(const struct reference *image, const struct reference *name)
{
	return digest_is_set(&image->digest) ? is_same_repository(image, name)
					     : matches_exactly(image, name);
}

/* With the prefix replaced; owned, NULL: it does not begin so, or means nothing afterwards. */
static char *remap(const struct identity_rule *rule, const struct reference *image)
{
	AUTO_FREE char *name = xasprintf("%s/%s", image->host, image->name);
	size_t size = strlen(rule->name);
	if (strncmp(name, rule->name, size) != 0 || (name[size] != '\0' && name[size] != '/'))
		return xstrdup(image->text);
	if (digest_is_set(&image->digest))
		return xasprintf("%s%s@%s", rule->signed_prefix, name + size,
				 DIGEST_TEXT(&image->digest));
	return xasprintf("%s%s:%s", rule->signed_prefix, name + size, image->tag);
}

static bool matches_remapped(const struct identity_rule *rule, const struct reference *image,
			     const struct reference *name)
{
	AUTO(reference_clear) struct reference remapped = {0};
	AUTO_FREE char *text = remap(rule, image);
	bool is_bare = false;
	return parse_name(text, &remapped, &is_bare) && matches_digest_or_exactly(&remapped, name);
}

static bool matches_named(const struct identity_rule *rule, const struct reference *name,
			  bool is_bare)
{
	AUTO(reference_clear) struct reference wanted = {0};
	bool is_wanted_bare = false;
	if (!parse_name(rule->name, &wanted, &is_wanted_bare))
		return false;
	if (rule->kind == IDENTITY_EXACT_REPOSITORY)
		return is_same_repository(&wanted, name);
	return !is_bare && !is_wanted_bare && strcmp(wanted.text, name->text) == 0;
}

bool signed_identity_matches(const struct identity_rule *rule, const struct reference *image,
			     const char *signed_name)
{
	AUTO(reference_clear) struct reference name = {0};
	bool is_bare = false;
	if (!parse_name(signed_name, &name, &is_bare))
		return false;
	if (rule->kind == IDENTITY_EXACT_REFERENCE || rule->kind == IDENTITY_EXACT_REPOSITORY)
		return matches_named(rule, &name, is_bare);
	if (image->host == NULL)
		return false;
	switch (rule->kind) {
	case IDENTITY_REPO_DIGEST_OR_EXACT:
		return !is_bare && matches_digest_or_exactly(image, &name);
	case IDENTITY_EXACT:
		return !is_bare && matches_exactly(image, &name);
	case IDENTITY_REPOSITORY:
		return is_same_repository(image, &name);
	case IDENTITY_REMAP:
		return !is_bare && matches_remapped(rule, image, &name);
	case IDENTITY_EXACT_REFERENCE:
	case IDENTITY_EXACT_REPOSITORY:
		break;
	}
	return false;
}

/* A host, or a name without tag and digest as it is when everything is filled in. */
static bool is_prefix(const char *text)
{
	AUTO(reference_clear) struct reference whole = {0};
	AUTO_FREE char *below = xasprintf("%s/x", text);
	bool is_bare = false;
	/* A host alone, whether or not it would be taken for one in front of a name. */
	if (strchr(text, '/') == NULL)
		return text[0] != '\0' && strchr("-.:", text[0]) == NULL &&
		       text[strspn(text, HOST_CHARACTERS)] == '\0';
	return parse_name(below, &whole, &is_bare) && is_bare &&
	       strlen(whole.host) + strlen(whole.name) + 1 == strlen(below);
}

bool signed_identity_check(const struct identity_rule *rule, struct error *err)
{
	AUTO(reference_clear) struct reference name = {0};
	bool is_bare = false;
	switch (rule->kind) {
	case IDENTITY_REPO_DIGEST_OR_EXACT:
	case IDENTITY_EXACT:
	case IDENTITY_REPOSITORY:
		return true;
	case IDENTITY_EXACT_REFERENCE:
		if (parse_name(rule->name, &name, &is_bare) && !is_bare)
			return true;
		return error_set(err, ERROR_INVALID, "dockerReference '%s' names no single image",
				 rule->name);
	case IDENTITY_EXACT_REPOSITORY:
		return parse_name(rule->name, &name, &is_bare) ||
		       error_set(err, ERROR_INVALID, "dockerRepository '%s' is no repository",
				 rule->name);
	case IDENTITY_REMAP:
		if (!is_prefix(rule->name))
			return error_set(err, ERROR_INVALID, "prefix '%s' is none", rule->name);
		return is_prefix(rule->signed_prefix) ||
		       error_set(err, ERROR_INVALID, "signedPrefix '%s' is none",
				 rule->signed_prefix);
	}
	return false;
}
