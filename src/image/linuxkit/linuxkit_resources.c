/* SPDX-License-Identifier: Apache-2.0 */
#include "image/linuxkit/linuxkit_resources.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/parse.h"

static const char *text_of(struct json_view object, const char *key)
{
	return json_view_peek(json_view_get(object, key));
}

static int64_t number_of(struct json_view object, const char *key)
{
	return json_view_number(json_view_get(object, key), INT64_MIN, INT64_MAX, 0);
}

/* The fields of an object in the order of the runtime specification. */
struct field {
	const char *key;	    /* in the document */
	const char *name;	    /* in config.json; NULL: the same */
	bool is_required;	    /* 0 when it is not given */
	const struct field *fields; /* of a list of objects or an object */
};
#define END                                                                                        \
	{                                                                                          \
		NULL, NULL, false, NULL                                                            \
	}

static const struct field rule[] = {{"allow", NULL, true, NULL},   {"type", NULL, false, NULL},
				    {"major", NULL, false, NULL},  {"minor", NULL, false, NULL},
				    {"access", NULL, false, NULL}, END};
static const struct field memory[] = {{"limit", NULL, false, NULL},
				      {"reservation", NULL, false, NULL},
				      {"swap", NULL, false, NULL},
				      {"kernel", NULL, false, NULL},
				      {"kernelTCP", NULL, false, NULL},
				      {"swappiness", NULL, false, NULL},
				      {"disableOOMKiller", NULL, false, NULL},
				      END};
static const struct field cpu[] = {
	{"shares", NULL, false, NULL},	       {"quota", NULL, false, NULL},
	{"period", NULL, false, NULL},	       {"realtimeRuntime", NULL, false, NULL},
	{"realtimePeriod", NULL, false, NULL}, {"cpus", NULL, false, NULL},
	{"mems", NULL, false, NULL},	       END};
static const struct field pids[] = {{"limit", NULL, true, NULL}, END};
static const struct field weight[] = {{"major", NULL, true, NULL},
				      {"minor", NULL, true, NULL},
				      {"weight", NULL, false, NULL},
				      {"leafWeight", NULL, false, NULL},
				      END};
static const struct field throttle[] = {
	{"major", NULL, true, NULL}, {"minor", NULL, true, NULL}, {"rate", NULL, true, NULL}, END};
static const struct field block_io[] = {{"weight", NULL, false, NULL},
					{"leafWeight", NULL, false, NULL},
					{"weightDevice", NULL, false, weight},
					{"throttleReadBpsDevice", NULL, false, throttle},
					{"throttleWriteBpsDevice", NULL, false, throttle},
					{"throttleReadIOPSDevice", NULL, false, throttle},
					{"throttleWriteIOPSDevice", NULL, false, throttle},
					END};
static const struct field huge_page[] = {
	{"pageSize", NULL, true, NULL}, {"limit", NULL, true, NULL}, END};
static const struct field priority[] = {
	{"name", NULL, true, NULL}, {"priority", NULL, true, NULL}, END};
static const struct field network[] = {
	{"classID", NULL, false, NULL}, {"priorities", NULL, false, priority}, END};
static const struct field after_devices[] = {{"memory", NULL, false, memory},
					     {"cpu", NULL, false, cpu},
					     {"pids", NULL, false, pids},
					     {"blockio", "blockIO", false, block_io},
					     {"hugepageLimits", NULL, false, huge_page},
					     {"network", NULL, false, network},
					     END};
static const struct field mapping[] = {{"containerID", NULL, true, NULL},
				       {"hostID", NULL, true, NULL},
				       {"size", NULL, true, NULL},
				       END};

static void write_fields(struct json_view object, const struct field *fields, struct go_json *out);

static void write_list(const char *key, struct json_view list, const struct field *fields,
		       struct go_json *out)
{
	size_t count = json_view_count(list, SIZE_MAX);
	if (count == 0)
		return;
	go_json_begin(out, key, '[');
	for (size_t i = 0; i < count; i++) {
		go_json_begin(out, NULL, '{');
		write_fields(json_view_at(list, i), fields, out);
		go_json_end(out, '}');
	}
	go_json_end(out, ']');
}

static void write_number(int64_t number, const struct field *field, const char *name,
			 struct go_json *out)
{
	AUTO(strbuf_clear) struct strbuf digits = STRBUF_INIT;
	if (strcmp(field->key, "pageSize") != 0) {
		go_json_number(out, name, number);
		return;
	}
	/* Go has a text here. */
	strbuf_appendf(&digits, "%" PRId64, number);
	go_json_text(out, name, strbuf_text(&digits));
}

