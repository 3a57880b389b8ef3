/* SPDX-License-Identifier: Apache-2.0 */
/* For promote.py: what `up` writes at readiness.  record-receipt PROJECT POD IMAGE CONFIG REPLICAS
 * DESIRED [dirty] */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "release/receipt.h"

int main(int argc, char **argv)
{
	struct release_id release;
	uint64_t replicas = 0;
	uint64_t desired = 0;
	if (argc < 7 || !digest_parse(argv[3], &release.image) ||
	    !digest_parse(argv[4], &release.config) || !parse_u64(argv[5], 0, 1000, &replicas) ||
	    !parse_u64(argv[6], 0, 1000, &desired))
		return 2;
	AUTO(receipt_clear)
	struct receipt receipt = {.project = xstrdup(argv[1]),
				  .pod = xstrdup(argv[2]),
				  .release = release,
				  .accelerator = xstrdup("tcg"),
				  .replicas = (uint32_t)replicas,
				  .desired = (uint32_t)desired,
				  .ready_ns = clock_wall_ns(),
				  .is_dirty = argc > 7};
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (receipt_record(&receipt, &err))
		return 0;
	(void)fprintf(stderr, "%s\n", err.message);
	return 1;
}
