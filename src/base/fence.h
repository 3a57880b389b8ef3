/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_FENCE_H
#define I2KIT_BASE_FENCE_H

/*
 * Fences that a process puts around itself, for good: seccomp(2) filters by libseccomp, and
 * landlock(7). What is behind which of them is listed in doc/security.md. Where the kernel has no
 * seccomp it is an error; one without landlock (older than 5.13, or switched off) goes without.
 */

#include <stdbool.h>

#include "base/error.h"
#include "base/string_list.h"

/*
 * For a program that serves files to a guest and is executed next: it can make nothing set-uid or
 * set-gid and no device, whatever it may do otherwise. is_one_user: it cannot become another user
 * either; asked to, it stays who it is and is not told, as files of a guest's users are then this
 * user's.
 */
MUST_CHECK bool fence_file_server(bool is_one_user, struct error *err);

/*
 * No thread of this process, and nothing it starts, uses calls that neither i2kit nor what it runs
 * needs: to look into other processes, to change the kernel, its clock or its keys, or rings and
 * handles that go round other fences. no_new_privs comes with it.
 */
MUST_CHECK bool fence_calls(struct error *err);

/*
 * The calling thread, and what it starts from now on, write below those folders and in /dev and
 * /proc alone; what does not exist is left out. Other threads do what they did.
 */
MUST_CHECK bool fence_writes(const struct string_list *folders, struct error *err);

/*
 * Runs a job in a thread of its own behind both fences, and one more: no mounts and no namespaces.
 * The caller waits. What the thread breaks, it breaks in our memory; what it can ask the kernel for
 * is little.
 */
typedef bool fence_job_fn(void *arg, struct error *err);
MUST_CHECK bool fence_run(const struct string_list *folders, fence_job_fn *job, void *arg,
			  struct error *err);

#endif
