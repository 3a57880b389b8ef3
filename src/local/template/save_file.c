/* SPDX-License-Identifier: Apache-2.0 */
#include "local/template/save_file.h"

#include <string.h>

#include "base/alloc.h"

#define MAGIC	   "LibvirtQemudSave"
#define MAGIC_SIZE 16
#define VERSION	   2

/* As it lies in the file: no padding, the host's byte order. */
struct header {
	char magic[MAGIC_SIZE];
	uint32_t version;
	uint32_t data_size; /* of the XML, its padding and a cookie */
	uint32_t was_running;
	uint32_t compressed; /* 0: not */
	uint32_t cookie_offset;
	uint32_t unused[14];
};
_Static_assert(sizeof(struct header) == SAVE_HEADER_SIZE, "libvirt's header");

bool save_header_read(const void *bytes, size_t size, uint64_t file_size, uint64_t *ret_stream,
		      struct error *err)
{
	struct header header;

	if (size < sizeof(header) || memcmp(bytes, MAGIC, MAGIC_SIZE) != 0)
		return error_set(err, ERROR_CORRUPT, "the saved state is none of libvirt's");
	memcpy(&header, bytes, sizeof(header));
	if (header.version != VERSION)
		return error_set(err, ERROR_UNSUPPORTED,
				 "libvirt's saved states are of version %u, not %d", header.version,
				 VERSION);
	if (header.compressed != 0)
		return error_set(
			err, ERROR_UNSUPPORTED,
			"libvirt compresses saved states (save_image_format in qemu.conf)");
	uint64_t stream = (uint64_t)sizeof(header) + header.data_size;
	if (header.data_size == 0 || header.data_size > SAVE_MAX_XML || file_size < stream ||
	    file_size - stream < SAVE_LEAST_STREAM)
		return error_set(err, ERROR_CORRUPT, "the saved state is not whole");
	*ret_stream = stream;
	return true;
}

void save_header_write(const char *xml, struct strbuf *out)
{
	static const char zeros[SAVE_ALIGNMENT];
	size_t begin = out->size;
	size_t size = sizeof(struct header) + strlen(xml) + 1;
	size_t whole = (size + SAVE_ALIGNMENT - 1) / SAVE_ALIGNMENT * SAVE_ALIGNMENT;
	struct header header = {.version = VERSION, .was_running = 1};

	memcpy(header.magic, MAGIC, MAGIC_SIZE);
	header.data_size = (uint32_t)(whole - sizeof(header));
	strbuf_append_bytes(out, &header, sizeof(header));
	strbuf_append_bytes(out, xml, strlen(xml));
	strbuf_append_bytes(out, zeros, whole - (out->size - begin));
}
