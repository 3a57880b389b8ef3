/* SPDX-License-Identifier: Apache-2.0 */
#include "image/linuxkit/linuxkit_runtime.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "image/linuxkit/go_json.h"
#include "image/linuxkit/linuxkit_mounts.h"

struct origin {
	struct json_view own;	/* absent: none */
	struct json_view label; /* absent: none */
};

/* A field of `runtime`: the document's, else the label's. */
static struct json_view pick_runtime(const struct origin *origin, const char *key)
{
	struct json_view own = json_view_get(origin->own, key);
	return json_view_exists(own) ? own : json_view_get(origin->label, key);
}

/* Empty lists are written here: runtime.json has no omitted ones. */
static void write_runtime_texts(const struct origin *origin, const char *key, struct go_json *out)
{
	AUTO(string_list_clear) struct string_list list = STRING_LIST_INIT;
	json_view_texts(pick_runtime(origin, key), SIZE_MAX, &list);
	go_json_begin(out, key, '[');
	for (size_t i = 0; i < list.count; i++)
		go_json_text(out, NULL, list.items[i]);
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
	static const char *const keys[] = {"name", "add", "peer"};
	struct json_view list = pick_runtime(origin, "interfaces");
	size_t count = json_view_count(list, SIZE_MAX);
	go_json_begin(out, "interfaces", '[');
	for (size_t i = 0; i < count; i++) {
		struct json_view item = json_view_at(list, i);
		go_json_begin(out, NULL, '{');
		for (size_t j = 0; j < ARRAY_SIZE(keys); j++)
			go_json_text_if(out, keys[j], json_view_peek(json_view_get(item, keys[j])));
		go_json_bool(out, "createInRoot",
			     json_view_bool(json_view_get(item, "createInRoot"), false));
		go_json_end(out, '}');
	}
	go_json_end(out, ']');
}

static void write_bound(const struct origin *origin, struct go_json *out)
{
	static const char *const kinds[] = {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"};
	struct json_view own = json_view_get(origin->own, "bindNS");
	struct json_view label = json_view_get(origin->label, "bindNS");
	go_json_begin(out, "bindNS", '{');
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct json_view value = json_view_get(own, kinds[i]);
		if (!json_view_exists(value))
			value = json_view_get(label, kinds[i]);
		const char *text = json_view_peek(value);
		go_json_text(out, kinds[i], text ? text : "");
	}
	go_json_end(out, '}');
}

static bool write_runtime(const struct origin *origin, const struct linuxkit_runtime *runtime,
			  struct go_json *out, struct error *err)
{
	struct json_view mounts = pick_runtime(origin, "mounts");
	size_t count = json_view_count(mounts, SIZE_MAX);
	go_json_begin(out, NULL, '{');
	write_runtime_texts(origin, "cgroups", out);
	go_json_begin(out, "mounts", '[');
	write_root_mounts(out, runtime->path, runtime->root, runtime->is_read_only);
	for (size_t i = 0; i < count; i++) {
		AUTO(linuxkit_mount_clear) struct linuxkit_mount mount = {0};
		if (!linuxkit_mount_parse(json_view_at(mounts, i), &mount, err))
			return false;
		linuxkit_mount_write(&mount, out);
	}
	go_json_end(out, ']');
	write_runtime_texts(origin, "mkdir", out);
	write_interfaces(origin, out);
	write_bound(origin, out);
	const char *name = json_view_peek(pick_runtime(origin, "namespace"));
	go_json_text(out, "namespace", name ? name : "");
	go_json_end(out, '}');
	return true;
}

bool linuxkit_runtime_make(const struct linuxkit_runtime *runtime, char **ret, struct error *err)
{
	const struct origin origin = {.own = runtime->own, .label = runtime->label};
	AUTO(go_json_clear) struct go_json out = {0};
	if (!write_runtime(&origin, runtime, &out, err))
		return false;
	*ret = strbuf_take(&out.text);
	return true;
}
