/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/slirp_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/sha256.h"
#include "slirp_fence_bytes.h" /* made by the build */

char *slirp_guard_path(void)
{
	struct digest digest = sha256_digest(slirp_fence_bytes, sizeof(slirp_fence_bytes));
	AUTO_FREE char *below = xasprintf("vm/slirp-fence-%.16s.so", DIGEST_HEX(&digest));
	return path_folder(PATH_RUNTIME, below);
}

static bool is_right(const char *path)
{
	AUTO_FREE char *bytes = NULL;
	size_t size = 0;

	return file_read(path, sizeof(slirp_fence_bytes), &bytes, &size, NULL) &&
	       size == sizeof(slirp_fence_bytes) && memcmp(bytes, slirp_fence_bytes, size) == 0;
}

/* The loader says of a library that it cannot load no more than a warning, and goes on without. */
static bool can_be_loaded(const char *path, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *mapped =
		fd >= 0 ? mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) : MAP_FAILED;

	if (mapped == MAP_FAILED) {
		(void)error_set_errno(err, errno, "QEMU cannot load %s", path);
		return error_hint(err, "XDG_RUNTIME_DIR must not be mounted noexec");
	}
	(void)munmap(mapped, 1);
	return true;
}

bool slirp_guard_provide(const char *path, struct error *err)
{
	if (!is_right(path) && !file_write_atomic(path, (const char *)slirp_fence_bytes,
						  sizeof(slirp_fence_bytes), 0500, err))
		return false;
	return can_be_loaded(path, err);
}
