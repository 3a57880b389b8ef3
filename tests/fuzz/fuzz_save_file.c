/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "fuzz.h"
#include "local/template/save_file.h"

/* What libvirt saved: a stream that is said to be there lies within the file, behind the header. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const uint64_t sizes[] = {size, size + SAVE_LEAST_STREAM, UINT64_MAX, 0};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t stream = 0;
		if (save_header_read(bytes, size, sizes[i], &stream, NULL) &&
		    (stream <= SAVE_HEADER_SIZE || stream > sizes[i] ||
		     sizes[i] - stream < SAVE_LEAST_STREAM))
			abort();
	}
	return 0;
}
