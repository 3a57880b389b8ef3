/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/control_request.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/json_writer.h"

#define MOST_REPLICAS INT64_C(1000000) /* what a pod may have is for its plan to say */

static const char *const words[] = {
	[CONTROL_STATUS] = "status",   [CONTROL_WATCH] = "watch", [CONTROL_EVENTS] = "events",
	[CONTROL_STATS] = "stats",     [CONTROL_APPLY] = "apply", [CONTROL_DOWN] = "down",
	[CONTROL_SCALE] = "scale",     [CONTROL_STOP] = "stop",	  [CONTROL_RESTART] = "restart",
	[CONTROL_KILL] = "kill",       [CONTROL_PAUSE] = "pause", [CONTROL_UNPAUSE] = "unpause",
	[CONTROL_RUN_NOW] = "run-now",
};

void control_request_clear(struct control_request *request)
{
	free(request->name);
	*request = (struct control_request){0};
}

static bool needs_name(enum control_op op)
{
	return op >= CONTROL_SCALE;
}

void control_request_write(const struct control_request *request, struct strbuf *out)
{
	struct json_writer json = JSON_WRITER(out, 0);

	json_open_object(&json, NULL);
	json_write_text(&json, "op", words[request->op]);
	json_write_unsigned_if(&json, "id", request->id);
	if (needs_name(request->op))
		json_write_text(&json, "name", request->name);
	if (request->op == CONTROL_SCALE)
		json_write_unsigned(&json, "replicas", request->replicas);
	if (request->op == CONTROL_STATS)
		json_write_unsigned(&json, "intervalMs", request->interval_ms);
	json_write_true_if(&json, "volumes", request->with_volumes);
	json_write_true_if(&json, "force", request->is_forced);
	json_close(&json);
	strbuf_append_char(out, '\n');
}

static bool read_op(struct json_view view, enum control_op *ret, struct error *err)
{
	const char *word = json_view_peek(view);

	if (word == NULL)
		return error_set(err, ERROR_INVALID, "a request needs an op");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i], word) == 0) {
			*ret = (enum control_op)i;
			return true;
		}
	}
	return error_set(err, ERROR_INVALID, "unknown operation '%.40s'", word);
}

static unsigned read_interval(struct json_view view)
{
	int64_t ms = json_view_number(view, 0, INT64_MAX, 0);

	if (ms == 0)
		return 0;
	if (ms < CONTROL_MIN_INTERVAL_MS)
		return CONTROL_MIN_INTERVAL_MS;
	return ms < CONTROL_MAX_INTERVAL_MS ? (unsigned)ms : CONTROL_MAX_INTERVAL_MS;
}

bool control_request_read(const char *line, size_t size, struct control_request *ret,
			  struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(line, size, "the request", 0, err);

	*ret = (struct control_request){0};
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	ret->id = (uint64_t)json_view_number(json_view_get(root, "id"), 0, INT64_MAX, 0);
	if (!json_view_is_object(root))
		return error_set(err, ERROR_INVALID, "a request is one JSON object on a line");
	if (!read_op(json_view_get(root, "op"), &ret->op, err))
		return false;
	ret->name = json_view_text(json_view_get(root, "name"));
	ret->replicas =
		(uint32_t)json_view_number(json_view_get(root, "replicas"), 0, MOST_REPLICAS, 0);
	ret->with_volumes = json_view_bool(json_view_get(root, "volumes"), false);
	ret->is_forced = json_view_bool(json_view_get(root, "force"), false);
	ret->interval_ms = read_interval(json_view_get(root, "intervalMs"));
	if (!json_document_check(document, err))
		return false;
	if (needs_name(ret->op) && ret->name == NULL)
		return error_set(err, ERROR_INVALID, "'%s' needs a name", words[ret->op]);
	return ret->op != CONTROL_SCALE || json_view_exists(json_view_get(root, "replicas")) ||
	       error_set(err, ERROR_INVALID, "'scale' needs a number of replicas");
}
