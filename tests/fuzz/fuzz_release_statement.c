/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies in .i2kit beside environment.yml. 's': a release that waits for signatures; what is read
 * is written and read again. Else: trusted keys.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "release/release_approvals.h"
#include "release/release_statement.h"
#include "release/trusted_keys.h"

static void check_statement(const char *text, size_t size)
{
	AUTO(release_statement_clear) struct release_statement one = {0};
	AUTO(release_statement_clear) struct release_statement again = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (!release_statement_read(text, size, &one, &err)) {
		if (err.message == NULL)
			abort();
		return;
	}
	struct digest digest;
	struct digest other;
	AUTO_FREE char *written = release_statement_write(&one, NULL);
	if (written == NULL || !release_statement_read(written, strlen(written), &again, NULL) ||
	    !release_statement_is_about(&one, &again) ||
	    again.signature_count != one.signature_count ||
	    !release_statement_digest(&one, &digest, NULL) ||
	    !release_statement_digest(&again, &other, NULL) || !digest_equal(&digest, &other))
		abort();
	/* Nobody is trusted, so nobody has approved it. */
	const struct trusted_keys nobody = {0};
	AUTO(string_list_clear) struct string_list people = STRING_LIST_INIT;
	release_approvals_people(&one, &nobody, &people);
	if (people.count != 0)
		abort();
}

static void check_keys(const char *text)
{
	AUTO(trusted_keys_clear) struct trusted_keys keys = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	bool is_read = trusted_keys_add_text(&keys, text, "keys", &err);
	if (is_read == (err.message != NULL))
		abort();
	for (size_t i = 0; i < keys.count; i++)
		for (size_t j = 0; j < i; j++)
			if (memcmp(keys.items[i].key, keys.items[j].key, ED25519_KEY_SIZE) == 0)
				abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size == 0)
		return 0;
	AUTO_FREE char *text = xstrndup((const char *)bytes + 1, size - 1);
	if (bytes[0] == 's')
		check_statement(text, strlen(text));
	else
		check_keys(text);
	return 0;
}
