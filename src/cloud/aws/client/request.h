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
#include "base/http.h"
#include "base/json.h"
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

/* What came back. */
struct aws_answer {
	int status;	  /* HTTP; 0: no answer came */
	char *code;	  /* owned; AWS's error code, or NULL */
	char *message;	  /* owned; AWS's words, printable, or NULL */
	char *reason;	  /* owned; EBS: Reason; or NULL */
	char *request_id; /* owned; or NULL */
	char *body;	  /* owned; NUL-terminated; NULL while none came */
	size_t body_size;
	int64_t date_s;		 /* the service's clock as its Date header says; 0: unknown */
	uint64_t retry_after_ms; /* what the service asks for; 0: nothing */
};
void aws_answer_clear(struct aws_answer *answer);

/* Takes the body out of the response and reads codes and messages where the status is an error. */
void aws_answer_read(const struct aws_service *service, struct http_response *response,
		     struct aws_answer *ret);

bool aws_code_is(const struct aws_answer *answer, const char *code);
bool aws_answer_is_throttle(const struct aws_service *service, const struct aws_answer *answer);
/* Worth another attempt as it is: throttled, 5xx, timed out. */
bool aws_answer_is_transient(const struct aws_service *service, const struct aws_answer *answer);
/* The service says that our clock is wrong. */
bool aws_answer_is_skew(const struct aws_answer *answer);
/* The document in an answer that is none of an error; NULL and *err (`action` in it): it has none. */
MUST_CHECK struct json_document *aws_answer_json(const struct aws_answer *answer,
						 const char *action, struct error *err);
/* Fills err from an answer that is an error: kind, message, and a hint where one is known. */
bool aws_answer_error(const struct aws_call *call, const struct aws_answer *answer,
		      struct error *err);

#endif
