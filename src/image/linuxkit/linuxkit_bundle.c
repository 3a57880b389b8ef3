/* SPDX-License-Identifier: Apache-2.0 */
#include "image/linuxkit/linuxkit_bundle.h"

#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/linuxkit/go_json.h"
#include "image/linuxkit/linuxkit_limits.h"
#include "image/linuxkit/linuxkit_mounts.h"
#include "image/linuxkit/linuxkit_resources.h"
#include "image/linuxkit/linuxkit_runtime.h"

#define OCI_VERSION "1.2.1"

/* All that a field can come from. */
struct origin {
	const struct linuxkit_document *document;
	json_t *entry;	/* owned; the document's */
	json_t *label;	/* owned, or NULL */
	json_t *config; /* owned; the image's, whole */
};

static void origin_clear(struct origin *origin)
{
	json_decref(origin->entry);
	json_decref(origin->label);
	json_decref(origin->config);
}

static const json_t *image_value(const struct origin *origin, const char *key)
{
	return json_object_get(json_object_get(origin->config, "config"), key);
}

/* What is given in the document counts even when it is empty. */
static const json_t *pick(const struct origin *origin, const char *key)
{
	const json_t *value = json_object_get(origin->entry, key);
	return value != NULL ? value : json_object_get(origin->label, key);
}

/* An empty text counts as not given. */
static const char *pick_text(const struct origin *origin, const char *key)
{
	const char *text = json_string_value(json_object_get(origin->entry, key));
	if (text == NULL || text[0] == '\0')
		text = json_string_value(json_object_get(origin->label, key));
	return text != NULL ? text : "";
}

/* KEY of the document; else KEY of the label and then KEY.add of the document. */
static void pick_added(const struct origin *origin, const char *key, const char *add_key,
		       struct string_list *ret)
{
	size_t i;
	const json_t *item;
	const json_t *own = json_object_get(origin->entry, key);
	const json_t *first = own ? own : json_object_get(origin->label, key);
	json_array_foreach(first, i, item) string_list_add(ret, json_string_value(item));
	if (own != NULL)
		return;
	json_array_foreach(json_object_get(origin->entry, add_key), i, item)
		string_list_add(ret, json_string_value(item));
}

static void write_texts(struct go_json *out, const char *key, const struct string_list *list)
{
	if (list->count == 0)
		return;
	go_json_begin(out, key, '[');
	for (size_t i = 0; i < list->count; i++)
		go_json_text(out, NULL, list->items[i]);
	go_json_end(out, ']');
}

static void write_array(struct go_json *out, const char *key, const json_t *array)
{
	size_t i;
	const json_t *item;
	AUTO(string_list_clear) struct string_list list = STRING_LIST_INIT;
	json_array_foreach(array, i, item)
	{
		if (json_is_string(item))
			string_list_add(&list, json_string_value(item));
	}
	write_texts(out, key, &list);
}

static void write_map(struct go_json *out, const char *key, const json_t *map)
{
	const char *name;
	json_t *value;
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	/* jansson's iterator takes a mutable object and does not change it. */
	json_t *iterated = (json_t *)(uintptr_t)map;
	json_object_foreach(iterated, name, value) string_list_add(&names, name);
	if (names.count == 0)
		return;
	string_list_sort(&names);
	go_json_begin(out, key, '{');
	for (size_t i = 0; i < names.count; i++)
		go_json_text(out, names.items[i],
			     json_string_value(json_object_get(map, names.items[i])));
	go_json_end(out, '}');
}

static bool find_id(const struct origin *origin, const json_t *value, uint32_t *ret,
		    struct error *err)
{
	if (json_is_integer(value)) {
		*ret = (uint32_t)json_integer_value(value);
		return true;
	}
	return linuxkit_document_find_id(origin->document, json_string_value(value), ret, err);
}

static bool write_user(const struct origin *origin, struct go_json *out, struct error *err)
{
	uint32_t uid = 0;
	uint32_t gid = 0;
	size_t i;
	const json_t *item;
	const json_t *more = pick(origin, "additionalGids");
	if (!find_id(origin, pick(origin, "uid"), &uid, err) ||
	    !find_id(origin, pick(origin, "gid"), &gid, err))
		return false;
	go_json_begin(out, "user", '{');
	go_json_number(out, "uid", uid);
	go_json_number(out, "gid", gid);
	if (json_array_size(more) > 0)
		go_json_begin(out, "additionalGids", '[');
	json_array_foreach(more, i, item)
	{
		if (!find_id(origin, item, &gid, err))
			return false;
		go_json_number(out, NULL, gid);
	}
	if (json_array_size(more) > 0)
		go_json_end(out, ']');
	go_json_end(out, '}');
	return true;
}

