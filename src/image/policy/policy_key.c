/* SPDX-License-Identifier: Apache-2.0 */
#include "image/policy/policy_key.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/path.h"

void policy_key_list_clear(struct policy_key_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].name);
		free(list->items[i].bytes);
	}
	free(list->items);
	*list = (struct policy_key_list){0};
}

static void add(struct policy_key_list *list, const char *name, char *bytes, size_t size)
{
	struct policy_key *key = ARRAY_APPEND(list->items, list->count);
	key->name = xstrdup(name);
	key->bytes = bytes;
	key->size = size;
}

bool policy_key_list_read(const struct policy_keys *keys, struct policy_key_list *ret,
			  struct error *err)
{
	for (size_t i = 0; i < keys->paths.count; i++) {
		char *bytes = NULL;
		size_t size = 0;
		if (!file_read(keys->paths.items[i], POLICY_KEY_MAX_BYTES, &bytes, &size, err))
			return error_prefix(err, "a key of the policy");
		add(ret, keys->paths.items[i], bytes, size);
	}
	for (size_t i = 0; i < keys->data.count; i++) {
		const char *text = keys->data.items[i];
		uint8_t *bytes = NULL;
		size_t size = 0;
		if (!base64_decode(text, strlen(text), &bytes, &size))
			return error_set(err, ERROR_INVALID, "keyData of the policy is no base64");
		add(ret, "keyData", (char *)bytes, size);
	}
	return true;
}
