/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/event.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/utf8.h"
#include "wire/document.h"

#define MAX_EVENT_BYTES ((size_t)64 << 10)
#define MAX_NAME	63

static const char *const types[] = {
	[GUEST_EVENT_BOOT] = "boot",   [GUEST_EVENT_CONTAINER] = "container",
	[GUEST_EVENT_PROBE] = "probe", [GUEST_EVENT_READY] = "ready",
	[GUEST_EVENT_LOSS] = "loss",   [GUEST_EVENT_POD] = "pod",
	[GUEST_EVENT_FULL] = "full",
};

/* --- writing -------------------------------------------------------------------------------- */

static void write_container(struct json_writer *json, const struct guest_event *event)
{
	json_write_text(json, "state", event->state);
	json_write_text_if(json, "reason", event->reason);
	if (event->has_exit_code)
		json_write_number(json, "exitCode", event->exit_code);
	if (event->signal > 0)
		json_write_number(json, "signal", event->signal);
	json_write_unsigned(json, "restarts", event->restarts);
	json_write_text_if(json, "message", event->message);
	json_write_unsigned_if(json, "nextStartMs", event->next_ms);
	if (event->has_log_sequence)
		json_write_unsigned(json, "logSequence", event->log_sequence);
}

static void write_pod(struct json_writer *json, const struct guest_event *event)
{
	json_write_text(json, "phase", event->phase);
	if (event->has_exit_code)
		json_write_number(json, "exitCode", event->exit_code);
	json_write_text_if(json, "reason", event->reason);
}

static void write_fields(struct json_writer *json, const struct guest_event *event)
{
	json_write_text_if(json, "container", event->container);
	switch (event->type) {
	case GUEST_EVENT_BOOT:
		json_write_text(json, "stage", event->stage);
		json_write_unsigned(json, "uptimeMs", event->uptime_ms);
		break;
	case GUEST_EVENT_CONTAINER:
		write_container(json, event);
		break;
	case GUEST_EVENT_PROBE:
		json_write_text(json, "probe", event->probe);
		json_write_bool(json, "ok", event->is_ok);
		json_write_text_if(json, "message", event->message);
		break;
	case GUEST_EVENT_READY:
		json_write_bool(json, "ready", event->is_ok);
		break;
	case GUEST_EVENT_LOSS:
		json_write_unsigned(json, "lines", event->lines);
		json_write_unsigned(json, "bytes", event->bytes);
		break;
	case GUEST_EVENT_POD:
		write_pod(json, event);
		break;
	case GUEST_EVENT_FULL:
		json_write_text(json, "message", event->message);
		break;
	case GUEST_EVENT_OTHER:
		break;
	}
}

char *guest_event_write(const struct guest_event *event)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	json_open_object(&json, NULL);
	json_write_unsigned(&json, "seq", event->sequence);
	json_write_number(&json, "timeNs", event->time_ns);
	json_write_text(&json, "type",
			event->type < GUEST_EVENT_OTHER ? types[event->type] : "other");
	write_fields(&json, event);
	json_close(&json);
	return strbuf_take(&out);
}

/* --- reading -------------------------------------------------------------------------------- */

/* These texts end in terminals, under many hands: no control characters, of C0, DEL and C1. */
static void make_harmless(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
		bool is_c1 = *c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f;
		if (is_c1)
			c[1] = '?';
		if (is_c1 || *c == 0x7f || (*c < ' ' && *c != '\n' && *c != '\t'))
			*c = '?';
	}
}

static const char *read_text(struct guest_event_texts *texts, struct json_view view, size_t max)
{
	const char *value = json_view_peek(view);
	if (value == NULL || texts->count == ARRAY_SIZE(texts->bytes))
		return NULL;
	char *out = texts->bytes[texts->count++];
	size_t size = strnlen(value, max + 1);
	bool is_cut = size > max;
	size = is_cut ? max : size;
	memcpy(out, value, size);
	out[size] = '\0';
	/* A character cut in two goes as a whole. */
	while (is_cut && !utf8_is_valid(out, strlen(out), NULL))
		out[strlen(out) - 1] = '\0';
	make_harmless(out);
	return out;
}

static const char *read_name(struct guest_event_texts *texts, struct json_view view)
{
	const char *name = json_view_peek(view);
	if (name != NULL && !name_is_label(name, strlen(name)))
		json_view_complain(view, "is no DNS label");
	return read_text(texts, view, MAX_NAME);
}

