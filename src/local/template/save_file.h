/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_TEMPLATE_SAVE_FILE_H
#define I2KIT_LOCAL_TEMPLATE_SAVE_FILE_H

/*
 * The file that virDomainSave() writes and virDomainRestore() reads, as libvirt's
 * src/qemu/qemu_saveimage.h has it: a header of 92 bytes in the machine's byte order, the domain's
 * XML (NUL-terminated, may be padded), then QEMU's own stream. The format is libvirt's own affair:
 * what is not exactly as expected here is no save file, and the VM starts cold.
 */

#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

#define SAVE_HEADER_SIZE 92
#define SAVE_ALIGNMENT	 4096 /* of our own files' streams: then they can share a file's blocks */
#define SAVE_MAX_XML	 ((uint32_t)4 << 20)
/* A stream is never as small: libvirt hangs on one that is empty. */
#define SAVE_LEAST_STREAM ((uint64_t)64 << 10)

/*
 * Where the stream begins in a file of file_size bytes that starts with these. False (ERROR_CORRUPT
 * or ERROR_UNSUPPORTED) for another version, one that was compressed, one that ends too soon.
 */
MUST_CHECK bool save_header_read(const void *bytes, size_t size, uint64_t file_size,
				 uint64_t *ret_stream, struct error *err);
/* Header and XML of a domain that is to run; the stream follows, at a multiple of SAVE_ALIGNMENT.
 */
void save_header_write(const char *xml, struct strbuf *out);

#endif