static void write_field(struct json_view value, const struct field *field, struct go_json *out)
{
	const char *name = field->name ? field->name : field->key;
	if (json_view_is_list(value)) {
		write_list(name, value, field->fields, out);
	} else if (json_view_is_object(value)) {
		go_json_begin(out, name, '{');
		write_fields(value, field->fields, out);
		go_json_end(out, '}');
	} else if (json_view_is_text(value)) {
		go_json_text_if(out, name, json_view_peek(value));
	} else if (json_view_is_bool(value)) {
		go_json_bool(out, name, json_view_bool(value, false));
	} else if (json_view_is_number(value)) {
		write_number(json_view_number(value, INT64_MIN, INT64_MAX, 0), field, name, out);
	} else if (field->is_required) {
		if (strcmp(field->key, "allow") == 0)
			go_json_bool(out, name, false);
		else
			go_json_number(out, name, 0);
	}
}

static void write_fields(struct json_view object, const struct field *fields, struct go_json *out)
{
	for (; fields->key != NULL; fields++)
		write_field(json_view_get(object, fields->key), fields, out);
}

/* A device is of no use without the permission; "all" is the permission alone. */
static void write_device_rule(struct json_view device, struct go_json *out)
{
	const char *path = text_of(device, "path");
	go_json_begin(out, NULL, '{');
	go_json_bool(out, "allow", true);
	go_json_text_if(out, "type", text_of(device, "type"));
	if (path == NULL || strcmp(path, "all") != 0) {
		go_json_number(out, "major", number_of(device, "major"));
		go_json_number(out, "minor", number_of(device, "minor"));
	}
	go_json_text(out, "access", "rwm");
	go_json_end(out, '}');
}

void linuxkit_resources_write(struct json_view resources, struct json_view devices,
			      struct go_json *out)
{
	struct json_view rules = json_view_get(resources, "devices");
	size_t rule_count = json_view_count(rules, SIZE_MAX);
	size_t count = json_view_count(devices, SIZE_MAX);
	go_json_begin(out, "resources", '{');
	if (rule_count + count > 0) {
		go_json_begin(out, "devices", '[');
		for (size_t i = 0; i < rule_count; i++) {
			go_json_begin(out, NULL, '{');
			write_fields(json_view_at(rules, i), rule, out);
			go_json_end(out, '}');
		}
		for (size_t i = 0; i < count; i++)
			write_device_rule(json_view_at(devices, i), out);
		go_json_end(out, ']');
	}
	write_fields(resources, after_devices, out);
	go_json_end(out, '}');
}

static bool write_device(struct json_view device, struct go_json *out, struct error *err)
{
	enum { MODE_MAX = 07777777 };
	unsigned mode = 0;
	const char *path = text_of(device, "path");
	const char *type = text_of(device, "type");
	const char *mode_text = text_of(device, "mode");
	if (mode_text == NULL || !parse_octal(mode_text, MODE_MAX, &mode))
		return error_set(err, ERROR_INVALID, "device '%s' needs an octal mode",
				 path ? path : "");
	go_json_begin(out, NULL, '{');
	go_json_text(out, "path", path ? path : "");
	go_json_text(out, "type", type ? type : "");
	go_json_number(out, "major", number_of(device, "major"));
	go_json_number(out, "minor", number_of(device, "minor"));
	go_json_number(out, "fileMode", mode);
	go_json_end(out, '}');
	return true;
}

bool linuxkit_devices_write(struct json_view devices, struct go_json *out, struct error *err)
{
	bool has_begun = false;
	size_t count = json_view_count(devices, SIZE_MAX);
	for (size_t i = 0; i < count; i++) {
		struct json_view item = json_view_at(devices, i);
		const char *path = text_of(item, "path");
		if (path != NULL && strcmp(path, "all") == 0)
			continue;
		if (!has_begun)
			go_json_begin(out, "devices", '[');
		has_begun = true;
		if (!write_device(item, out, err))
			return false;
	}
	if (has_begun)
		go_json_end(out, ']');
	return true;
}

void linuxkit_mappings_write(const char *key, struct json_view mappings, struct go_json *out)
{
	write_list(key, mappings, mapping, out);
}
