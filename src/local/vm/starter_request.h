/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_STARTER_REQUEST_H
#define I2KIT_LOCAL_VM_STARTER_REQUEST_H

/*
 * What the supervisor asks of its starter (starter.h), and what that answers: one JSON object each.
 * The reader takes requests for hostile: the one that sends them reads what guests say.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

enum { STARTER_FDS_MAX = 900 };
#define STARTER_MESSAGE_MAX ((size_t)4 << 20) /* the rules of a large project */

enum starter_kind {
	STARTER_SHARE,	     /* virtiofsd: path is the folder, other the socket */
	STARTER_MAKE_DISK,   /* qemu-img create: path, size_bytes */
	STARTER_COPY_DISK,   /* qemu-img convert: path from other */
	STARTER_GROW_DISK,   /* qemu-img resize: path, size_bytes */
	STARTER_FORMAT_DISK, /* mke2fs: path, has_quota */
	STARTER_FILTER,	     /* nft: text */
	STARTER_TEST_KVM,    /* qemu-system: whether it works */
	STARTER_LIBVIRT,     /* the user's own libvirtd */
	STARTER_PROXY,	     /* HAProxy: path is its configuration; proxy_process.h */
};

struct starter_request {
	enum starter_kind kind;
	char *path; /* owned, as are the others */
	char *other;
	char *text;
	uint64_t size_bytes;
	bool is_read_only; /* SHARE */
	bool has_quota;	   /* FORMAT_DISK */
	unsigned fd_count; /* PROXY: descriptors that follow */
};
void starter_request_clear(struct starter_request *request);

void starter_request_write(const struct starter_request *request, struct strbuf *out);
/*
 * Also ERROR_INVALID: a request whose paths are not absolute or have "..", and rules of nft that
 * are about anything but i2kit's tables or read files.
 */
MUST_CHECK bool starter_request_read(const char *bytes, size_t size, struct starter_request *ret,
				     struct error *err);

/* Of an error of kind ERROR_NONE: it is done. */
void starter_answer_write(const struct error *problem, struct strbuf *out);
/* Returns what it says: true, or false and the other end's error. */
MUST_CHECK bool starter_answer_read(const char *bytes, size_t size, struct error *err);

#endif