static void write_command(const struct origin *origin, struct go_json *out)
{
	size_t i;
	const json_t *item;
	AUTO(string_list_clear) struct string_list args = STRING_LIST_INIT;
	const json_t *command = pick(origin, "command");
	const json_t *env = pick(origin, "env");
	if (command == NULL) {
		json_array_foreach(image_value(origin, "Entrypoint"), i, item)
			string_list_add(&args, json_string_value(item));
		json_array_foreach(image_value(origin, "Cmd"), i, item)
			string_list_add(&args, json_string_value(item));
		write_texts(out, "args", &args);
	} else {
		write_array(out, "args", command);
	}
	write_array(out, "env", env ? env : image_value(origin, "Env"));
	const char *cwd = pick_text(origin, "cwd");
	if (cwd[0] == '\0')
		cwd = json_string_value(image_value(origin, "WorkingDir"));
	go_json_text(out, "cwd", cwd && cwd[0] ? cwd : "/");
}

static bool write_capabilities(const struct origin *origin, struct go_json *out, struct error *err)
{
	AUTO(string_list_clear) struct string_list given = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list ambient = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list bounding = STRING_LIST_INIT;
	pick_added(origin, "capabilities", "capabilities.add", &given);
	pick_added(origin, "ambient", "", &ambient);
	if (!linuxkit_capabilities_expand(&given, err) ||
	    !linuxkit_capabilities_expand(&ambient, err))
		return false;
	for (size_t i = 0; i < given.count + ambient.count; i++) {
		const char *name =
			i < given.count ? given.items[i] : ambient.items[i - given.count];
		if (!string_list_has(&bounding, name))
			string_list_add(&bounding, name);
	}
	string_list_sort(&bounding);
	go_json_begin(out, "capabilities", '{');
	write_texts(out, "bounding", &bounding);
	write_texts(out, "effective", &given);
	write_texts(out, "inheritable", &bounding);
	write_texts(out, "permitted", &bounding);
	write_texts(out, "ambient", &ambient);
	go_json_end(out, '}');
	return true;
}

static bool write_limits(const struct origin *origin, struct go_json *out, struct error *err)
{
	size_t i;
	const json_t *item;
	const json_t *limits = pick(origin, "rlimits");
	if (json_array_size(limits) == 0)
		return true;
	go_json_begin(out, "rlimits", '[');
	json_array_foreach(limits, i, item)
	{
		if (!linuxkit_limit_write(json_string_value(item), out, err))
			return false;
	}
	go_json_end(out, ']');
	return true;
}

static bool write_process(const struct origin *origin, struct go_json *out, struct error *err)
{
	go_json_begin(out, "process", '{');
	if (!write_user(origin, out, err))
		return false;
	write_command(origin, out);
	if (!write_capabilities(origin, out, err) || !write_limits(origin, out, err))
		return false;
	if (json_is_true(pick(origin, "noNewPrivileges")))
		go_json_bool(out, "noNewPrivileges", true);
	const json_t *score = pick(origin, "oomScoreAdj");
	if (score != NULL)
		go_json_number(out, "oomScoreAdj", json_integer_value(score));
	go_json_end(out, '}');
	return true;
}

static bool write_mounts(const struct origin *origin, bool is_read_only, struct go_json *out,
			 struct error *err)
{
	size_t i;
	const json_t *item;
	AUTO(linuxkit_mounts_clear) struct linuxkit_mounts mounts = {0};
	AUTO(string_list_clear) struct string_list binds = STRING_LIST_INIT;
	linuxkit_mounts_add_defaults(&mounts, is_read_only);
	json_array_foreach(pick(origin, "tmpfs"), i, item)
	{
		if (!linuxkit_mounts_add_tmpfs(&mounts, json_string_value(item), err))
			return false;
	}
	/* Names of volumes mean something in the document only, not in labels. */
	bool is_own = json_object_get(origin->entry, "binds") != NULL;
	size_t label_count = is_own ? 0 : json_array_size(json_object_get(origin->label, "binds"));
	pick_added(origin, "binds", "binds.add", &binds);
	for (i = 0; i < binds.count; i++) {
		if (!linuxkit_mounts_add_bind(&mounts, binds.items[i],
					      i < label_count ? NULL : origin->document, err))
			return false;
	}
	json_array_foreach(pick(origin, "mounts"), i, item)
	{
		AUTO_FREE char *text = json_dumps(item, JSON_COMPACT | JSON_PRESERVE_ORDER);
		if (!linuxkit_mounts_add_json(&mounts, text, origin->document, err))
			return false;
	}
	linuxkit_mounts_sort(&mounts);
	go_json_begin(out, "mounts", '[');
	for (i = 0; i < mounts.count; i++)
		linuxkit_mount_write(&mounts.items[i], out);
	go_json_end(out, ']');
	return true;
}

static void write_namespace(struct go_json *out, const char *type, const char *path)
{
	go_json_begin(out, NULL, '{');
	go_json_text(out, "type", type);
	go_json_text_if(out, "path", path);
	go_json_end(out, '}');
}

