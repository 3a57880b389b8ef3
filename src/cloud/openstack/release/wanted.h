/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_RELEASE_WANTED_H
#define I2KIT_CLOUD_OPENSTACK_RELEASE_WANTED_H

/*
 * What a release is, whole: enough to make every server of it again, without the application. It is what a
 * release's record holds.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "base/json_writer.h"
#include "wire/release_id.h"

#define WANTED_KEY_SIZE 9 /* 8 hexadecimal digits and NUL */

struct wanted_claim {
	char *claim; /* owned */
	uint64_t size_bytes;
};

struct wanted_pod {
	char *name; /* owned, as all texts here */
	struct release_id id;
	char *image; /* Glance's id; NULL: not there yet */
	char *flavor;
	char *receipt;	/* or NULL */
	char *document; /* a template: document_template.h */
	uint32_t replicas;
	uint32_t surge;
	uint32_t unavailable;
	bool is_old_first;	     /* nothing of another release may run beside it */
	struct wanted_claim *claims; /* owned */
	size_t claim_count;
	char key[WANTED_KEY_SIZE]; /* of all that makes one server another: the release in its name */
};

struct wanted {
	char *scope;		   /* its name */
	char *network;		   /* Neutron's id */
	char *availability_zone;   /* or NULL */
	char *key_pair;		   /* or NULL */
	struct string_list groups; /* added to each pod's own */
	struct string_list
		addressed;	 /* services whose addresses the templates have, in their order */
	struct wanted_pod *pods; /* owned */
	size_t pod_count;
};
void wanted_clear(struct wanted *wanted);
const struct wanted_pod *wanted_find(const struct wanted *wanted, const char *pod);

/* Sets the key of each pod; the image's id, the receipt and the number of replicas are no part of it. */
void wanted_set_keys(struct wanted *wanted);
/* "SCOPE-POD-KEY-N"; owned. */
char *wanted_server_name(const struct wanted *wanted, const struct wanted_pod *pod,
			 uint32_t number);

/* As the member `key` of a document; every pod must have an image. */
void wanted_write(const struct wanted *wanted, struct json_writer *json, const char *key);
/* What is wrong in it is the document's complaint. */
void wanted_read(struct json_view view, struct wanted *ret);

#endif
