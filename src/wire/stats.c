/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/stats.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "wire/document.h"

#define MAX_STATS_BYTES ((size_t)256 << 10)
#define MAX_CONTAINERS	256

void guest_stats_clear(struct guest_stats *stats)
{
	free(stats->containers);
	*stats = (struct guest_stats){0};
}

/* --- writing -------------------------------------------------------------------------------- */

static void write_containers(struct json_writer *json, const struct guest_stats *stats)
{
	json_open_object(json, "containers");
	for (size_t i = 0; i < stats->container_count; i++) {
		const struct guest_container_stats *container = &stats->containers[i];
		json_open_object(json, container->name);
		json_write_unsigned(json, "cpuUsec", container->cpu_usec);
		json_write_unsigned(json, "memoryBytes", container->memory_bytes);
		json_write_unsigned(json, "readBytes", container->read_bytes);
		json_write_unsigned(json, "writeBytes", container->write_bytes);
		json_write_unsigned(json, "pids", container->pids);
		json_close(json);
	}
	json_close(json);
}

char *guest_stats_write(const struct guest_stats *stats)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	json_open_object(&json, NULL);
	json_write_number(&json, "timeNs", stats->time_ns);
	json_open_object(&json, "memory");
	json_write_unsigned(&json, "totalBytes", stats->memory_total_bytes);
	json_write_unsigned(&json, "availableBytes", stats->memory_available_bytes);
	json_write_unsigned(&json, "usedBytes", stats->memory_used_bytes);
	json_close(&json);
	json_write_real(&json, "load1", stats->load1);
	write_containers(&json, stats);
	json_open_object(&json, "network");
	json_write_unsigned(&json, "rxBytes", stats->rx_bytes);
	json_write_unsigned(&json, "txBytes", stats->tx_bytes);
	json_close(&json);
	json_close(&json);
	return strbuf_take(&out);
}

/* --- reading -------------------------------------------------------------------------------- */

static uint64_t read_count(struct json_view object, const char *key)
{
	return (uint64_t)json_view_number(json_view_get(object, key), 0, INT64_MAX, 0);
}

static void read_containers(struct json_view object, struct guest_stats *ret)
{
	for (struct json_view view = json_view_first(object, MAX_CONTAINERS);
	     json_view_exists(view); view = json_view_next(view)) {
		struct guest_container_stats *container =
			ARRAY_APPEND(ret->containers, ret->container_count);
		size_t size = strlen(view.key);
		if (name_is_label(view.key, size))
			memcpy(container->name, view.key, size + 1);
		else
			json_view_complain(view, "is no DNS label");
		container->cpu_usec = read_count(view, "cpuUsec");
		container->memory_bytes = read_count(view, "memoryBytes");
		container->read_bytes = read_count(view, "readBytes");
		container->write_bytes = read_count(view, "writeBytes");
		container->pids = read_count(view, "pids");
	}
}

static void read_stats(struct json_view root, struct guest_stats *ret)
{
	struct json_view memory = json_view_get(root, "memory");
	struct json_view network = json_view_get(root, "network");
	ret->time_ns = json_view_number(json_view_get(root, "timeNs"), INT64_MIN, INT64_MAX, 0);
	ret->memory_total_bytes = read_count(memory, "totalBytes");
	ret->memory_available_bytes = read_count(memory, "availableBytes");
	ret->memory_used_bytes = read_count(memory, "usedBytes");
	ret->load1 = json_view_real(json_view_get(root, "load1"), 0.0);
	ret->rx_bytes = read_count(network, "rxBytes");
	ret->tx_bytes = read_count(network, "txBytes");
	read_containers(json_view_get(root, "containers"), ret);
}

bool guest_stats_read(const void *bytes, size_t size, struct guest_stats *ret, struct error *err)
{
	if (size > MAX_STATS_BYTES)
		return error_set(err, ERROR_INVALID, "STATS: %zu bytes", size);
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(bytes, size, "STATS", 0, err);
	if (document == NULL)
		return false;
	AUTO(guest_stats_clear) struct guest_stats stats = {0};
	read_stats(json_document_root(document), &stats);
	if (!json_document_check(document, err))
		return false;
	*ret = stats;
	stats = (struct guest_stats){0};
	return true;
}