/* One of `words`. */
static const char *read_word(struct json_view view, const char *const *words, size_t count)
{
	return words[json_view_word(view, words, count, 0)];
}

static uint64_t read_count(struct json_view root, const char *key)
{
	return (uint64_t)json_view_number(json_view_get(root, key), 0, INT64_MAX, 0);
}

static void read_common(struct json_view root, struct guest_event_texts *texts,
			struct guest_event *ret)
{
	struct json_view code = json_view_get(root, "exitCode");
	bool has_container = ret->type == GUEST_EVENT_CONTAINER || ret->type == GUEST_EVENT_PROBE;
	ret->sequence = read_count(root, "seq");
	ret->time_ns = json_view_number(json_view_get(root, "timeNs"), INT64_MIN, INT64_MAX, 0);
	ret->container = read_name(texts, has_container ? json_view_require(root, "container")
							: json_view_get(root, "container"));
	ret->reason = read_text(texts, json_view_get(root, "reason"), MAX_NAME);
	ret->message = read_text(texts, json_view_get(root, "message"), GUEST_EVENT_MAX_TEXT);
	ret->has_exit_code = json_view_exists(code);
	ret->exit_code = (int)json_view_number(code, 0, 255, 0);
}

static void read_fields(struct json_view root, struct guest_event_texts *texts,
			struct guest_event *ret)
{
	static const char *const states[] = {"waiting", "running", "terminated"};
	static const char *const probes[] = {"startup", "readiness", "liveness"};
	static const char *const phases[] = {"Pending", "Running", "Succeeded", "Failed"};
	switch (ret->type) {
	case GUEST_EVENT_BOOT:
		ret->stage = read_name(texts, json_view_require(root, "stage"));
		ret->uptime_ms = read_count(root, "uptimeMs");
		break;
	case GUEST_EVENT_CONTAINER:
		ret->state =
			read_word(json_view_require(root, "state"), states, ARRAY_SIZE(states));
		ret->signal = (int)json_view_number(json_view_get(root, "signal"), 0, 127, 0);
		ret->has_log_sequence = json_view_exists(json_view_get(root, "logSequence"));
		ret->log_sequence = read_count(root, "logSequence");
		ret->restarts = (unsigned)json_view_number(json_view_get(root, "restarts"), 0,
							   UINT32_MAX, 0);
		ret->next_ms = (uint64_t)json_view_number(json_view_get(root, "nextStartMs"), 0,
							  UINT32_MAX, 0);
		break;
	case GUEST_EVENT_PROBE:
		ret->probe =
			read_word(json_view_require(root, "probe"), probes, ARRAY_SIZE(probes));
		ret->is_ok = json_view_bool(json_view_get(root, "ok"), false);
		break;
	case GUEST_EVENT_READY:
		ret->is_ok = json_view_bool(json_view_get(root, "ready"), false);
		break;
	case GUEST_EVENT_LOSS:
		ret->lines = read_count(root, "lines");
		ret->bytes = read_count(root, "bytes");
		break;
	case GUEST_EVENT_POD:
		ret->phase =
			read_word(json_view_require(root, "phase"), phases, ARRAY_SIZE(phases));
		break;
	case GUEST_EVENT_FULL:
		if (ret->message == NULL)
			(void)json_view_require(root, "message");
		break;
	case GUEST_EVENT_OTHER:
		break;
	}
}

static enum guest_event_type read_type(struct json_view root)
{
	const char *type = json_view_peek(json_view_require(root, "type"));
	for (size_t i = 0; type != NULL && i < ARRAY_SIZE(types); i++) {
		if (strcmp(types[i], type) == 0)
			return (enum guest_event_type)i;
	}
	return GUEST_EVENT_OTHER;
}

bool guest_event_read(const void *bytes, size_t size, struct guest_event_texts *texts,
		      struct guest_event *ret, struct error *err)
{
	if (size > MAX_EVENT_BYTES)
		return error_set(err, ERROR_INVALID, "EVENT: %zu bytes", size);
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(bytes, size, "EVENT", 0, err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	struct guest_event event = {.type = read_type(root)};
	texts->count = 0;
	if (event.type != GUEST_EVENT_OTHER) {
		read_common(root, texts, &event);
		read_fields(root, texts, &event);
	}
	if (!json_document_check(document, err))
		return false;
	*ret = event;
	return true;
}
