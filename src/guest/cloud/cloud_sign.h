/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_CLOUD_CLOUD_SIGN_H
#define I2KIT_GUEST_CLOUD_CLOUD_SIGN_H

/* AWS Signature Version 4 for what the cloud agent sends. Pure. */

#include <stddef.h>
#include <stdint.h>

#include "base/string_list.h"

struct cloud_credentials {
	char *key_id;
	char *secret;
	char *token; /* or NULL */
};
void cloud_credentials_clear(struct cloud_credentials *credentials);

struct cloud_sign {
	const struct cloud_credentials *credentials;
	const char *region;
	const char *service; /* "ssm" */
	const char *host;    /* as in the Host header */
	const char *method;
	const char *path;   /* of characters that need no escape */
	const char *query;  /* sorted and escaped; "": none */
	const char *target; /* X-Amz-Target, or NULL */
	const char *content_type;
	const void *body;
	size_t body_size;
	int64_t wall_ns;
};
/* Appends the headers to send: Content-Type, X-Amz-*, Authorization. */
void cloud_sign(const struct cloud_sign *sign, struct string_list *ret);
/* Lower-case hex of the HMAC-SHA-256 of a text. */
void cloud_hmac_hex(const char *key, const char *text, char out[65]);
/* Lower-case hex of the SHA-256. */
void cloud_sha256_hex(const void *bytes, size_t size, char out[65]);

#endif
