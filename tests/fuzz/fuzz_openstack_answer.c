/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cloud/openstack/client/catalog.h"
#include "cloud/openstack/client/login.h"
#include "fuzz.h"

/* A body as that of an error, whose words are one printable line, and as that of a login. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const int statuses[] = {201, 401, 404, 429, 502};
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	AUTO(openstack_login_clear) struct openstack_login login = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;

	if (size == 0)
		return 0;
	char *body = xmalloc(size); /* one NUL behind */
	memcpy(body, bytes + 1, size - 1);
	body[size - 1] = '\0';
	struct http_response response = {
		.status = statuses[bytes[0] % ARRAY_SIZE(statuses)],
		.body = body,
		.body_size = size - 1,
	};
	string_list_add(&response.headers, "x-subject-token: token");
	openstack_answer_read(&response, &answer);
	http_response_clear(&response);
	for (const char *c = answer.message; c != NULL && *c != '\0'; c++)
		if ((unsigned char)*c < ' ')
			abort();
	if (openstack_login_read(&answer, &login, &err) &&
	    (login.token == NULL || login.user_id == NULL))
		abort();
	for (size_t i = 0; i < login.catalog.count; i++) {
		AUTO_FREE char *url = catalog_versioned(login.catalog.items[i].url, "v3");
		AUTO_FREE char *same = catalog_versioned(url, "v3");
		if (strstr(url, "://") != NULL && strchr(strstr(url, "://") + 3, '/') != NULL &&
		    strcmp(url, same) != 0)
			abort(); /* twice is once */
	}
	return 0;
}
