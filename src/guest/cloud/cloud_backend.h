/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_CLOUD_CLOUD_BACKEND_H
#define I2KIT_GUEST_CLOUD_CLOUD_BACKEND_H

/*
 * What a cloud gives an instance, as the cloud agent needs it. A cloud is one file with one table;
 * the rest of this folder knows none of their words.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/string_list.h"
#include "wire/name_record.h"

struct guest_cloud;

struct cloud_log_line {
	int64_t time_ms; /* since 1970, not falling within a stream */
	char *text;	 /* printable, not empty; owned */
};

/*
 * Temporary failures are tried again inside; ERROR_INVALID: refused for good. From `parameter` on NULL where
 * the cloud lets an instance do no such thing; a release that wants it is refused as it is read.
 */
struct cloud_backend {
	/* Asks its metadata service once. NULL: it is not there, or gives no answer (cloud_find.h). */
	struct guest_cloud *(*open)(struct error *err);
	/* The release document, perhaps with references; owned. */
	bool (*user_data)(struct guest_cloud *cloud, char **ret, struct error *err);
	/* A piece of the configuration by its name; owned. */
	bool (*parameter)(struct guest_cloud *cloud, const char *name, char **ret,
			  struct error *err);
	/* What a secret's reference means; owned. */
	bool (*secret)(struct guest_cloud *cloud, const char *reference, uint8_t **ret,
		       size_t *ret_size, struct error *err);
	/* Success too when it is attached to this instance already. */
	bool (*attach)(struct guest_cloud *cloud, const char *volume, const char *device,
		       struct error *err);
	/* Success too when it is there. */
	bool (*make_log)(struct guest_cloud *cloud, const char *group, const char *stream,
			 struct error *err);
	bool (*log)(struct guest_cloud *cloud, const char *group, const char *stream,
		    const struct cloud_log_line *lines, size_t count, struct error *err);
	/* is_good: the pod is ready, or has done its work. */
	bool (*signal)(struct guest_cloud *cloud, const char *stack, const char *resource,
		       bool is_good, struct error *err);
	/* The records of instances in a zone of names; added to *ret. */
	bool (*list_names)(struct guest_cloud *cloud, const char *zone,
			   struct name_record_list *ret, struct error *err);
	/* All of them become so, or none. */
	bool (*change_names)(struct guest_cloud *cloud, const char *zone,
			     const struct name_record_list *list, bool is_there, struct error *err);
	/* Which of these instances run, or are about to; added to *ret. */
	bool (*list_alive)(struct guest_cloud *cloud, const struct string_list *ids,
			   struct string_list *ret, struct error *err);
};

/* What every cloud's own state begins with. */
struct guest_cloud {
	const struct cloud_backend *backend;
	char *instance_id;
	char *address;	/* private, of its first interface */
	char *endpoint; /* in place of the services' own, or NULL (rehearsal) */
};

extern const struct cloud_backend cloud_backend_aws;

#endif
