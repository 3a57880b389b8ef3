/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_ARENA_H
#define I2KIT_MANIFEST_ARENA_H

#include <stddef.h>

/* Memory for many small things that go together: zeroed pieces, freed all at once. */
struct arena_block;
struct arena {
	struct arena_block *last;
};
void *arena_alloc(struct arena *arena, size_t size) __attribute__((returns_nonnull));
void arena_clear(struct arena *arena);

#endif
