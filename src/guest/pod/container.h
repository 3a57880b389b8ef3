/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_CONTAINER_H
#define I2KIT_GUEST_POD_CONTAINER_H

/*
 * One container of the pod as it runs: its root filesystem, its OCI bundle under
 * /run/i2kit/c/NAME, the runtime, its outputs. Tells the kubelet when it started and ended.
 */

#include "guest/documents/image_user.h"
#include "guest/pod/guest.h"

#define CONTAINER_FOLDER   "/run/i2kit/c"
#define CONTAINER_MESSAGES "/run/i2kit/messages"
#define CONTAINER_CGROUP   "/sys/fs/cgroup/i2kit"
#define CRUN_STATE	   "/run/crun"

struct container *container_new(struct guest *guest, size_t index);
void container_start(struct container *container);
void container_signal(struct container *container, int signal);
/* All of its processes go at once, as if the kernel had found no memory for them. */
void container_run_out_of_memory(struct container *container);
/*
 * Files of the developer's machine go into it: what its programs write stays over restarts from now
 * on, for as long as the VM lives.
 */
void container_keep_files(struct container *container);
/* Whether its files are mounted, be it that it does not run now. */
bool container_has_root(const struct container *container);
/* Stops it and starts it again, with its files. */
MUST_CHECK bool container_restart(struct container *container, struct error *err);
/* What the log had when it was started last. */
uint64_t container_log_sequence(const struct container *container);
/* 0 while it does not run. */
pid_t container_pid(const struct container *container);
/* The folder of its control group; owned. */
char *container_group(const struct container *container);
struct guest *container_guest(const struct container *container);
const struct container_image *container_get_image(const struct container *container);
const struct string_list *container_environment(const struct container *container);
const struct image_user *container_user(const struct container *container);
/* Where its root filesystem is mounted; owned. */
char *container_root(const struct container *container);
/* The bundle's folder. */
const char *container_folder(const struct container *container);
/* Where its termination message is outside it; owned. */
char *container_message_path(const struct container *container);
struct container *guest_find_container(struct guest *guest, const char *name_or_null);

/* A run's command (main_run.h). */
struct main_run;
/*
 * The container that the release's `run` names begins so as soon as its pod is as far. *run is
 * taken over. The handler's last call is `ended`; what came after it is not called again.
 */
void container_take_main(struct container *container, struct main_run *run);
/*
 * Nobody listens any more: the handler is not called again. A pod whose container has ended is
 * over only now, when all that it wrote is on its way.
 */
void container_leave_main(struct container *container);
/* The pod is over, and its container did not begin. */
void container_give_up_main(struct container *container, const char *why);

#endif
