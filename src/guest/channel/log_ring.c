/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/channel/log_ring.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "wire/frame.h"

#define CHUNK_BYTES ((size_t)32 << 10) /* a payload is closed once it has grown past this */
#define MAX_LINE    ((size_t)24 << 10) /* so that a chunk always fits a frame */

/* One payload. */
struct chunk {
	struct chunk *next;
	struct strbuf payload;
	uint64_t last; /* highest sequence in it */
	bool is_sent;
};

struct loss_list {
	struct log_loss *items;
	size_t count;
};

struct log_ring {
	size_t max_bytes;
	size_t bytes; /* of all payloads */
	struct chunk *first;
	struct chunk *last;
	uint64_t sequence; /* of the newest record */
	struct loss_list losses;
	/*
	 * Dropped here after they were sent: not lost if the host gets to read them. Its ACK of
	 * flight_last settles that, its death makes losses of them.
	 */
	struct loss_list flight;
	uint64_t flight_last;
};

struct log_ring *log_ring_new(size_t max_bytes)
{
	struct log_ring *ring = xcalloc(1, sizeof(*ring));
	ring->max_bytes = max_bytes;
	return ring;
}

static void drop_first(struct log_ring *ring)
{
	struct chunk *chunk = ring->first;
	ring->first = chunk->next;
	if (ring->first == NULL)
		ring->last = NULL;
	ring->bytes -= chunk->payload.size;
	strbuf_clear(&chunk->payload);
	free(chunk);
}

static void forget(struct loss_list *list)
{
	free(list->items);
	*list = (struct loss_list){0};
}

void log_ring_forget(struct log_ring *ring)
{
	while (ring->first != NULL)
		drop_first(ring);
	forget(&ring->losses);
	forget(&ring->flight);
	ring->sequence = 0;
	ring->flight_last = 0;
}

void log_ring_free(struct log_ring *ring)
{
	if (ring == NULL)
		return;
	log_ring_forget(ring);
	free(ring);
}

static void add_loss(struct loss_list *list, const char *name, size_t name_size, uint64_t lines,
		     uint64_t bytes)
{
	struct log_loss *loss = NULL;
	for (size_t i = 0; i < list->count && loss == NULL; i++) {
		const char *other = list->items[i].container;
		if (strncmp(other, name, name_size) == 0 && other[name_size] == '\0')
			loss = &list->items[i];
	}
	if (loss == NULL) {
		loss = ARRAY_APPEND(list->items, list->count);
		memcpy(loss->container, name, name_size);
	}
	loss->lines += lines;
	loss->bytes += bytes;
}

static void lose_first(struct log_ring *ring)
{
	const struct chunk *chunk = ring->first;
	struct loss_list *list = chunk->is_sent ? &ring->flight : &ring->losses;
	struct wire_log_reader reader = WIRE_LOG_READER(chunk->payload.data, chunk->payload.size);
	struct wire_log_record record;
	while (wire_log_next(&reader, &record, NULL))
		add_loss(list, record.container, record.container_size, 1, record.text_size);
	if (chunk->is_sent)
		ring->flight_last = chunk->last;
	drop_first(ring);
}

/* One that takes `need` bytes more and is still one frame. */
static struct chunk *open_chunk(struct log_ring *ring, size_t need)
{
	if (ring->last != NULL && !ring->last->is_sent && ring->last->payload.size < CHUNK_BYTES &&
	    ring->last->payload.size + need <= WIRE_MAX_PAYLOAD)
		return ring->last;
	struct chunk *chunk = xcalloc(1, sizeof(*chunk));
	/*
	 * While lines pour in, room for all of the chunk at once; a quiet container needs little.
	 */
	if (ring->last != NULL)
		(void)strbuf_reserve(&chunk->payload, CHUNK_BYTES);
	if (ring->last != NULL)
		ring->last->next = chunk;
	else
		ring->first = chunk;
	ring->last = chunk;
	return chunk;
}

static void append(struct log_ring *ring, struct wire_log_record *record, const char *container)
{
	record->container = container;
	record->container_size = (uint8_t)strnlen(container, UINT8_MAX);
	size_t size = WIRE_LOG_HEADER_SIZE + record->container_size + record->text_size;
	struct chunk *chunk = open_chunk(ring, size);
	size_t before = chunk->payload.size;
	ring->sequence += record->text_size + (record->is_raw ? 0 : 1);
	record->sequence = ring->sequence;
	wire_log_append(&chunk->payload, record);
	chunk->last = ring->sequence;
	ring->bytes += chunk->payload.size - before;
	while (ring->bytes > ring->max_bytes && ring->first != ring->last)
		lose_first(ring);
}

void log_ring_append(struct log_ring *ring, const char *container, enum wire_log_source source,
		     int64_t wall_ns, const void *text, size_t size)
{
	struct wire_log_record record = {.wall_ns = wall_ns,
					 .source = source,
					 .text = text,
					 .text_size = size > MAX_LINE ? MAX_LINE : size};
	append(ring, &record, container);
}

void log_ring_append_raw(struct log_ring *ring, const char *container, enum wire_log_source source,
			 bool is_partial, int64_t wall_ns, const void *text, size_t size)
{
	struct wire_log_record record = {.wall_ns = wall_ns,
					 .source = source,
					 .is_partial = is_partial,
					 .is_raw = true,
					 .text = text,
					 .text_size = size};
	append(ring, &record, container);
}

bool log_ring_next(struct log_ring *ring, const void **ret, size_t *ret_size)
{
	for (struct chunk *chunk = ring->first; chunk != NULL; chunk = chunk->next) {
		if (chunk->is_sent)
			continue;
		chunk->is_sent = true;
		*ret = chunk->payload.data;
		*ret_size = chunk->payload.size;
		return true;
	}
	return false;
}

void log_ring_acknowledge(struct log_ring *ring, uint64_t sequence)
{
	while (ring->first != NULL && ring->first->is_sent && ring->first->last <= sequence)
		drop_first(ring);
	if (sequence >= ring->flight_last)
		forget(&ring->flight);
}

void log_ring_rewind(struct log_ring *ring)
{
	for (size_t i = 0; i < ring->flight.count; i++) {
		const struct log_loss *loss = &ring->flight.items[i];
		add_loss(&ring->losses, loss->container, strlen(loss->container), loss->lines,
			 loss->bytes);
	}
	forget(&ring->flight);
	for (struct chunk *chunk = ring->first; chunk != NULL; chunk = chunk->next)
		chunk->is_sent = false;
}

uint64_t log_ring_sequence(const struct log_ring *ring)
{
	return ring->sequence;
}

size_t log_ring_bytes(const struct log_ring *ring)
{
	return ring->bytes;
}

bool log_ring_is_pressed(const struct log_ring *ring)
{
	return ring->bytes > ring->max_bytes / 4 * 3;
}

bool log_ring_take_loss(struct log_ring *ring, struct log_loss *ret)
{
	if (ring->losses.count == 0)
		return false;
	*ret = ring->losses.items[--ring->losses.count];
	if (ring->losses.count == 0)
		forget(&ring->losses);
	return true;
}
