/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_LOOP_CHILD_H
#define I2KIT_BASE_LOOP_CHILD_H

/* Children as sources of a loop. */

#include <sys/types.h>

struct loop;
struct loop_child;

/*
 * Fires once when the child has ended (pidfd); status is as from waitpid(). The child is reaped
 * and the source is gone after that.
 */
typedef void loop_child_fn(struct loop_child *child, pid_t pid, int status, void *arg);
struct loop_child *loop_add_child(struct loop *loop, pid_t pid, loop_child_fn *fn, void *arg);
void loop_child_remove(struct loop_child *child);

#endif
