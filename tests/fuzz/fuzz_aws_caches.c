/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the AWS command line keeps below ~/.aws, written by anything: credentials of roles and SSO
 * profiles, and the key of `aws login` in PEM. The first byte says which.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/es256.h"
#include "base/sha256.h"
#include "cloud/aws/client/credentials_cache.h"
#include "cloud/aws/client/credentials_kept.h"
#include "cloud/aws/client/dpop.h"
#include "fuzz_folder.h"

#define KEY "{}"

/* The SHA-1 of KEY is the file's name: what was saved is where the next one is read from. */
static void check_kept(const uint8_t *bytes, size_t size)
{
	AUTO(aws_credentials_clear) struct aws_credentials found = {0};
	AUTO(aws_credentials_clear) struct aws_credentials again = {0};
	char name[SHA1_HEX_SIZE];
	sha1_hex(KEY, strlen(KEY), name);
	if (setenv("HOME", fuzz_folder(), 1) != 0)
		abort();
	AUTO_FREE char *below = xasprintf(".aws/cli/cache/%s.json", name);
	AUTO_FREE char *path = fuzz_file(below, bytes, size);
	if (!aws_kept_find(KEY, &found))
		return;
	aws_kept_save(KEY, "sso", "123456789012", &found);
	if (!aws_kept_find(KEY, &again) || strcmp(found.access_key, again.access_key) != 0 ||
	    strcmp(found.secret_key, again.secret_key) != 0 ||
	    strcmp(found.session_token, again.session_token) != 0)
		abort();
}

static void check_key(const uint8_t *bytes, size_t size)
{
	AUTO_FREE char *pem = xstrndup((const char *)bytes, size);
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_PTR(es256_key) struct es256_key *key = es256_key_read_pem(pem, &err);
	if ((key == NULL) != (err.message != NULL))
		abort();
	AUTO_FREE char *proof = key != NULL ? dpop_make(key, "https://x/", 1, NULL) : NULL;
	if (key != NULL && proof == NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size == 0)
		return 0;
	if (bytes[0] == 'k')
		check_key(bytes + 1, size - 1);
	else
		check_kept(bytes + 1, size - 1);
	return 0;
}
