/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_POLICY_POLICY_DOCUMENT_H
#define I2KIT_IMAGE_POLICY_POLICY_DOCUMENT_H

/*
 * policy.json of podman, skopeo and CRI-O, containers-policy.json(5): which images may come in, and
 * whose signatures they need. As strict as there: an unknown or doubled key refuses the whole file.
 */

#include <stddef.h>

#include "base/error.h"
#include "base/string_list.h"

#define POLICY_MAX_BYTES ((size_t)1 << 20)

enum policy_kind {
	POLICY_ACCEPT,	    /* insecureAcceptAnything */
	POLICY_REJECT,	    /* reject */
	POLICY_SIGNED_BY,   /* signedBy: simple signing, OpenPGP keys */
	POLICY_SIGSTORE,    /* sigstoreSigned */
	POLICY_UNSUPPORTED, /* known there, and not done here: refuses the images that it is for */
};

enum identity_kind {
	IDENTITY_REPO_DIGEST_OR_EXACT, /* matchRepoDigestOrExact, the default */
	IDENTITY_EXACT,		       /* matchExact */
	IDENTITY_REPOSITORY,	       /* matchRepository */
	IDENTITY_EXACT_REFERENCE,      /* exactReference */
	IDENTITY_EXACT_REPOSITORY,     /* exactRepository */
	IDENTITY_REMAP,		       /* remapIdentity */
};

struct identity_rule {
	enum identity_kind kind;
	char *name;	     /* owned, or NULL: the reference, repository or prefix */
	char *signed_prefix; /* owned, or NULL: of IDENTITY_REMAP */
};

/* Keys as the file names them: paths, or the keys themselves in base64. Any one of them will do. */
struct policy_keys {
	struct string_list paths;
	struct string_list data;
};

struct policy_requirement {
	enum policy_kind kind;
	const char *unsupported; /* of POLICY_UNSUPPORTED: the word; static */
	struct policy_keys keys;
	struct policy_keys log_keys; /* of Rekor; none: no proof of a log is asked for */
	struct identity_rule identity;
};

struct signature_rule {
	char *transport;		  /* owned; NULL: the default of all */
	char *scope;			  /* owned; "": the transport's default */
	struct policy_requirement *items; /* owned; all of them must hold; at least one */
	size_t count;
	char *text; /* owned: the requirements as JSON, keys sorted */
};

struct policy_document {
	struct signature_rule *rules; /* owned; the first is the default of all */
	size_t count;
};
void policy_document_clear(struct policy_document *document);

/* path is for messages. */
MUST_CHECK bool policy_document_parse(const char *text, size_t size, const char *path,
				      struct policy_document *ret, struct error *err);

/*
 * The rule for an image: of its transport's scopes the first that is there (most specific first),
 * else the transport's default, else the default of all. Never NULL of a document that was parsed.
 */
const struct signature_rule *policy_document_find(const struct policy_document *document,
						  const char *transport,
						  const struct string_list *scopes);

#endif
