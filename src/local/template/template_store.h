/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_TEMPLATE_TEMPLATE_STORE_H
#define I2KIT_LOCAL_TEMPLATE_TEMPLATE_STORE_H

/*
 * Saved states of VMs that have not got a release yet (doc/formats.md §12), in PATH_CACHE/warm:
 *
 *	KEY/stream	0600, what QEMU wrote
 *	KEY/memory	0600, the memory of it, where that is mapped and not in the stream
 *	KEY/key.json	size, digest and time of it, and what KEY is the digest of
 *	KEY.failed	how many starts from it came to nothing
 *	map.failed	mapping came to nothing: memory is copied
 *
 * Whoever can write a stream owns the guests that go on from it: the folder is 0700. All of it may
 * vanish at any time, which costs warmth and nothing else.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"

#define TEMPLATE_BUDGET	    ((uint64_t)1 << 30) /* I2KIT_WARM_BUDGET says another; 0: none */
#define TEMPLATE_MAX_AGE_S  ((int64_t)7 * 24 * 3600)
#define TEMPLATE_MAX_FAILED 2

/* How many bytes templates may take. */
uint64_t template_budget(void);
/* Of a text, which may be NULL or no size: the usual one then. Pure. */
uint64_t template_budget_read(const char *text_or_null);

struct template_entry {
	char key[DIGEST_HEX_SIZE];
	uint64_t size_bytes;
	struct digest digest;
	/* Of a file that VMs map; 0: it is in the stream. */
	uint64_t memory_bytes;
	uint64_t memory_used_bytes; /* of those, what is not zeros */
	struct digest memory_digest;
	int64_t made_ns;
	int64_t used_ns;
};
/* What it takes on disk. */
uint64_t template_entry_bytes(const struct template_entry *entry);
struct template_list {
	struct template_entry *items;
	size_t count;
	uint64_t total_bytes;
};
void template_list_clear(struct template_list *list);
/* All that are whole, least recently used first. */
void template_list_read(struct template_list *ret);

/*
 * A descriptor of the stream, which counts as used now. -1: there is none that may be used, and
 * *err says why (ERROR_NOT_FOUND: none was made; ERROR_UNSUPPORTED: none will be, starts from it
 * came to nothing; else it was no good, and is gone).
 */
MUST_CHECK int template_open(const struct digest *key, struct template_entry *ret,
			     struct error *err);
/*
 * All of its stream to the end of another file. ERROR_CORRUPT when that was not what was saved:
 * QEMU would go on from anything.
 */
MUST_CHECK bool template_copy(const struct template_entry *entry, int stream, int to,
			      struct error *err);
/* A file of our own for libvirt to save into; owned. NULL and *err. */
MUST_CHECK char *template_draft(const char *name, struct error *err);
/*
 * Takes the stream out of a draft that libvirt has written, and lets the least recently used go
 * until all are within the budget. text: template_key_text(). The draft stays.
 */
MUST_CHECK bool template_add(const struct digest *key, const char *text, const char *draft,
			     bool maps_memory, struct template_entry *ret, struct error *err);
/*
 * The memory of a template under a path of the VM's own, which stays what it is, whatever becomes
 * of the template; it is removed as soon as QEMU has it. Owned. NULL and *err: ERROR_CORRUPT when
 * it is not what was saved.
 */
MUST_CHECK char *template_memory(const struct template_entry *entry, const char *uuid,
				 struct error *err);
/* A start that would map memory came to nothing on this machine. */
bool template_map_has_failed(void);
/* A start from it came to nothing: it goes, and is counted, or nothing is mapped any more. */
void template_fail(const struct digest *key);
/* Removes one. */
MUST_CHECK bool template_remove(const char *key, struct error *err);
/* What is left of those who made some and were killed, and the counts. */
void template_sweep(void);

#endif
