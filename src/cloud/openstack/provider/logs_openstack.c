/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/provider/logs_openstack.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cloud/openstack/provider/provider_openstack.h"
#include "cloud/openstack/server/server.h"

#define MAX_LINES 2000 /* more than are asked for */

/*
 * What tells a line from others that came in earlier looks: the stream, its text, and how often that stood
 * above it already.
 */
static char *id_of(const char *stream, const struct string_list *lines, size_t index)
{
	char hex[SHA256_HEX_SIZE];
	uint8_t raw[SHA256_SIZE];
	const char *text = lines->items[index];
	size_t before = 0;

	sha256_bytes(text, strlen(text), raw);
	sha256_hex(raw, hex);
	for (size_t i = 0; i < index; i++)
		before += strcmp(lines->items[i], text) == 0;
	return xasprintf("%s %zu %s", stream, before, hex);
}

bool openstack_console_lines(const char *text, const char *stream, int64_t time_ns,
			     cloud_log_fn *fn, void *arg)
{
	AUTO(string_list_clear) struct string_list all = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list lines = STRING_LIST_INIT;

	string_list_split(&all, text, '\n');
	for (size_t i = all.count > MAX_LINES ? all.count - MAX_LINES : 0; i < all.count; i++) {
		all.items[i][strcspn(all.items[i], "\r")] = '\0';
		if (all.items[i][0] != '\0')
			string_list_add(&lines, all.items[i]);
	}
	for (size_t i = 0; i < lines.count; i++) {
		AUTO_FREE char *id = id_of(stream, &lines, i);
		const struct cloud_line line = {
			.time_ns = time_ns, .id = id, .stream = stream, .text = lines.items[i]};
		if (!fn(&line, arg))
			return false;
	}
	return true;
}

/* *ret_is_over: fn wants no more. */
static bool give_console(struct openstack_client *client, const struct server *server,
			 const struct cloud_line_range *range, cloud_log_fn *fn, void *arg,
			 bool *ret_is_over, struct error *err)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *stream = xasprintf("%s/.console/%s", server->pod, server->id);
	int64_t now_ns = clock_wall_ns();

	if ((range->prefix != NULL && strncmp(stream, range->prefix, strlen(range->prefix)) != 0) ||
	    now_ns > range->until_ns)
		return true;
	if (!server_console(client, server->id, &text, err))
		return error_prefix(err, "server %s", server->name);
	*ret_is_over = !openstack_console_lines(text, stream, now_ns, fn, arg);
	return true;
}

bool openstack_logs(struct cloud *cloud, const struct cloud_scope *scope,
		    const struct cloud_line_range *range, cloud_log_fn *fn, void *arg,
		    struct error *err)
{
	struct openstack_client *client = provider_openstack_client(cloud);
	AUTO(server_list_clear) struct server_list servers = {0};
	bool is_over = false;

	if (!server_list_of(client, scope, &servers, err))
		return false;
	if (servers.count == 0) {
		error_set(err, ERROR_NOT_FOUND, "there is no %s in the cloud", scope->name);
		return error_hint(err, "i2kit promote");
	}
	for (size_t i = 0; i < servers.count && !is_over; i++)
		if (!give_console(client, &servers.items[i], range, fn, arg, &is_over, err))
			return false;
	return true;
}
