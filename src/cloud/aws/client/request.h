/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_CLIENT_REQUEST_H
#define I2KIT_CLOUD_AWS_CLIENT_REQUEST_H

/*
 * One call as a plain value, made into a signed HTTP request; and what an answer says, whichever
 * protocol it is in.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/string_list.h"
#include "cloud/aws/client/credentials.h"
#include "cloud/aws/client/endpoint.h"
#include "cloud/aws/client/query.h"

struct aws_call {
	const struct aws_service *service;
	const char *action;	    /* for messages, and X-Amz-Target of JSON services */
	const char *method;	    /* NULL: POST */
	const char *path;	    /* percent-encoded; NULL: "/" */
	const char *query;	    /* percent-encoded; NULL: none */
	const char *const *headers; /* "Name: value", NULL-terminated, or NULL */
	const void *body;
	size_t body_size;
	const char *body_hash;	  /* hex SHA-256 of the body where the caller has it; or NULL */
	bool is_unsigned;	  /* no Authorization at all */
	bool has_signed_checksum; /* a signed header holds the body's checksum: over TLS the body
				     itself stays out of the signature */
	bool is_raw_answer;	  /* keep the body as bytes, do not look for errors in it */
};

/* The call of a filled query. Borrowed from it. */
struct aws_call aws_call_query(const struct aws_query *query);

struct aws_signed {
	char *url;		    /* owned */
	struct string_list headers; /* owned */
};
void aws_signed_clear(struct aws_signed *request);

/* time_s: the service's clock. credentials may be NULL for an unsigned call. */
MUST_CHECK bool aws_call_sign(const struct aws_call *call, const struct aws_settings *settings,
			      const char *region, const struct aws_credentials *credentials,
			      int64_t time_s, struct aws_signed *ret, struct error *err);

#endif
