/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_MEMORY_STALL_H
#define I2KIT_GUEST_POD_MEMORY_STALL_H

/*
 * Is a container hanging at its memory limit? The kernel kills where nothing can be reclaimed; but
 * the last pages of a program's own text can be, are needed again at once, and are read again, for
 * ever: the container does nothing, and is not killed. Ten looks in a row that find it so are
 * enough. Pure.
 */

#include <stdbool.h>
#include <stdint.h>

/* What a container's cgroup says at one look; bytes. */
struct memory_look {
	uint64_t limit;	     /* memory.max; 0: none */
	uint64_t current;    /* memory.current */
	uint64_t cache;	     /* pages of files: what is left to reclaim */
	uint64_t stalled_us; /* memory.pressure: all of its processes waited for memory, in total */
};

/* What is kept of one container from look to look. */
struct memory_stall {
	uint64_t stalled_us;
	unsigned looks; /* in a row that found it hanging */
};

/* Takes the look that comes `interval_us` after the last one; true: the container is to end. */
bool memory_stall_look(struct memory_stall *stall, const struct memory_look *look,
		       uint64_t interval_us);

#endif
