/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_RELEASE_RELEASE_STATEMENT_H
#define I2KIT_RELEASE_RELEASE_STATEMENT_H

/*
 * What several people put their names to before it is promoted: a project in an environment, all of
 * its pods with the digests of their disks and configurations, when and on what kind of machine each
 * was ready. Each signature is over the very same bytes. Kept in .i2kit/releases beside
 * environment.yml (release_approvals.h); doc/formats.md §7 has the format.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/ed25519.h"
#include "base/error.h"
#include "release/signed_text.h"
#include "wire/release_id.h"

/* A pod as its receipt has it. */
struct statement_pod {
	char *pod; /* owned */
	struct release_id release;
	char *accelerator; /* owned; "kvm" or "tcg" */
	char *firmware;	   /* owned */
	uint32_t replicas;
	int64_t ready_ns; /* since 1970 */
};

struct statement_signature {
	uint8_t key[ED25519_KEY_SIZE];
	char key_text[SIGNED_TEXT_KEY_SIZE];
	char *text; /* owned; base64 */
};

struct release_statement {
	char *project;		    /* owned */
	char *environment;	    /* owned; "": it has no name */
	int64_t time_ns;	    /* when it was made */
	struct statement_pod *pods; /* owned; by name, each once */
	size_t pod_count;
	struct statement_signature *signatures; /* owned; a key once; all hold once it is read */
	size_t signature_count;
};
void release_statement_clear(struct release_statement *statement);

/* Takes the pod's content over. */
void release_statement_add(struct release_statement *statement, struct statement_pod *pod);
/* What is signed; owned. NULL: a text is not UTF-8. */
char *release_statement_text(const struct release_statement *statement, struct error *err);
/* The SHA-256 of what is signed: a release's name among people. */
MUST_CHECK bool release_statement_digest(const struct release_statement *statement,
					 struct digest *ret, struct error *err);
/* ERROR_EXISTS when this key has signed it. */
MUST_CHECK bool release_statement_sign(struct release_statement *statement,
				       const struct ed25519_key *key, struct error *err);
/* Whether both are about the same pods, digests, project and environment. */
bool release_statement_is_about(const struct release_statement *one,
				const struct release_statement *other);

/*
 * Whether what one says of a run that the other saw too (pod, digests, time of becoming ready) is what
 * the other says: machine, firmware, replicas. False: why, once. Runs that only one of them saw are
 * not compared: each machine has receipts of its own.
 */
MUST_CHECK bool release_statement_agrees(const struct release_statement *one,
					 const struct release_statement *other, struct error *err);

/* As the file has it; owned. */
char *release_statement_write(const struct release_statement *statement, struct error *err);
/* ERROR_CORRUPT: it is none, or a signature does not hold. */
MUST_CHECK bool release_statement_read(const char *text, size_t size, struct release_statement *ret,
				       struct error *err);

#endif
