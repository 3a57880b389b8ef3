/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's blob, compressed or not, through libarchive and the tree into a squashfs. */
#include "fuzz.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "image/layer/layer_convert.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static char path[] = "/tmp/i2kit-fuzz-layer-XXXXXX";
	static int made = -1;
	AUTO_CLOSE int fd = memfd_create("layer", MFD_CLOEXEC);
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct digest diff_id;
	if (made < 0)
		made = mkstemp(path);
	if (made < 0 || fd < 0 || !fd_write_all(fd, bytes, size, NULL))
		abort();
	struct layer_conversion conversion = {.fd = fd, .path = path, .what = "fuzz", .workers = 1};
	bool is_good = layer_convert_blob(&conversion, &diff_id, &err);
	/* Either a digest or a reason. */
	if (is_good ? !digest_is_set(&diff_id) : err.message == NULL)
		abort();
	(void)unlink(path);
	return 0;
}
