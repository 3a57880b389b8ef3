/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_WIRE_KINDS_H
#define I2KIT_WIRE_KINDS_H

/*
 * What can be one of several in the documents of doc/formats.md, and the words that stand for it
 * there: these tables are the only ones, for manifest, host and guest.
 */

#include <stdint.h>

/* pod.json "workload": decides names, replacement order and end of life. */
enum workload_kind {
	/* also ReplicaSet, ReplicationController, DaemonSet, the short forms */
	WORKLOAD_DEPLOYMENT,
	WORKLOAD_STATEFUL_SET,
	WORKLOAD_POD,
	WORKLOAD_JOB,
};
/* Labels (and the first an annotation too) that a cluster's controllers give to pods. */
#define LABEL_COMPLETION_INDEX "batch.kubernetes.io/job-completion-index"
#define LABEL_JOB_NAME	       "batch.kubernetes.io/job-name"
#define LABEL_POD_NAME	       "statefulset.kubernetes.io/pod-name"
#define LABEL_POD_INDEX	       "apps.kubernetes.io/pod-index"

#define WORKLOAD_KINDS (WORKLOAD_JOB + 1)
extern const char *const workload_words[WORKLOAD_KINDS];

enum restart_policy { RESTART_ALWAYS, RESTART_ON_FAILURE, RESTART_NEVER };
#define RESTART_POLICIES (RESTART_NEVER + 1)
extern const char *const restart_policy_words[RESTART_POLICIES];

enum protocol { PROTOCOL_TCP, PROTOCOL_UDP };
#define PROTOCOLS (PROTOCOL_UDP + 1)
extern const char *const protocol_words[PROTOCOLS]; /* "TCP" … */

/* What a probe or a lifecycle hook does. Probes do not sleep; hooks do not ask gRPC. */
enum check_kind { CHECK_NONE, CHECK_EXEC, CHECK_HTTP, CHECK_TCP, CHECK_GRPC, CHECK_SLEEP };
#define CHECK_KINDS (CHECK_SLEEP + 1)
extern const char *const check_words[CHECK_KINDS]; /* CHECK_NONE has no word */

enum volume_kind {
	VOLUME_EMPTY_DIR,
	VOLUME_CONFIG_MAP,
	VOLUME_SECRET,
	VOLUME_HOST_PATH,
	VOLUME_CLAIM,
	VOLUME_DOWNWARD,
	VOLUME_PROJECTED, /* its parts are in `sources`: config map, secret or downward volumes */
	VOLUME_IMAGE,	  /* an image's files, which are in the pod's disk: pod.json "volumes" */
};
#define VOLUME_KINDS (VOLUME_IMAGE + 1)
extern const char *const volume_words[VOLUME_KINDS];

/* Limits of setrlimit, by the names that follow RLIMIT_. */
#define RLIMIT_NAMES 16
extern const char *const rlimit_words[RLIMIT_NAMES];
#define RLIMIT_NONE UINT64_MAX
struct rlimit_entry {
	unsigned kind; /* of rlimit_words */
	uint64_t soft; /* or RLIMIT_NONE */
	uint64_t hard;
};

/* Where an environment variable's value comes from; the word is the key that names the source. */
enum env_kind {
	ENV_VALUE,
	ENV_CONFIG_MAP,
	ENV_SECRET,
	ENV_FIELD,    /* metadata.name, status.podIP … */
	ENV_RESOURCE, /* limits.memory … of a container */
};
#define ENV_KINDS (ENV_RESOURCE + 1)
extern const char *const env_words[ENV_KINDS];

#endif
