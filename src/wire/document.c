/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/document.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

void document_check_version(struct json_view root, int64_t known)
{
	struct json_view version = json_view_get(root, "version");
	int64_t number = json_view_number(version, 1, INT32_MAX, 1);
	AUTO_FREE char *problem =
		xasprintf("is %" PRId64 ": a newer i2kit wrote this, and this one reads version"
			  " %" PRId64,
			  number, known);
	if (number > known)
		json_view_complain(version, problem);
}

bool name_is_label(const char *name, size_t size)
{
	if (size == 0 || size > 63 || name[0] == '-')
		return false;
	for (size_t i = 0; i < size; i++) {
		char c = name[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
			return false;
	}
	return true;
}

void read_pairs(struct json_view object, size_t max, struct string_list *ret)
{
	for (struct json_view pair = json_view_first(object, max); json_view_exists(pair);
	     pair = json_view_next(pair)) {
		const char *value = json_view_peek(pair);
		if (strchr(pair.key, '=') != NULL)
			json_view_complain(pair, "has '=' in its name");
		if (value != NULL)
			string_list_addf(ret, "%s=%s", pair.key, value);
	}
}

void write_pairs(struct json_writer *json, const char *key, const struct string_list *pairs)
{
	json_open_object(json, key);
	for (size_t i = 0; i < pairs->count; i++) {
		const char *pair = pairs->items[i];
		size_t size = strcspn(pair, "=");
		AUTO_FREE char *name = xstrndup(pair, size);
		json_write_text(json, name, pair[size] == '=' ? pair + size + 1 : "");
	}
	json_close(json);
}
