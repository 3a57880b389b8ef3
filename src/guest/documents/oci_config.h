/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_DOCUMENTS_OCI_CONFIG_H
#define I2KIT_GUEST_DOCUMENTS_OCI_CONFIG_H

/*
 * The OCI runtime configuration of a container, config.json of runtime-spec 1.0: a pure function of
 * what the image and the manifest say. Network, IPC and host name are the VM's, shared by the pod.
 */

#include "guest/documents/image_user.h"
#include "guest/documents/mount_list.h"
#include "wire/pod_document.h"

/* A node in the container's /dev beside the runtime's own. */
struct oci_device {
	char *path;
	bool is_block;
	unsigned major;
	unsigned minor;
	unsigned mode;
};

struct oci_device_list {
	struct oci_device *items; /* owned with their texts */
	size_t count;
};
void oci_device_list_clear(struct oci_device_list *list);

struct oci_plan {
	const struct pod_image *pod;
	const struct container_image *container;
	const char *root_path; /* the mounted root filesystem */
	const char *cgroup_path;
	const char
		*process_namespace; /* a file that stands for the one to join; or NULL: its own */
	const struct string_list *environment;
	const struct image_user *user;
	const struct oci_mount *mounts; /* binds, after the system's own */
	size_t mount_count;
	const struct oci_device_list *devices; /* of a privileged container, or NULL */
	uint64_t memory_limit_bytes;	       /* 0: none */
	uint64_t task_limit;		       /* processes and threads; 0: none */
};

/* The JSON text, owned; NULL and *err where the container says nothing to run or asks the
 * impossible. */
char *oci_config_make(const struct oci_plan *plan, struct error *err);

/*
 * A process to run in a running container (`crun exec --process`): same user, capabilities and
 * seccomp; argv instead of the container's. cwd may be NULL.
 */
struct oci_process {
	const struct container_image *container;
	const struct pod_image *pod;
	const struct string_list *environment;
	const struct image_user *user;
	const struct string_list *argv;
	const char *cwd;
	bool has_tty;
	unsigned rows;
	unsigned columns;
};
char *oci_process_make(const struct oci_process *process);

/* name: without CAP_. */
bool container_has_capability(const struct container_security *security, const char *name);
/* Entrypoint rules: what runs, in ret (appended). */
MUST_CHECK bool container_argv(const struct container_image *container,
			       const struct string_list *environment, struct string_list *ret,
			       struct error *err);
const char *container_working_dir(const struct container_image *container);
/* "SIGQUIT", "QUIT" or "3" → its number; SIGTERM where the image says nothing or nonsense. */
int container_stop_signal(const struct container_image *container);

#endif
