/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/string_list.h"
#include "cli/arguments.h"
#include "cli/verbs.h"
#include "fuzz.h"

/* Lines are the words of a command line; the first byte chooses the verb. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_PTR(arguments) struct arguments *args = arguments_new();
	int at = 0;

	if (size < 1 || size > 4096)
		return 0;
	AUTO_FREE char *text = xstrndup((const char *)bytes + 1, size - 1);
	string_list_split(&words, text, '\n');
	const struct verb *verb = verbs[bytes[0] % verb_count];
	int count = (int)words.count;
	bool is_good = arguments_parse_common(args, count, words.items, &at, &err) &&
		       arguments_parse_verb(args, verb, count, words.items, at, &err);
	/* A refusal is a usage error with a message; nothing else. */
	if (!is_good && (err.kind != ERROR_USAGE || err.message == NULL))
		abort();
	return 0;
}
