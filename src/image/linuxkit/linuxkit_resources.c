/* SPDX-License-Identifier: Apache-2.0 */
#include "image/linuxkit/linuxkit_resources.h"

#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"

static void json_clear(json_t **json)
{
	json_decref(*json);
}

static json_t *load(const char *text)
{
	return text ? json_loads(text, 0, NULL) : NULL;
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
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

static void write_fields(const json_t *object, const struct field *fields, struct go_json *out);

static void write_list(const char *key, const json_t *list, const struct field *fields,
		       struct go_json *out)
{
	size_t i;
	const json_t *item;
	if (json_array_size(list) == 0)
		return;
	go_json_begin(out, key, '[');
	json_array_foreach(list, i, item)
	{
		go_json_begin(out, NULL, '{');
		write_fields(item, fields, out);
		go_json_end(out, '}');
	}
	go_json_end(out, ']');
}

static void write_field(const json_t *value, const struct field *field, struct go_json *out)
{
	const char *name = field->name ? field->name : field->key;
	if (json_is_array(value)) {
		write_list(name, value, field->fields, out);
	} else if (json_is_object(value)) {
		go_json_begin(out, name, '{');
		write_fields(value, field->fields, out);
		go_json_end(out, '}');
	} else if (json_is_string(value)) {
		go_json_text_if(out, name, json_string_value(value));
	} else if (json_is_boolean(value)) {
		go_json_bool(out, name, json_is_true(value));
	} else if (json_is_integer(value)) {
		/* Go has a text here. */
		if (strcmp(field->key, "pageSize") == 0) {
			AUTO(strbuf_clear) struct strbuf digits = STRBUF_INIT;
			strbuf_appendf(&digits, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
			go_json_text(out, name, strbuf_text(&digits));
		} else {
			go_json_number(out, name, json_integer_value(value));
		}
	} else if (field->is_required) {
		if (strcmp(field->key, "allow") == 0)
			go_json_bool(out, name, false);
		else
			go_json_number(out, name, 0);
	}
}

static void write_fields(const json_t *object, const struct field *fields, struct go_json *out)
{
	for (; fields->key != NULL; fields++)
		write_field(json_object_get(object, fields->key), fields, out);
}

/* A device is of no use without the permission; "all" is the permission alone. */
static void write_device_rule(const json_t *device, struct go_json *out)
{
	const char *path = text_of(device, "path");
	go_json_begin(out, NULL, '{');
	go_json_bool(out, "allow", true);
	go_json_text_if(out, "type", text_of(device, "type"));
	if (path == NULL || strcmp(path, "all") != 0) {
		go_json_number(out, "major", json_integer_value(json_object_get(device, "major")));
		go_json_number(out, "minor", json_integer_value(json_object_get(device, "minor")));
	}
	go_json_text(out, "access", "rwm");
	go_json_end(out, '}');
}

void linuxkit_resources_write(const char *resources, const char *devices, struct go_json *out)
{
	size_t i;
	const json_t *item;
	AUTO(json_clear) json_t *root = load(resources);
	AUTO(json_clear) json_t *list = load(devices);
	const json_t *rules = json_object_get(root, "devices");
	go_json_begin(out, "resources", '{');
	if (json_array_size(rules) + json_array_size(list) > 0) {
		go_json_begin(out, "devices", '[');
		json_array_foreach(rules, i, item)
		{
			go_json_begin(out, NULL, '{');
			write_fields(item, rule, out);
			go_json_end(out, '}');
		}
		json_array_foreach(list, i, item) write_device_rule(item, out);
		go_json_end(out, ']');
	}
	write_fields(root, after_devices, out);
	go_json_end(out, '}');
}

static bool write_device(const json_t *device, struct go_json *out, struct error *err)
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
	go_json_number(out, "major", json_integer_value(json_object_get(device, "major")));
	go_json_number(out, "minor", json_integer_value(json_object_get(device, "minor")));
	go_json_number(out, "fileMode", mode);
	go_json_end(out, '}');
	return true;
}

bool linuxkit_devices_write(const char *devices, struct go_json *out, struct error *err)
{
	size_t i;
	const json_t *item;
	bool has_begun = false;
	AUTO(json_clear) json_t *list = load(devices);
	json_array_foreach(list, i, item)
	{
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

void linuxkit_mappings_write(const char *key, const char *mappings, struct go_json *out)
{
	AUTO(json_clear) json_t *list = load(mappings);
	write_list(key, list, mapping, out);
}
