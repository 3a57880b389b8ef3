/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/name_rules.h"

#include <string.h>

#include "base/alloc.h"

/* What the guest can answer. */
bool field_path_is_known(const char *path)
{
	static const char *const known[] = {
		"metadata.name", "metadata.namespace",	    "metadata.uid",
		"spec.nodeName", "spec.serviceAccountName", "status.podIP",
		"status.podIPs", "status.hostIP",	    "status.hostIPs"};
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(known[i], path) == 0)
			return true;
	}
	return strncmp(path, "metadata.labels['", 17) == 0 ||
	       strncmp(path, "metadata.annotations['", 22) == 0;
}

static const char lower_digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
static const char letters_digits[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

static bool is_label(const char *name, size_t length)
{
	if (length == 0 || length > 63)
		return false;
	for (size_t i = 0; i < length; i++) {
		bool is_end = i == 0 || i + 1 == length;
		if (strchr(lower_digits, name[i]) == NULL && (is_end || name[i] != '-'))
			return false;
	}
	return true;
}

bool name_is_valid(const char *name)
{
	return is_label(name, strlen(name));
}

bool port_name_is_valid(const char *name)
{
	enum { PORT_NAME_MAX = 15 };
	return strlen(name) <= PORT_NAME_MAX && name_is_valid(name) &&
	       strspn(name, "0123456789-") < strlen(name) && strstr(name, "--") == NULL;
}

bool name_is_subdomain(const char *name)
{
	if (strlen(name) > 253)
		return false;
	for (;;) {
		size_t length = strcspn(name, ".");
		if (!is_label(name, length))
			return false;
		if (name[length] == '\0')
			return true;
		name += length + 1;
	}
}

bool label_value_is_valid(const char *value)
{
	size_t length = strlen(value);
	if (length > 63)
		return false;
	for (size_t i = 0; i < length; i++) {
		bool is_end = i == 0 || i + 1 == length;
		if (strchr(letters_digits, value[i]) == NULL &&
		    (is_end || strchr("-_.", value[i]) == NULL))
			return false;
	}
	return true;
}

bool label_key_is_valid(const char *key)
{
	const char *slash = strchr(key, '/');
	if (slash != NULL) {
		char prefix[254];
		size_t length = (size_t)(slash - key);
		if (length >= sizeof(prefix))
			return false;
		memcpy(prefix, key, length);
		prefix[length] = '\0';
		if (!name_is_subdomain(prefix))
			return false;
		key = slash + 1;
	}
	return key[0] != '\0' && label_value_is_valid(key);
}

const char *name_hint(const char *name)
{
	if (strstr(name, "{{") != NULL)
		return "templates ({{ … }}) must be rendered first: helm template, envsubst";
	return strchr(name, '$') != NULL
		       ? "fill in the variables first: envsubst < FILE"
		       : "a-z, 0-9 and '-' inside, at most 63 characters (RFC 1123)";
}
