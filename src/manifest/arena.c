/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/arena.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { BLOCK_SIZE = 64 * 1024 };

struct arena_block {
	struct arena_block *before;
	size_t used;
	size_t size;
	_Alignas(max_align_t) char bytes[];
};

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t step = _Alignof(max_align_t);
	size_t rounded = (size + step - 1) / step * step;
	struct arena_block *block = arena->last;
	if (block == NULL || block->size - block->used < rounded) {
		size_t room = rounded > BLOCK_SIZE ? rounded : BLOCK_SIZE;
		block = xmalloc(sizeof(*block) + room);
		block->before = arena->last;
		block->used = 0;
		block->size = room;
		arena->last = block;
	}
	void *piece = block->bytes + block->used;
	block->used += rounded;
	memset(piece, 0, rounded);
	return piece;
}

void arena_clear(struct arena *arena)
{
	struct arena_block *block = arena->last;
	while (block != NULL) {
		struct arena_block *before = block->before;
		free(block);
		block = before;
	}
	arena->last = NULL;
}
