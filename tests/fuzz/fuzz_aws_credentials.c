/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/credentials.h"
#include "cloud/aws/client/credentials_process.h"
#include "fuzz.h"

/* Credentials as a process, a container or instance metadata give them. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct aws_credentials found = {0};
	if (aws_credentials_from_json((const char *)bytes, size, "Token", &found, NULL) &&
	    (found.access_key == NULL || found.secret_key == NULL))
		__builtin_trap();
	aws_credentials_clear(&found);
	return 0;
}
