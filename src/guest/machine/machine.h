/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_MACHINE_H
#define I2KIT_GUEST_MACHINE_MACHINE_H

/* The first steps of PID 1: the kernel's file systems, its modules, the way out. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* /proc, /sys, /dev, /run, cgroups; descriptors 0 to 2 are /dev/null after it. */
MUST_CHECK bool machine_mount(struct error *err);
/*
 * Every module that /etc/i2kit/modules names, in order. One that does not load is told, not fatal.
 */
void machine_load_modules(void);
/*
 * Loads what ROOT/etc/i2kit/modules.alias has for the devices that no driver serves ("" for the
 * initial root), and frees nothing.
 */
void machine_load_for_devices(const char *root);
/* The module of that name or alias; false: modules.alias has none, or it does not load. */
bool machine_load_by_name(const char *root, const char *name);
/* What /sys/module or the kernel configuration need not say: common limits and sysctls. */
void machine_set_defaults(void);
/* Writes text to a file that exists (sysctl, cgroup). */
MUST_CHECK bool machine_write(const char *path, const char *text, struct error *err);
/*
 * The last before containers start: however much memory and however many processes they take, some
 * is left for init, the runtime and the kernel. is_memory_limited: each container has a limit of
 * its own, and may use it all.
 */
void machine_keep_reserve(bool is_memory_limited);
uint64_t machine_available_bytes(void);
uint64_t machine_free_bytes(void);
/* How many processes one container of several may have, so that its neighbours can start theirs. */
uint64_t machine_task_limit(void);
void machine_set_wall_ns(int64_t wall_ns);
/*
 * Credited, and the kernel's generator seeded from it at once: what asks for random numbers from
 * now on gets others than another VM that goes on from the same saved state.
 */
MUST_CHECK bool machine_add_entropy(const void *bytes, size_t size, struct error *err);
uint64_t machine_memory_bytes(void);
/* Syncs and powers off. Does not return, unless this is not PID 1. */
void machine_power_off(void);

#endif
