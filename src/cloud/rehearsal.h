/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_REHEARSAL_H
#define I2KIT_CLOUD_REHEARSAL_H

/*
 * The cloud as one instance sees it: its metadata service, and of the other services as much as
 * the instance's role may call, all behind one address. No call leaves this process, no credentials
 * of the user are needed. The guest is given what promote would give it; what it sends is checked
 * as the cloud would check it. local/vm/rehearsal_vm.h has the machine.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/sha256.h"
#include "base/strbuf.h"
#include "manifest/app.h"
#include "manifest/environment.h"
#include "wire/release_id.h"

struct cloud_rehearsal_input {
	const struct app *app;
	const struct pod_spec *pod;
	struct release_id id;
	const char *config_json;
	const char *stack;
	const char *region; /* NULL: any */
	const struct environment *environment;
	/* A line the pod logged; text is raw. */
	void (*log)(const char *stream, const char *text, void *arg);
	void *log_arg;
};

enum rehearsal_signal { REHEARSAL_NO_SIGNAL, REHEARSAL_READY, REHEARSAL_FAILED };

/* An empty disk the pod will look for. */
struct cloud_rehearsal_volume {
	char *claim;  /* owned; NULL: of no claim, room for what containers write */
	char *serial; /* owned; the NVMe disk's */
	uint64_t size_bytes;
};

/* What has happened so far. */
struct cloud_rehearsal_facts {
	enum rehearsal_signal signal;
	bool has_token;		  /* asked for a metadata token */
	bool has_user_data;	  /* fetched its user data, with that token */
	unsigned parameters;	  /* secrets and pieces of configuration fetched */
	unsigned signed_calls;	  /* calls whose signature was right */
	char booted[DIGEST_SIZE]; /* of the disk, as the guest itself read it; or "" */
	unsigned log_lines;	  /* stored */
	size_t user_data_bytes;
	struct string_list names;    /* owned; what leads to the pod without a load balancer */
	struct string_list refusals; /* owned; what the cloud would have refused, and why */
	struct cloud_rehearsal_volume *volumes; /* owned */
	size_t volume_count;
};

struct cloud_rehearsal;

/* One of each provider that can be rehearsed: cloud_provider.rehearsal. */
struct cloud_rehearsal_table {
	/* NULL on failure: what cannot be promoted cannot be rehearsed. */
	struct cloud_rehearsal *(*open)(const struct cloud_rehearsal_input *input,
					struct error *err);
	void (*close)(struct cloud_rehearsal *rehearsal);
	/*
	 * Bytes of one connection so far. False: more must come first. True: *answer has all that
	 * is to be sent, then the connection ends.
	 */
	bool (*answer)(struct cloud_rehearsal *rehearsal, const char *bytes, size_t size,
		       struct strbuf *answer);
	const struct cloud_rehearsal_facts *(*facts)(const struct cloud_rehearsal *rehearsal);
};

#endif
