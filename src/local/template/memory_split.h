/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_TEMPLATE_MEMORY_SPLIT_H
#define I2KIT_LOCAL_TEMPLATE_MEMORY_SPLIT_H

/*
 * Takes the guest's memory out of a migration stream of QEMU's, as migration/savevm.c and ram.c of
 * QEMU 7.2 to 10 write it without multifd: a section "ram" with the names and sizes of the blocks,
 * then parts with their pages, then the devices. What is left is a stream for a VM whose memory is
 * there already, as a block of another name. Pure. What is not exactly as expected is refused, and
 * a template is then one that is copied.
 */

#include "base/error.h"
#include "base/strbuf.h"
#include "local/vm/domain_xml.h"

/* QEMU's own block of memory, and that of a file in its place: as long, since lengths count. */
#define MEMORY_BLOCK	  "pc.ram"
#define MEMORY_FILE_BLOCK VM_MEMORY_BLOCK
#define MEMORY_PAGE_SIZE  4096
#define MEMORY_MAX_BYTES  ((uint64_t)1 << 40)

struct memory_sink {
	/* A page of the memory at an offset; NULL: it is zeros. Each may come again. */
	bool (*page)(uint64_t at, const uint8_t *bytes_or_null, void *arg, struct error *err);
	void *arg;
};

/*
 * The rest of the stream is appended to rest; *ret_bytes: how large the memory is. ERROR_CORRUPT:
 * it is no such stream; else what the sink said.
 */
MUST_CHECK bool memory_split(const uint8_t *stream, size_t size, const struct memory_sink *sink,
			     struct strbuf *rest, uint64_t *ret_bytes, struct error *err);

#endif
