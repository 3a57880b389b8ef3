/* SPDX-License-Identifier: Apache-2.0 */
#include "image/linuxkit/linuxkit_runtime.h"

#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/linuxkit/go_json.h"
#include "image/linuxkit/linuxkit_mounts.h"

struct origin {
	json_t *own;   /* owned, or NULL */
	json_t *label; /* owned, or NULL */
};

static void origin_clear(struct origin *origin)
{
	json_decref(origin->own);
	json_decref(origin->label);
}

/* A field of `runtime`: the document's, else the label's. */
static const json_t *pick_runtime(const struct origin *origin, const char *key)
{
	const json_t *own = json_object_get(origin->own, key);
	return own ? own : json_object_get(origin->label, key);
}

/* Empty lists are written here: runtime.json has no omitted ones. */
static void write_runtime_texts(const struct origin *origin, const char *key, struct go_json *out)
{
	const json_t *list = pick_runtime(origin, key);
	size_t i;
	const json_t *item;
	go_json_begin(out, key, '[');
	json_array_foreach(list, i, item) go_json_text(out, NULL, json_string_value(item));
	go_json_end(out, ']');
}

static void write_mount(struct go_json *out, const char *destination, const char *type,
			const char *source, const char *const *options)
{
	go_json_begin(out, NULL, '{');
	go_json_text(out, "destination", destination);
	go_json_text_if(out, "type", type);
	go_json_text_if(out, "source", source);
	if (options != NULL) {
		go_json_begin(out, "options", '[');
		for (; *options != NULL; options++)
			go_json_text(out, NULL, *options);
		go_json_end(out, ']');
	}
	go_json_end(out, '}');
}

/* Read-only: rootfs bound to itself or to where it is. Writable: an overlay over a tmpfs. */
static void write_root_mounts(struct go_json *out, const char *path, const char *root,
			      bool is_read_only)
{
	AUTO_FREE char *merged = xasprintf("/%s/rootfs", path);
	AUTO_FREE char *lower = xasprintf("/%s", root);
	AUTO_FREE char *tmp = xasprintf("/%s/tmp", path);
	AUTO_FREE char *lower_option = xasprintf("lowerdir=%s", lower);
	AUTO_FREE char *upper_option = xasprintf("upperdir=%s/upper", tmp);
	AUTO_FREE char *work_option = xasprintf("workdir=%s/work", tmp);
	const char *const bind[] = {"bind", NULL};
	const char *const alone[] = {"remount", "private", NULL};
	const char *const overlay[] = {lower_option, upper_option, work_option, NULL};
	if (is_read_only) {
		write_mount(out, merged, NULL, lower, bind);
		return;
	}
	write_mount(out, tmp, "tmpfs", "tmpfs", NULL);
	write_mount(out, tmp, NULL, NULL, alone);
	write_mount(out, merged, "overlay", "overlay", overlay);
}

static void write_interfaces(const struct origin *origin, struct go_json *out)
{
	size_t i;
	const json_t *item;
	go_json_begin(out, "interfaces", '[');
	json_array_foreach(pick_runtime(origin, "interfaces"), i, item)
	{
		go_json_begin(out, NULL, '{');
		go_json_text_if(out, "name", json_string_value(json_object_get(item, "name")));
		go_json_text_if(out, "add", json_string_value(json_object_get(item, "add")));
		go_json_text_if(out, "peer", json_string_value(json_object_get(item, "peer")));
		go_json_bool(out, "createInRoot",
			     json_is_true(json_object_get(item, "createInRoot")));
		go_json_end(out, '}');
	}
	go_json_end(out, ']');
}

static void write_bound(const struct origin *origin, struct go_json *out)
{
	static const char *const kinds[] = {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"};
	const json_t *own = json_object_get(origin->own, "bindNS");
	const json_t *label = json_object_get(origin->label, "bindNS");
	go_json_begin(out, "bindNS", '{');
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const json_t *value = json_object_get(own, kinds[i]);
		if (value == NULL)
			value = json_object_get(label, kinds[i]);
		const char *text = json_string_value(value);
		go_json_text(out, kinds[i], text ? text : "");
	}
	go_json_end(out, '}');
}

static bool write_runtime(const struct origin *origin, const struct linuxkit_runtime *runtime,
			  struct go_json *out, struct error *err)
{
	size_t i;
	const json_t *item;
	go_json_begin(out, NULL, '{');
	write_runtime_texts(origin, "cgroups", out);
	go_json_begin(out, "mounts", '[');
	write_root_mounts(out, runtime->path, runtime->root, runtime->is_read_only);
	json_array_foreach(pick_runtime(origin, "mounts"), i, item)
	{
		AUTO(linuxkit_mount_clear) struct linuxkit_mount mount = {0};
		AUTO_FREE char *text = json_dumps(item, JSON_COMPACT | JSON_PRESERVE_ORDER);
		if (!linuxkit_mount_parse(text, &mount, err))
			return false;
		linuxkit_mount_write(&mount, out);
	}
	go_json_end(out, ']');
	write_runtime_texts(origin, "mkdir", out);
	write_interfaces(origin, out);
	write_bound(origin, out);
	const char *name = json_string_value(pick_runtime(origin, "namespace"));
	go_json_text(out, "namespace", name ? name : "");
	go_json_end(out, '}');
	return true;
}

bool linuxkit_runtime_make(const struct linuxkit_runtime *runtime, char **ret, struct error *err)
{
	AUTO(origin_clear) struct origin origin = {0};
	AUTO(go_json_clear) struct go_json out = {0};
	if (runtime->own != NULL)
		origin.own = json_loads(runtime->own, 0, NULL);
	if (runtime->label != NULL)
		origin.label = json_loads(runtime->label, 0, NULL);
	if (!write_runtime(&origin, runtime, &out, err))
		return false;
	*ret = strbuf_take(&out.text);
	return true;
}
