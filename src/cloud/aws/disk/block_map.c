/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/disk/block_map.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/sha256.h"

#define MAX_BLOCKS (UINT32_C(256) * 2048) /* 256 GiB */
#define MAGIC	   "i2kitbm1"
#define MAGIC_SIZE 8
#define ENTRY_SIZE (4 + SHA256_SIZE)

void block_map_clear(struct block_map *map)
{
	free(map->blocks);
	*map = (struct block_map){0};
}

bool block_is_zero(const void *bytes, size_t size)
{
	/* memcmp with itself one byte on: true when all bytes are equal to the first. */
	const char *text = bytes;
	return size == 0 || (text[0] == 0 && memcmp(text, text + 1, size - 1) == 0);
}

bool block_read(int fd, uint32_t index, void *bytes, struct error *err)
{
	char *out = bytes;
	off_t start = (off_t)index * (off_t)BLOCK_SIZE;
	size_t done = 0;
	while (done < BLOCK_SIZE) {
		ssize_t got = pread(fd, out + done, BLOCK_SIZE - done, start + (off_t)done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set_errno(err, errno, "cannot read block %u of the disk",
					       index);
		if (got == 0)
			break;
		done += (size_t)got;
	}
	memset(out + done, 0, BLOCK_SIZE - done);
	return true;
}

static void add_block(struct block_map *map, uint32_t index, struct digest digest)
{
	struct block *block = ARRAY_APPEND(map->blocks, map->count);
	block->index = index;
	block->digest = digest;
}

/* The first block at or behind `index` that may hold data; total when none does. */
static uint32_t next_data(int fd, uint32_t index, uint32_t total)
{
	off_t found = lseek(fd, (off_t)index * (off_t)BLOCK_SIZE, SEEK_DATA);
	if (found < 0)
		return errno == ENXIO ? total : index; /* no SEEK_DATA there: read everything */
	return (uint32_t)((uint64_t)found / BLOCK_SIZE);
}

struct scan {
	int fd;
	uint64_t size;
	uint32_t total;
	struct sha256 *whole; /* owned */
	char *bytes;	      /* owned; one block */
	struct block_map *out;
};

static void scan_clear(struct scan *scan)
{
	sha256_free(scan->whole);
	free(scan->bytes);
}

/* How many bytes of block `index` are inside the file. */
static size_t inside(const struct scan *scan, uint32_t index)
{
	uint64_t left = scan->size - (uint64_t)index * BLOCK_SIZE;
	return left < BLOCK_SIZE ? (size_t)left : BLOCK_SIZE;
}

static bool scan_block(struct scan *scan, uint32_t index, struct error *err)
{
	if (!block_read(scan->fd, index, scan->bytes, err))
		return false;
	sha256_update(scan->whole, scan->bytes, inside(scan, index));
	if (block_is_zero(scan->bytes, BLOCK_SIZE))
		return true;
	add_block(scan->out, index, sha256_digest(scan->bytes, BLOCK_SIZE));
	return true;
}

static bool scan_all(struct scan *scan, const struct progress *progress, struct error *err)
{
	for (uint32_t index = 0; index < scan->total;) {
		uint32_t data = next_data(scan->fd, index, scan->total);
		if (data > index)
			memset(scan->bytes, 0, BLOCK_SIZE);
		for (; index < data; index++)
			sha256_update(scan->whole, scan->bytes, inside(scan, index));
		if (index < scan->total && !scan_block(scan, index++, err))
			return false;
		if (progress_is_cancelled(progress))
			return error_set(err, ERROR_CANCELLED, "stopped");
	}
	return true;
}

bool block_map_scan(int fd, const struct digest *digest, const struct progress *progress,
		    struct block_map *ret, struct error *err)
{
	off_t size = lseek(fd, 0, SEEK_END);
	if (size < 0)
		return error_set_errno(err, errno, "cannot tell the size of the disk");
	if (size == 0 || (uint64_t)size > (uint64_t)MAX_BLOCKS * BLOCK_SIZE)
		return error_set(err, ERROR_UNSUPPORTED, "a disk of %lld bytes cannot be promoted",
				 (long long)size);
	AUTO(block_map_clear) struct block_map out = {0};
	AUTO(scan_clear)
	struct scan scan = {.fd = fd,
			    .size = (uint64_t)size,
			    .whole = sha256_new(),
			    .bytes = xmalloc(BLOCK_SIZE),
			    .out = &out};
	scan.total = (uint32_t)((scan.size + BLOCK_SIZE - 1) / BLOCK_SIZE);
	out.total = scan.total;
	if (!scan_all(&scan, progress, err))
		return false;
	struct digest is = sha256_finish_digest(scan.whole);
	if (!digest_equal(&is, digest))
		return error_set(err, ERROR_CORRUPT, "the disk hashes to %s, not to %s",
				 DIGEST_TEXT(&is), DIGEST_TEXT(digest));
	*ret = out;
	out = (struct block_map){0};
	return true;
}

static int compare_index(const void *a, const void *b)
{
	uint32_t one = ((const struct block *)a)->index;
	uint32_t two = ((const struct block *)b)->index;
	return one < two ? -1 : one > two;
}

const struct block *block_map_find(const struct block_map *map, uint32_t index)
{
	struct block key = {.index = index};
	if (map->count == 0)
		return NULL;
	return bsearch(&key, map->blocks, map->count, sizeof(key), compare_index);
}

void block_map_difference(const struct block_map *disk, const struct block_map *parent,
			  struct block_map *ret)
{
	static const struct block end = {.index = UINT32_MAX}; /* after any disk's last */
	static const struct block_map nothing = {0};
	if (parent == NULL)
		parent = &nothing;
	*ret = (struct block_map){.total = disk->total > parent->total ? disk->total
								       : parent->total};
	AUTO_FREE void *zeros = xcalloc(1, BLOCK_SIZE);
	struct digest zero_digest = sha256_digest(zeros, BLOCK_SIZE);
	size_t d = 0;
	size_t p = 0;
	while (d < disk->count || p < parent->count) {
		const struct block *mine = d < disk->count ? &disk->blocks[d] : &end;
		const struct block *old = p < parent->count ? &parent->blocks[p] : &end;
		bool is_mine = mine->index <= old->index;
		bool is_old = old->index <= mine->index;
		if (is_mine && (!is_old || !digest_equal(&mine->digest, &old->digest)))
			add_block(ret, mine->index, mine->digest);
		else if (!is_mine)
			add_block(ret, old->index, zero_digest);
		d += is_mine;
		p += is_old;
	}
}

/* --- kept on disk: magic, total, entries, SHA-256 of all that; little-endian ----------------- */

char *block_map_path(const struct digest *digest)
{
	AUTO_FREE char *below = xasprintf("aws/blocks/%s", DIGEST_HEX(digest));
	return path_folder(PATH_STATE, below);
}

static void put_u32(uint8_t *out, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t get_u32(const uint8_t *in)
{
	return in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

bool block_map_save(const struct block_map *map, const struct digest *digest, struct error *err)
{
	size_t size = MAGIC_SIZE + 4 + map->count * ENTRY_SIZE;
	AUTO_FREE uint8_t *bytes = xmalloc(size + SHA256_SIZE);
	memcpy(bytes, MAGIC, MAGIC_SIZE);
	put_u32(bytes + MAGIC_SIZE, map->total);
	uint8_t *entry = bytes + MAGIC_SIZE + 4;
	for (size_t i = 0; i < map->count; i++, entry += ENTRY_SIZE) {
		put_u32(entry, map->blocks[i].index);
		memcpy(entry + 4, map->blocks[i].digest.bytes, DIGEST_BYTES);
	}
	sha256_bytes(bytes, size, bytes + size);
	AUTO_FREE char *path = block_map_path(digest);
	AUTO_FREE char *folder = path_folder(PATH_STATE, "aws/blocks");
	return path_make_folders(folder, 0700, err) &&
	       file_write_atomic(path, bytes, size + SHA256_SIZE, 0600, err);
}

bool block_map_load(const struct digest *digest, struct block_map *ret)
{
	AUTO_FREE char *path = block_map_path(digest);
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	if (!digest_is_set(digest) || !path_exists(path) ||
	    !file_read(path, MAX_BLOCKS * ENTRY_SIZE + 64, &text, &size, NULL))
		return false;
	const uint8_t *bytes = (const uint8_t *)text;
	uint8_t sum[SHA256_SIZE];
	if (size < MAGIC_SIZE + 4 + SHA256_SIZE || memcmp(bytes, MAGIC, MAGIC_SIZE) != 0)
		return false;
	size -= SHA256_SIZE;
	sha256_bytes(bytes, size, sum);
	if (memcmp(sum, bytes + size, SHA256_SIZE) != 0)
		return false;
	AUTO(block_map_clear) struct block_map out = {.total = get_u32(bytes + MAGIC_SIZE)};
	for (size_t at = MAGIC_SIZE + 4; at + ENTRY_SIZE <= size; at += ENTRY_SIZE) {
		uint32_t index = get_u32(bytes + at);
		bool is_in_order = out.count == 0 || out.blocks[out.count - 1].index < index;
		if (!is_in_order || index >= out.total)
			return false;
		struct digest kept;
		memcpy(kept.bytes, bytes + at + 4, DIGEST_BYTES);
		add_block(&out, index, kept);
	}
	*ret = out;
	out = (struct block_map){0};
	return true;
}
