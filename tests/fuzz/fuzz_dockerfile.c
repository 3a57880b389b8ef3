/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/build/builder.h"
#include "image/build/ignore_patterns.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Up to a NUL the patterns or the Dockerfile, then a path, or what a builder said of it. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)bytes, size);
	size_t length = strlen(text);
	AUTO_FREE char *rest =
		length < size ? xstrndup((const char *)bytes + length + 1, size - length - 1)
			      : xstrdup("a/b");
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct ignore_patterns *patterns = ignore_patterns_read("x", text, length, &err);

	if ((patterns == NULL) == (err.message == NULL))
		abort();
	(void)ignore_patterns_match(patterns, rest);
	ignore_patterns_free(patterns);
	unsigned line = builder_find_line(text, rest);
	if (line > 1000000)
		abort();
	return 0;
}
