/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/oci/docker_config.h"
#include "image/oci/registry_authorize.h"
#include "image/oci/registry_config.h"
#include "image/oci/www_authenticate.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void read_header(const char *text, size_t size)
{
	AUTO_FREE char *header = xstrndup(text, size);
	AUTO(auth_challenge_clear) struct auth_challenge challenge = {0};
	(void)!www_authenticate_parse(header, &challenge, NULL);
}

static void read_logins(const char *text, size_t size)
{
	AUTO(credential_clear) struct credential credential = {0};
	AUTO(credential_clear) struct credential helper = {0};
	if (docker_config_find(text, size, "docker.io", "library/nginx", &credential, NULL) &&
	    credential.helper != NULL && strchr(credential.helper, '/') != NULL)
		abort();
	(void)!credential_parse_helper(text, size, &helper, NULL);
}

static void read_places(const char *text, size_t size)
{
	bool is_insecure = false;
	AUTO(registry_endpoint_list_clear) struct registry_endpoint_list list = {0};
	(void)!registry_config_add(text, size, "docker.io", &list, &is_insecure, NULL);
	(void)!docker_daemon_config_add(text, size, "docker.io", &list, &is_insecure, NULL);
}

static void read_token(const char *text, size_t size)
{
	AUTO_FREE char *token = NULL;
	if (registry_parse_token(text, size, &token, NULL) && strpbrk(token, "\r\n \t") != NULL)
		abort();
}

/* The first byte says what the rest is: a header, logins, mirrors, a token server's answer. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static void (*const readers[])(const char *, size_t) = {read_header, read_logins,
								read_places, read_token};
	if (size > 0)
		readers[bytes[0] % ARRAY_SIZE(readers)]((const char *)bytes + 1, size - 1);
	return 0;
}
