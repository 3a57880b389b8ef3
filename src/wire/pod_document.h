/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_WIRE_POD_DOCUMENT_H
#define I2KIT_WIRE_POD_DOCUMENT_H

/*
 * pod.json, what is in a VM's disk (doc/formats.md §2), as values, as text and back. The host makes
 * it from a manifest and images (image/pod/pod_document.h), the guest finds it in its initrd.
 * Everything is owned by the struct it stands in. NULL or empty: not given.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/string_list.h"
#include "wire/check.h"
#include "wire/kinds.h"

#define POD_MAX_CONTAINERS 64
#define POD_MAX_LAYERS	   500
#define POD_MAX_VOLUMES	   500

#define POD_DOCUMENT_VERSION 1

struct probe_spec {
	struct check check; /* CHECK_NONE: there is no such probe */
	uint64_t initial_delay_ms;
	uint64_t period_ms;
	uint64_t timeout_ms;
	unsigned success_threshold;
	unsigned failure_threshold;
	int64_t grace_ms; /* -1: the pod's */
};

struct container_security {
	int64_t user; /* -1: the image's */
	int64_t group;
	bool is_non_root; /* refuse to run as 0 */
	bool is_root_read_only;
	bool has_no_new_privileges;
	bool is_privileged;
	struct string_list add; /* capabilities without CAP_ */
	struct string_list drop;
	bool is_seccomp_off;
	bool has_metadata; /* it may reach the cloud's metadata service: be the instance */
};

struct port_entry {
	char *name; /* or NULL */
	uint16_t port;
	enum protocol protocol;
};

struct container_image {
	char *name;
	char *image;	    /* as the manifest has it; of a path the last part */
	char *image_digest; /* or NULL */
	size_t *layers;	    /* indexes, bottom first */
	size_t layer_count;
	/* Of the OCI image config. */
	struct string_list entrypoint;
	struct string_list cmd;
	struct string_list env;
	char *working_dir;
	char *user;
	char *stop_signal;
	struct string_list volumes; /* paths */
	/* Of the manifest. */
	bool has_command;
	struct string_list command;
	bool has_args;
	struct string_list args;
	char *wanted_working_dir;
	bool is_init;
	bool is_sidecar; /* an init container that goes on */
	bool has_stdin;
	bool is_stdin_once;
	bool has_tty;
	struct port_entry *ports;
	size_t port_count;
	uint64_t cpu_request_millis; /* 0: not given */
	uint64_t cpu_limit_millis;
	uint64_t memory_request_bytes;
	uint64_t memory_limit_bytes;
	uint64_t ephemeral_request_bytes;
	uint64_t ephemeral_limit_bytes;
	uint64_t task_limit; /* processes and threads; 0: its share of the VM's */
	uint64_t cpu_shares; /* among the containers of the pod; 0: as cpu_request_millis says */
	int oom_score_adjustment;
	struct rlimit_entry *rlimits; /* each kind once */
	size_t rlimit_count;
	bool has_init; /* process 1 is the guest's own, not the program */
	struct probe_spec startup;
	struct probe_spec readiness;
	struct probe_spec liveness;
	struct check post_start;
	struct check pre_stop;
	struct check *more_post_starts; /* each after the one before it has succeeded */
	size_t more_post_start_count;
	struct check *more_pre_stops;
	size_t more_pre_stop_count;
	struct container_security security;
	char *termination_path;
};

/* A volume that shows an image's files. */
struct image_volume {
	char *name;	    /* of the release document's volume */
	char *image;	    /* these as a container's */
	char *image_digest; /* or NULL */
	size_t *layers;
	size_t layer_count;
};

struct layer_entry {
	char *name; /* the partition's */
	char *uuid;
	char *digest;  /* of the partition's bytes */
	char *diff_id; /* "layer" */
};

struct pod_image {
	char *pod;
	char *namespace;
	enum workload_kind workload;
	enum restart_policy restart_policy;
	uint64_t grace_ms;
	uint64_t active_deadline_ms; /* 0: none */
	int64_t backoff_limit;	     /* -1: none */
	uint64_t restart_limit;	     /* of OnFailure, for each container; 0: none */
	struct string_list sysctls;  /* "net.core.somaxconn=1024" */
	int64_t fs_group;	     /* -1: none */
	uint32_t *supplemental_groups;
	size_t supplemental_group_count;
	char *base_name; /* partition */
	char *base_uuid;
	char *base_digest;
	struct layer_entry *layers;
	size_t layer_count;
	struct image_volume *volumes; /* of kind VOLUME_IMAGE alone */
	size_t volume_count;
	bool shares_processes;		    /* shareProcessNamespace */
	struct container_image *containers; /* init containers first, in order */
	size_t container_count;
};

/* Canonical: the same values give the same bytes. Owned; NULL and *err for a text that is not
 * UTF-8. */
MUST_CHECK char *pod_document_write(const struct pod_image *pod, struct error *err);
/* what names the document in messages. */
MUST_CHECK bool pod_document_read(const void *bytes, size_t size, const char *what,
				  struct pod_image *ret, struct error *err);
void pod_image_clear(struct pod_image *image);
void container_image_clear(struct container_image *container);
const struct image_volume *pod_image_volume(const struct pod_image *pod, const char *name);

#endif
