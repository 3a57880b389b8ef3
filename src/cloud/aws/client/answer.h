/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_CLIENT_ANSWER_H
#define I2KIT_CLOUD_AWS_CLIENT_ANSWER_H

/* What an answer of AWS says, whichever protocol it is in. */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct aws_call;
struct aws_service;
struct http_response;
struct json_document;

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
