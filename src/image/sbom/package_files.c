/* SPDX-License-Identifier: Apache-2.0 */
#include "image/sbom/package_files.h"

#include <string.h>

#include "base/cleanup.h"

/* Where a value goes, by the key in front of its colon. */
struct slot {
	const char *key;
	char **value;
};

static char *trimmed(const char *text, size_t length)
{
	while (length > 0 && (text[0] == ' ' || text[0] == '\t')) {
		text++;
		length--;
	}
	while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL)
		length--;
	return xstrndup(text, length);
}

static void read_line(const char *line, size_t length, const struct slot *slots, size_t count)
{
	const char *colon = memchr(line, ':', length);

	for (size_t i = 0; colon != NULL && i < count; i++) {
		size_t size = (size_t)(colon - line);
		if (size != strlen(slots[i].key) || strncmp(line, slots[i].key, size) != 0)
			continue;
		if (*slots[i].value == NULL)
			*slots[i].value = trimmed(colon + 1, length - size - 1);
	}
}

/* The next paragraph into the slots; returns what is behind it, NULL at the end. */
static const char *read_paragraph(const char *text, const struct slot *slots, size_t count)
{
	while (text[0] == '\n')
		text++;
	if (text[0] == '\0')
		return NULL;
	while (text[0] != '\0' && text[0] != '\n') {
		size_t length = strcspn(text, "\n");
		/* What begins with a blank goes on with the value before: none that is read here. */
		if (text[0] != ' ' && text[0] != '\t')
			read_line(text, length, slots, count);
		text += length;
		if (text[0] == '\n')
			text++;
	}
	return text;
}

static bool take(struct package_list *list, struct package *package, struct error *err)
{
	if (list->count >= PACKAGES_MAX) {
		package_clear(package);
		return error_set(err, ERROR_FULL, "more than %u packages", PACKAGES_MAX);
	}
	package_list_take(list, package);
	return true;
}

/* "install ok installed"; in status.d/ there is none. */
static bool is_installed(const char *status)
{
	const char *word = status != NULL ? strrchr(status, ' ') : NULL;

	return status == NULL || (word != NULL && strcmp(word, " installed") == 0);
}

bool package_files_read_dpkg(const char *text, struct package_list *ret, struct error *err)
{
	while (text != NULL) {
		AUTO_FREE char *status = NULL;
		struct package package = {.type = PACKAGE_DEB};
		const struct slot slots[] = {{"Package", &package.name},
					     {"Version", &package.version},
					     {"Architecture", &package.architecture},
					     {"Maintainer", &package.supplier},
					     {"Source", &package.source},
					     {"Status", &status}};
		text = read_paragraph(text, slots, ARRAY_SIZE(slots));
		if (package.source != NULL) /* "openssl (3.0.1-1)" */
			package.source[strcspn(package.source, " (")] = '\0';
		if (!is_installed(status))
			package_clear(&package);
		else if (!take(ret, &package, err))
			return false;
	}
	return true;
}

bool package_files_read_apk(const char *text, struct package_list *ret, struct error *err)
{
	while (text != NULL) {
		struct package package = {.type = PACKAGE_APK};
		const struct slot slots[] = {{"P", &package.name},	   {"V", &package.version},
					     {"A", &package.architecture}, {"L", &package.licence},
					     {"m", &package.supplier},	   {"o", &package.source}};
		/* "p:" is not "P:". */
		text = read_paragraph(text, slots, ARRAY_SIZE(slots));
		if (!take(ret, &package, err))
			return false;
	}
	return true;
}
