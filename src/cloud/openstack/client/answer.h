/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_CLIENT_ANSWER_H
#define I2KIT_CLOUD_OPENSTACK_CLIENT_ANSWER_H

/*
 * What a service of OpenStack answered. Errors come in five shapes: Keystone's {"error": {…}}, Nova's and
 * Cinder's {"itemNotFound": {…}}, Neutron's {"NeutronError": {…}}, Octavia's {"faultstring": …}, the list of
 * Placement; and Glance's, Swift's and every proxy's HTML or text.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/http.h"
#include "base/json.h"

struct openstack_answer {
	int status; /* HTTP; 0: none came */
	char *body; /* owned, NUL-terminated; or NULL */
	size_t body_size;
	char *token;		 /* owned; X-Subject-Token; or NULL */
	char *request_id;	 /* owned; or NULL */
	char *message;		 /* owned; of an error: the service's words, printable; or NULL */
	uint64_t retry_after_ms; /* what the service asks for; 0: nothing; at most ten minutes */
};
void openstack_answer_clear(struct openstack_answer *answer);
/* Takes the body out of the response. */
void openstack_answer_read(struct http_response *response, struct openstack_answer *ret);

/* False, with the error that an answer is: "compute: POST /servers: 403, words (request ID)". */
bool openstack_answer_error(const struct openstack_answer *answer, const char *what,
			    struct error *err);
/* Worth another attempt: too many requests, away, a gateway's fault. is_repeatable: what was asked changes
 * nothing when it is done twice. */
bool openstack_answer_is_transient(const struct openstack_answer *answer, bool is_repeatable);
/* NULL and *err when it is no JSON. */
MUST_CHECK struct json_document *openstack_answer_json(const struct openstack_answer *answer,
						       const char *what, struct error *err);

#endif
