/* SPDX-License-Identifier: Apache-2.0 */
#include "image/linuxkit/linuxkit_bundle.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "image/linuxkit/go_json.h"
#include "image/linuxkit/linuxkit_limits.h"
#include "image/linuxkit/linuxkit_mounts.h"
#include "image/linuxkit/linuxkit_resources.h"
#include "image/linuxkit/linuxkit_runtime.h"

#define OCI_VERSION "1.2.1"

/* All that a field can come from; views of the documents, which are owned. */
struct origin {
	const struct linuxkit_document *document;
	struct json_document *documents[3];
	struct json_view entry;	 /* the document's */
	struct json_view label;	 /* absent: none */
	struct json_view config; /* the image's, its member "config" */
};

static void origin_clear(struct origin *origin)
{
	for (size_t i = 0; i < ARRAY_SIZE(origin->documents); i++)
		json_document_free(origin->documents[i]);
}

static bool load(const char *text, const char *what, struct json_document **ret,
		 struct json_view *ret_root, struct error *err)
{
	*ret = json_document_parse(text, strlen(text), what, JSON_LAST_KEY_WINS, err);
	if (*ret == NULL)
		return false;
	*ret_root = json_document_root(*ret);
	return true;
}

/* What is given in the document counts even when it is empty. */
static struct json_view pick(const struct origin *origin, const char *key)
{
	struct json_view value = json_view_get(origin->entry, key);
	return json_view_exists(value) ? value : json_view_get(origin->label, key);
}

/* An empty text counts as not given. */
static const char *pick_text(const struct origin *origin, const char *key)
{
	const char *text = json_view_peek(json_view_get(origin->entry, key));
	if (text == NULL || text[0] == '\0')
		text = json_view_peek(json_view_get(origin->label, key));
	return text != NULL ? text : "";
}

static void add_texts(struct json_view list, struct string_list *ret)
{
	json_view_texts(list, SIZE_MAX, ret);
}

/* KEY of the document; else KEY of the label and then KEY.add of the document. */
static void pick_added(const struct origin *origin, const char *key, const char *add_key,
		       struct string_list *ret)
{
	add_texts(pick(origin, key), ret);
	if (!json_view_exists(json_view_get(origin->entry, key)))
		add_texts(json_view_get(origin->entry, add_key), ret);
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

static void write_array(struct go_json *out, const char *key, struct json_view array)
{
	AUTO(string_list_clear) struct string_list list = STRING_LIST_INIT;
	add_texts(array, &list);
	write_texts(out, key, &list);
}

static void write_map(struct go_json *out, const char *key, struct json_view map)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	for (struct json_view member = json_view_first(map, SIZE_MAX); json_view_exists(member);
	     member = json_view_next(member))
		string_list_add(&names, member.key);
	if (names.count == 0)
		return;
	string_list_sort(&names);
	go_json_begin(out, key, '{');
	for (size_t i = 0; i < names.count; i++)
		go_json_text(out, names.items[i],
			     json_view_peek(json_view_get(map, names.items[i])));
	go_json_end(out, '}');
}

static bool find_id(const struct origin *origin, struct json_view value, uint32_t *ret,
		    struct error *err)
{
	if (json_view_is_number(value)) {
		*ret = (uint32_t)json_view_number(value, INT64_MIN, INT64_MAX, 0);
		return true;
	}
	return linuxkit_document_find_id(origin->document, json_view_peek(value), ret, err);
}

static bool write_user(const struct origin *origin, struct go_json *out, struct error *err)
{
	uint32_t uid = 0;
	uint32_t gid = 0;
	struct json_view more = pick(origin, "additionalGids");
	size_t count = json_view_count(more, SIZE_MAX);
	if (!find_id(origin, pick(origin, "uid"), &uid, err) ||
	    !find_id(origin, pick(origin, "gid"), &gid, err))
		return false;
	go_json_begin(out, "user", '{');
	go_json_number(out, "uid", uid);
	go_json_number(out, "gid", gid);
	if (count > 0)
		go_json_begin(out, "additionalGids", '[');
	for (size_t i = 0; i < count; i++) {
		if (!find_id(origin, json_view_at(more, i), &gid, err))
			return false;
		go_json_number(out, NULL, gid);
	}
	if (count > 0)
		go_json_end(out, ']');
	go_json_end(out, '}');
	return true;
}

