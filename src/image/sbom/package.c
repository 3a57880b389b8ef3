/* SPDX-License-Identifier: Apache-2.0 */
#include "image/sbom/package.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/string_list.h"

const char *const package_type_words[] = {
	[PACKAGE_DEB] = "deb", [PACKAGE_APK] = "apk", [PACKAGE_RPM] = "rpm"};

void package_clear(struct package *package)
{
	free(package->name);
	free(package->version);
	free(package->architecture);
	free(package->licence);
	free(package->supplier);
	free(package->source);
	free(package->purl);
	*package = (struct package){0};
}

void package_list_clear(struct package_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		package_clear(&list->items[i]);
	free(list->items);
	*list = (struct package_list){0};
}

void package_list_take(struct package_list *list, struct package *package)
{
	if (package->name == NULL || package->name[0] == '\0' || package->version == NULL ||
	    package->version[0] == '\0') {
		package_clear(package);
		return;
	}
	if (list->count % 64 == 0)
		list->items = xreallocarray(list->items, list->count + 64, sizeof(struct package));
	list->items[list->count++] = *package;
	*package = (struct package){0};
}

void distribution_clear(struct distribution *distribution)
{
	free(distribution->id);
	free(distribution->version);
	free(distribution->title);
	*distribution = (struct distribution){0};
}

/* The value of one line of os-release(5), without its quotes. Owned. */
static char *take_value(const char *text)
{
	size_t length = strlen(text);

	while (length > 0 && (text[length - 1] == '\r' || text[length - 1] == ' '))
		length--;
	if (length >= 2 && (text[0] == '"' || text[0] == '\'') && text[length - 1] == text[0])
		return xstrndup(text + 1, length - 2);
	return xstrndup(text, length);
}

void distribution_read(const char *text, struct distribution *ret)
{
	const struct {
		const char *key;
		char **value;
	} keys[] = {
		{"ID=", &ret->id}, {"VERSION_ID=", &ret->version}, {"PRETTY_NAME=", &ret->title}};
	AUTO(string_list_clear) struct string_list lines = STRING_LIST_INIT;

	string_list_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
			size_t length = strlen(keys[k].key);
			if (strncmp(lines.items[i], keys[k].key, length) != 0)
				continue;
			free(*keys[k].value);
			*keys[k].value = take_value(lines.items[i] + length);
		}
	}
}

/* An RPM's version is "EPOCH:VERSION-RELEASE"; the epoch is a qualifier of its own. */
static const char *split_epoch(const struct package *package, char **ret_epoch)
{
	const char *colon = package->type == PACKAGE_RPM ? strchr(package->version, ':') : NULL;

	*ret_epoch = colon != NULL ? xstrndup(package->version, (size_t)(colon - package->version))
				   : NULL;
	return colon != NULL ? colon + 1 : package->version;
}

static char *make_purl(const struct package *package, const struct distribution *distribution)
{
	AUTO_FREE char *epoch = NULL;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	const char *version = split_epoch(package, &epoch);
	const char *sign = "?";

	strbuf_appendf(&out, "pkg:%s/", package_type_words[package->type]);
	if (distribution->id != NULL && distribution->id[0] != '\0') {
		strbuf_append_url(&out, distribution->id);
		strbuf_append_char(&out, '/');
	}
	strbuf_append_url(&out, package->name);
	strbuf_append_char(&out, '@');
	strbuf_append_url(&out, version);
	const struct {
		const char *key;
		const char *value;
	} qualifiers[] = {{"arch", package->architecture}, {"epoch", epoch}};
	for (size_t i = 0; i < ARRAY_SIZE(qualifiers); i++) {
		if (qualifiers[i].value == NULL || qualifiers[i].value[0] == '\0')
			continue;
		strbuf_appendf(&out, "%s%s=", sign, qualifiers[i].key);
		strbuf_append_url(&out, qualifiers[i].value);
		sign = "&";
	}
	if (distribution->id != NULL && distribution->version != NULL) {
		strbuf_appendf(&out, "%sdistro=", sign);
		strbuf_append_url(&out, distribution->id);
		strbuf_append_char(&out, '-');
		strbuf_append_url(&out, distribution->version);
	}
	return strbuf_take(&out);
}

static int compare(const void *left, const void *right)
{
	const struct package *a = left, *b = right;

	return strcmp(a->purl, b->purl);
}

void package_list_finish(struct package_list *list, const struct distribution *distribution)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].purl == NULL)
			list->items[i].purl = make_purl(&list->items[i], distribution);
	if (list->count > 1)
		qsort(list->items, list->count, sizeof(struct package), compare);
	for (size_t i = 0; i < list->count; i++) {
		if (kept > 0 && strcmp(list->items[kept - 1].purl, list->items[i].purl) == 0)
			package_clear(&list->items[i]);
		else
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}
