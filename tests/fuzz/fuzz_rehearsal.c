/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "cloud/aws/rehearsal/rehearsal_aws.h"
#include "fuzz.h"

/* What a guest may send: each input is one connection. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct cloud_rehearsal *rehearsal;
	static char pod_name[] = "web";
	static struct pod_spec pod = {.name = pod_name};
	static char project[] = "shop";
	static struct app app = {.project = project, .pods = &pod, .pod_count = 1};
	static const struct cloud_rehearsal_input input = {
		.app = &app,
		.pod = &pod,
		.config_json = "{\"version\":1}",
		.stack = "i2kit-shop",
	};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(strbuf_clear) struct strbuf answer = STRBUF_INIT;
	if (rehearsal == NULL)
		rehearsal = REHEARSAL_AWS.open(&input, &err);
	if (rehearsal == NULL)
		__builtin_trap();
	bool is_whole = REHEARSAL_AWS.answer(rehearsal, (const char *)bytes, size, &answer);
	if (is_whole != (answer.size > 0) ||
	    (is_whole && strncmp(answer.data, "HTTP/1.1 ", 9) != 0))
		__builtin_trap();
	/* Nobody knows the role's secret, so no call can have been signed with it. */
	if (REHEARSAL_AWS.facts(rehearsal)->signed_calls > 0)
		__builtin_trap();
	return 0;
}
