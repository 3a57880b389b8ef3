/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_RELEASE_RECORD_H
#define I2KIT_CLOUD_AWS_PROVIDER_RELEASE_RECORD_H

/*
 * Records of releases in SSM below /i2kit/STACK/releases/NUMBER: `meta` (JSON, written last, with
 * the SHA-256 of the rest) and the rest, {"tags":{…},"template":{…}}, in parts HASH-000, HASH-001 …
 * A part's name holds the digest it is of, so that one of a run that was killed is never taken for
 * another's.
 */

#include "base/ed25519.h"
#include "cloud/aws/client/client.h"
#include "cloud/aws/client/parameter.h"
#include "cloud/provider.h"

struct release_record {
	unsigned number;
	const char *note;
	const char *template_text;
	const struct key_value *tags; /* of the stack */
	size_t tag_count;
	const struct ed25519_key *key; /* who writes it signs it; NULL: nobody does */
};
/* The number after all that are there, whole or not. */
MUST_CHECK bool release_record_next(struct aws_client *client, const char *stack, unsigned *ret,
				    struct error *err);
/* ERROR_BUSY: somebody else wrote a release of that number meanwhile. */
MUST_CHECK bool release_record_save(struct aws_client *client, const char *stack,
				    const struct release_record *record, struct error *err);
MUST_CHECK bool release_record_remove(struct aws_client *client, const char *stack, unsigned number,
				      struct error *err);
/* Records that are not whole are left out. */
MUST_CHECK bool release_records_list(struct aws_client *client, const char *stack,
				     struct cloud_record_list *ret, struct error *err);
/* The parameters of a record in the order in which they are put, `meta` last. */
MUST_CHECK bool release_record_write(const char *stack, const struct release_record *record,
				     struct parameter_list *ret, struct error *err);
/* The whole records among the parameters of a stack; by number. */
void release_records_read(const struct parameter_list *list, const char *stack,
			  struct cloud_record_list *ret);
/* One of them; *ret_template and *ret_tags are owned. */
MUST_CHECK bool release_record_read(const struct parameter_list *list, const char *stack,
				    unsigned number, char **ret_template,
				    struct key_value **ret_tags, size_t *ret_tag_count,
				    struct error *err);
/* *ret_template and *ret_tags are owned. */
MUST_CHECK bool release_record_load(struct aws_client *client, const char *stack, unsigned number,
				    char **ret_template, struct key_value **ret_tags,
				    size_t *ret_tag_count, struct error *err);

#endif