/* Shared with the host unless asked; only the pid and mount namespaces are new by default. */
static void write_namespaces(const struct origin *origin, struct go_json *out)
{
	static const struct {
		const char *key;
		const char *type;
		bool is_new; /* by default */
		bool none_is_new;
	} kinds[] = {{"net", "network", false, true},
		     {"ipc", "ipc", false, false},
		     {"uts", "uts", false, false},
		     {"pid", "pid", true, false},
		     {"userns", "user", false, false}};
	go_json_begin(out, "namespaces", '[');
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *where = pick_text(origin, kinds[i].key);
		if (where[0] == '\0' && !kinds[i].is_new)
			continue;
		if (strcmp(where, "host") == 0 || strcmp(where, "root") == 0)
			continue;
		bool is_new = strcmp(where, "new") == 0 ||
			      (kinds[i].none_is_new && strcmp(where, "none") == 0);
		write_namespace(out, kinds[i].type, is_new ? "" : where);
	}
	write_namespace(out, "mount", "");
	go_json_end(out, ']');
}

static bool write_linux(const struct origin *origin, struct go_json *out, struct error *err)
{
	go_json_begin(out, "linux", '{');
	AUTO_FREE char *resources = json_dumps(pick(origin, "resources"), JSON_COMPACT);
	AUTO_FREE char *devices = json_dumps(pick(origin, "devices"), JSON_COMPACT);
	AUTO_FREE char *uids = json_dumps(pick(origin, "uidMappings"), JSON_COMPACT);
	AUTO_FREE char *gids = json_dumps(pick(origin, "gidMappings"), JSON_COMPACT);
	linuxkit_mappings_write("uidMappings", uids, out);
	linuxkit_mappings_write("gidMappings", gids, out);
	write_map(out, "sysctl", pick(origin, "sysctl"));
	linuxkit_resources_write(resources, devices, out);
	go_json_text_if(out, "cgroupsPath", json_string_value(pick(origin, "cgroupsPath")));
	write_namespaces(origin, out);
	if (!linuxkit_devices_write(devices, out, err))
		return false;
	go_json_text_if(out, "rootfsPropagation",
			json_string_value(pick(origin, "rootfsPropagation")));
	write_array(out, "maskedPaths", pick(origin, "maskedPaths"));
	write_array(out, "readonlyPaths", pick(origin, "readonlyPaths"));
	go_json_end(out, '}');
	return true;
}

static bool write_config(const struct origin *origin, bool is_read_only, struct go_json *out,
			 struct error *err)
{
	go_json_begin(out, NULL, '{');
	go_json_text(out, "ociVersion",
		     origin->document->oci_version != NULL ? origin->document->oci_version
							   : OCI_VERSION);
	if (!write_process(origin, out, err))
		return false;
	go_json_begin(out, "root", '{');
	go_json_text(out, "path", "rootfs");
	if (is_read_only)
		go_json_bool(out, "readonly", true);
	go_json_end(out, '}');
	go_json_text_if(out, "hostname", pick_text(origin, "hostname"));
	if (!write_mounts(origin, is_read_only, out, err))
		return false;
	write_map(out, "annotations", pick(origin, "annotations"));
	if (!write_linux(origin, out, err))
		return false;
	go_json_end(out, '}');
	return true;
}

static bool read_label(struct origin *origin, struct error *err)
{
	AUTO_FREE char *json = NULL;
	const char *text = json_string_value(
		json_object_get(image_value(origin, "Labels"), "org.mobyproject.config"));
	if (text == NULL || text[0] == '\0')
		return true;
	if (!linuxkit_label_parse(text, strlen(text), &json, err))
		return error_prefix(err, "label org.mobyproject.config");
	origin->label = json_loads(json, 0, NULL);
	return true;
}

void linuxkit_bundle_clear(struct linuxkit_bundle *bundle)
{
	free(bundle->config_json);
	free(bundle->runtime_json);
	*bundle = (struct linuxkit_bundle){0};
}

bool linuxkit_bundle_make(const struct linuxkit_document *document,
			  const struct linuxkit_component *component, const char *image_config,
			  const char *path, const char *root, struct linuxkit_bundle *ret,
			  struct error *err)
{
	AUTO(origin_clear) struct origin origin = {.document = document};
	AUTO(go_json_clear) struct go_json config = {0};
	AUTO_FREE char *runtime = NULL;
	origin.entry = json_loads(component->json, 0, NULL);
	origin.config = json_loads(image_config, 0, NULL);
	if (!read_label(&origin, err))
		return error_prefix(err, "'%s'", component->name);
	bool is_read_only = json_is_true(pick(&origin, "readonly"));
	AUTO_FREE char *unpacked = xasprintf("%s/%s", path, is_read_only ? "rootfs" : "lower");
	AUTO_FREE char *own = json_dumps(json_object_get(origin.entry, "runtime"), JSON_COMPACT);
	AUTO_FREE char *label = json_dumps(json_object_get(origin.label, "runtime"), JSON_COMPACT);
	const struct linuxkit_runtime parts = {.own = own,
					       .label = label,
					       .path = path,
					       .root = root ? root : unpacked,
					       .is_read_only = is_read_only};
	if (!write_config(&origin, is_read_only, &config, err) ||
	    !linuxkit_runtime_make(&parts, &runtime, err))
		return error_prefix(err, "'%s'", component->name);
	*ret = (struct linuxkit_bundle){.config_json = strbuf_take(&config.text),
					.runtime_json = TAKE_PTR(runtime),
					.is_read_only = is_read_only};
	return true;
}
