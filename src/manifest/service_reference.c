/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/service_reference.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

const char *service_reference(const char *text)
{
	static const char prefix[] = "service:";
	bool is_one = text != NULL && strncmp(text, prefix, strlen(prefix)) == 0;

	return is_one ? text + strlen(prefix) : NULL;
}