static void write_command(const struct origin *origin, struct go_json *out)
{
	AUTO(string_list_clear) struct string_list args = STRING_LIST_INIT;
	struct json_view command = pick(origin, "command");
	struct json_view env = pick(origin, "env");
	if (json_view_exists(command)) {
		add_texts(command, &args);
	} else {
		add_texts(json_view_get(origin->config, "Entrypoint"), &args);
		add_texts(json_view_get(origin->config, "Cmd"), &args);
	}
	write_texts(out, "args", &args);
	write_array(out, "env", json_view_exists(env) ? env : json_view_get(origin->config, "Env"));
	const char *cwd = pick_text(origin, "cwd");
	if (cwd[0] == '\0')
		cwd = json_view_peek(json_view_get(origin->config, "WorkingDir"));
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
	AUTO(string_list_clear) struct string_list limits = STRING_LIST_INIT;
	add_texts(pick(origin, "rlimits"), &limits);
	if (limits.count == 0)
		return true;
	go_json_begin(out, "rlimits", '[');
	for (size_t i = 0; i < limits.count; i++) {
		if (!linuxkit_limit_write(limits.items[i], out, err))
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
	if (json_view_bool(pick(origin, "noNewPrivileges"), false))
		go_json_bool(out, "noNewPrivileges", true);
	struct json_view score = pick(origin, "oomScoreAdj");
	if (json_view_exists(score))
		go_json_number(out, "oomScoreAdj",
			       json_view_number(score, INT64_MIN, INT64_MAX, 0));
	go_json_end(out, '}');
	return true;
}

/* Names of volumes mean something in the document only, not in labels. */
static bool add_binds(const struct origin *origin, struct linuxkit_mounts *mounts,
		      struct error *err)
{
	AUTO(string_list_clear) struct string_list binds = STRING_LIST_INIT;
	bool is_own = json_view_exists(json_view_get(origin->entry, "binds"));
	size_t label_count =
		is_own ? 0 : json_view_count(json_view_get(origin->label, "binds"), SIZE_MAX);
	pick_added(origin, "binds", "binds.add", &binds);
	for (size_t i = 0; i < binds.count; i++) {
		if (!linuxkit_mounts_add_bind(mounts, binds.items[i],
					      i < label_count ? NULL : origin->document, err))
			return false;
	}
	return true;
}

static bool write_mounts(const struct origin *origin, bool is_read_only, struct go_json *out,
			 struct error *err)
{
	AUTO(linuxkit_mounts_clear) struct linuxkit_mounts mounts = {0};
	AUTO(string_list_clear) struct string_list tmpfs = STRING_LIST_INIT;
	struct json_view own = pick(origin, "mounts");
	size_t count = json_view_count(own, SIZE_MAX);
	linuxkit_mounts_add_defaults(&mounts, is_read_only);
	add_texts(pick(origin, "tmpfs"), &tmpfs);
	for (size_t i = 0; i < tmpfs.count; i++) {
		if (!linuxkit_mounts_add_tmpfs(&mounts, tmpfs.items[i], err))
			return false;
	}
	if (!add_binds(origin, &mounts, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!linuxkit_mounts_add_object(&mounts, json_view_at(own, i), origin->document,
						err))
			return false;
	}
	linuxkit_mounts_sort(&mounts);
	go_json_begin(out, "mounts", '[');
	for (size_t i = 0; i < mounts.count; i++)
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
	struct json_view devices = pick(origin, "devices");
	linuxkit_mappings_write("uidMappings", pick(origin, "uidMappings"), out);
	linuxkit_mappings_write("gidMappings", pick(origin, "gidMappings"), out);
	write_map(out, "sysctl", pick(origin, "sysctl"));
	linuxkit_resources_write(pick(origin, "resources"), devices, out);
	go_json_text_if(out, "cgroupsPath", json_view_peek(pick(origin, "cgroupsPath")));
	write_namespaces(origin, out);
	if (!linuxkit_devices_write(devices, out, err))
		return false;
	go_json_text_if(out, "rootfsPropagation",
			json_view_peek(pick(origin, "rootfsPropagation")));
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
	const char *text = json_view_peek(
		json_view_get(json_view_get(origin->config, "Labels"), "org.mobyproject.config"));
	if (text == NULL || text[0] == '\0')
		return true;
	if (!linuxkit_label_parse(text, strlen(text), &json, err))
		return error_prefix(err, "label org.mobyproject.config");
	return load(json, "label", &origin->documents[1], &origin->label, err);
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
	struct json_view image = {0};
	if (!load(component->json, "component", &origin.documents[0], &origin.entry, err) ||
	    !load(image_config, "image config", &origin.documents[2], &image, err))
		return error_prefix(err, "'%s'", component->name);
	origin.config = json_view_get(image, "config");
	if (!read_label(&origin, err))
		return error_prefix(err, "'%s'", component->name);
	bool is_read_only = json_view_bool(pick(&origin, "readonly"), false);
	AUTO_FREE char *unpacked = xasprintf("%s/%s", path, is_read_only ? "rootfs" : "lower");
	const struct linuxkit_runtime parts = {.own = json_view_get(origin.entry, "runtime"),
					       .label = json_view_get(origin.label, "runtime"),
					       .path = path,
					       .root = root ? root : unpacked,
					       .is_read_only = is_read_only};
	if (!write_config(&origin, is_read_only, &config, err) ||
	    !linuxkit_runtime_make(&parts, &runtime, err) ||
	    !json_document_check(origin.documents[2], err))
		return error_prefix(err, "'%s'", component->name);
	*ret = (struct linuxkit_bundle){.config_json = strbuf_take(&config.text),
					.runtime_json = TAKE_PTR(runtime),
					.is_read_only = is_read_only};
	return true;
}
