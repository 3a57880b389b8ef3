/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_CLIENT_PARAMETER_H
#define I2KIT_CLOUD_AWS_CLIENT_PARAMETER_H

/* SSM Parameter Store: where secrets, long configurations and the records of releases are kept. */

#include "cloud/aws/client/client.h"

#define PARAMETER_MAX 4096 /* bytes of a standard parameter's value */

struct parameter {
	char *name;  /* owned; "/i2kit/…" */
	char *value; /* owned; wiped when freed */
	bool is_secret;
	char *key; /* owned; the KMS key of a secret; NULL: Amazon's own */
};

struct parameter_list {
	struct parameter *items; /* owned */
	size_t count;
};
void parameter_list_clear(struct parameter_list *list);
void parameter_list_add(struct parameter_list *list, const char *name, const char *value,
			bool is_secret);
/* Encrypts the newest of the list with that key; NULL: with Amazon's own. */
void parameter_list_use_key(struct parameter_list *list, const char *key);
const char *parameter_list_find(const struct parameter_list *list, const char *name);

/*
 * One that is there already is kept, for names carry the digest of their value; *ret_was_there
 * (NULL: nobody asks) says so to who has another kind of name.
 */
MUST_CHECK bool parameter_put(struct aws_client *client, const struct parameter *parameter,
			      bool *ret_was_there, struct error *err);
/* All below a path, with their values. Secrets are decrypted only when asked for. */
MUST_CHECK bool parameter_list_below(struct aws_client *client, const char *path, bool decrypt,
				     struct parameter_list *ret, struct error *err);
MUST_CHECK bool parameter_delete(struct aws_client *client, const char *name, struct error *err);

#endif
