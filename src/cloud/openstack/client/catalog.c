/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/client/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { MAX_SERVICES = 1000, MAX_ENDPOINTS = 1000 };

void catalog_clear(struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->count; i++) {
		free(catalog->items[i].type);
		free(catalog->items[i].interface);
		free(catalog->items[i].region);
		free(catalog->items[i].url);
	}
	free(catalog->items);
	*catalog = (struct catalog){0};
}

static char *without_slashes(char *url)
{
	size_t size = url != NULL ? strlen(url) : 0;
	while (size > 0 && url[size - 1] == '/')
		url[--size] = '\0';
	return url;
}

static void add(struct catalog *catalog, const char *type, struct json_view endpoint)
{
	char *url = json_view_text(json_view_get(endpoint, "url"));
	char *interface = json_view_text(json_view_get(endpoint, "interface"));
	char *region = json_view_text(json_view_get(endpoint, "region"));

	/* Some clouds have entries without an address: services to be. */
	if (url == NULL || interface == NULL || type == NULL) {
		free(url);
		free(interface);
		free(region);
		return;
	}
	catalog->items = xreallocarray(catalog->items, catalog->count + 1, sizeof(*catalog->items));
	catalog->items[catalog->count++] = (struct catalog_entry){
		.type = xstrdup(type),
		.interface = interface,
		.region = region,
		.url = without_slashes(url),
	};
}

void catalog_read(struct json_view list, struct catalog *ret)
{
	size_t count = json_view_count(list, MAX_SERVICES);

	for (size_t i = 0; i < count; i++) {
		struct json_view service = json_view_at(list, i);
		struct json_view endpoints = json_view_get(service, "endpoints");
		const char *type = json_view_peek(json_view_get(service, "type"));
		size_t many = json_view_count(endpoints, MAX_ENDPOINTS);
		for (size_t k = 0; k < many; k++)
			add(ret, type, json_view_at(endpoints, k));
	}
}

/* The names of a type, today's first. */
static const char *const *names_of(const char *type)
{
	static const char *const names[][5] = {
		{"block-storage", "volumev3", "volume", "block-store", NULL},
		{"dns", "dnsv2", NULL},
		{"orchestration", NULL},
		{"load-balancer", NULL},
	};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i][0], type) == 0)
			return names[i];
	return NULL;
}

static const char *find_named(const struct catalog *catalog, const char *type,
			      const char *interface, const char *region)
{
	for (size_t i = 0; i < catalog->count; i++) {
		const struct catalog_entry *entry = &catalog->items[i];
		bool is_there = region[0] == '\0' ||
				(entry->region != NULL && strcmp(entry->region, region) == 0);
		if (is_there && strcmp(entry->type, type) == 0 &&
		    strcmp(entry->interface, interface) == 0)
			return entry->url;
	}
	return NULL;
}

const char *catalog_find(const struct catalog *catalog, const char *type, const char *interface,
			 const char *region)
{
	const char *const *names = names_of(type);
	const char *url = names == NULL ? find_named(catalog, type, interface, region) : NULL;

	for (size_t i = 0; names != NULL && names[i] != NULL && url == NULL; i++)
		url = find_named(catalog, names[i], interface, region);
	return url;
}

/* "v2.1" of "…/v2.1" or of "…/v3/PROJECT"; its size, 0: the URL has none. */
static size_t find_version(const char *url, const char **ret)
{
	const char *path = strstr(url, "://");

	for (const char *at = path != NULL ? strchr(path + 3, '/') : NULL; at != NULL;
	     at = strchr(at + 1, '/')) {
		size_t digits = at[1] == 'v' ? strspn(at + 2, "0123456789.") : 0;
		*ret = at + 1;
		if (digits > 0 && (at[2 + digits] == '\0' || at[2 + digits] == '/'))
			return 1 + digits;
	}
	return 0;
}

char *catalog_versioned(const char *url, const char *version)
{
	const char *at = NULL;
	size_t size = find_version(url, &at);

	if (version == NULL || (size > 0 && strncmp(at, version, 2) == 0))
		return xstrdup(url);
	if (size == 0)
		return xasprintf("%s/%s", url, version);
	return xasprintf("%.*s%s%s", (int)(at - url), url, version, at + size);
}
