/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/linuxkit_runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "guest/machine/link.h"
#include "guest/machine/machine.h"

#define MAX_ENTRIES 1000
#define MAX_TEXT    ((size_t)1 << 20)

static unsigned long flag_of(const char *option)
{
	static const struct {
		const char *name;
		unsigned long flag;
	} flags[] = {{"ro", MS_RDONLY},
		     {"nosuid", MS_NOSUID},
		     {"nodev", MS_NODEV},
		     {"noexec", MS_NOEXEC},
		     {"noatime", MS_NOATIME},
		     {"relatime", MS_RELATIME},
		     {"remount", MS_REMOUNT},
		     {"bind", MS_BIND},
		     {"rbind", MS_BIND | MS_REC},
		     {"private", MS_PRIVATE},
		     {"rprivate", MS_PRIVATE | MS_REC},
		     {"shared", MS_SHARED},
		     {"rshared", MS_SHARED | MS_REC},
		     {"slave", MS_SLAVE},
		     {"rslave", MS_SLAVE | MS_REC}};
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (strcmp(flags[i].name, option) == 0)
			return flags[i].flag;
	}
	return 0;
}

static bool is_plain(const char *option)
{
	return flag_of(option) != 0 || strcmp(option, "rw") == 0;
}

/* An overlay's upper and work folders are new each time. */
static bool make_overlay_folder(const char *option, struct error *err)
{
	static const char *const keys[] = {"upperdir=", "workdir="};
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		size_t size = strlen(keys[i]);
		if (strncmp(option, keys[i], size) == 0 &&
		    !path_make_folders(option + size, 0755, err))
			return false;
	}
	return true;
}

static char *place_of(const char *bundle, const char *destination)
{
	if (destination[0] == '/')
		return xstrdup(destination);
	return xasprintf("%s/rootfs/%s", bundle, destination);
}

static bool do_mount(const char *bundle, struct json_view view, struct error *err)
{
	AUTO(string_list_clear) struct string_list options = STRING_LIST_INIT;
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	const char *destination = json_view_peek(json_view_get(view, "destination"));
	const char *source = json_view_peek(json_view_get(view, "source"));
	const char *type = json_view_peek(json_view_get(view, "type"));
	json_view_texts(json_view_get(view, "options"), MAX_ENTRIES, &options);
	if (destination == NULL)
		return error_set(err, ERROR_INVALID, "runtime.json: a mount has no destination");
	unsigned long flags = 0;
	for (size_t i = 0; i < options.count; i++) {
		flags |= flag_of(options.items[i]);
		if (!make_overlay_folder(options.items[i], err))
			return false;
		if (!is_plain(options.items[i]))
			strbuf_appendf(&text, "%s%s", text.size > 0 ? "," : "", options.items[i]);
	}
	AUTO_FREE char *place = place_of(bundle, destination);
	struct stat status;
	if (stat(place, &status) < 0 && !path_make_folders(place, 0755, err))
		return false;
	if (mount(source, place, type, flags, text.size > 0 ? text.data : NULL) < 0)
		return error_set_errno(err, errno, "mounting %s", place);
	return true;
}

static bool apply(const char *bundle, struct json_view root, struct error *err)
{
	struct json_view mounts = json_view_get(root, "mounts");
	for (size_t i = 0; i < json_view_count(mounts, MAX_ENTRIES); i++) {
		if (!do_mount(bundle, json_view_at(mounts, i), err))
			return false;
	}
	AUTO(string_list_clear) struct string_list folders = STRING_LIST_INIT;
	json_view_texts(json_view_get(root, "mkdir"), MAX_ENTRIES, &folders);
	for (size_t i = 0; i < folders.count; i++) {
		AUTO_FREE char *place = place_of(bundle, folders.items[i]);
		if (!path_make_folders(place, 0755, err))
			return false;
	}
	return true;
}

static const char *const namespaces[] = {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"};

static bool is_text(struct json_view view)
{
	const char *text = json_view_peek(view);

	return text != NULL && text[0] != '\0';
}

static bool wants_process(struct json_view root)
{
	struct json_view bound = json_view_get(root, "bindNS");
	bool is_wanted = json_view_count(json_view_get(root, "interfaces"), MAX_ENTRIES) > 0;

	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		is_wanted = is_wanted || is_text(json_view_get(bound, namespaces[i]));
	return is_wanted;
}

/* A veth's ends are made here and one moved; `createInRoot` does so with any (WireGuard's socket
 * stays here). */
static bool do_interface(struct json_view view, pid_t process, struct error *err)
{
	struct json_view add = json_view_get(view, "add");
	struct json_view peer = json_view_get(view, "peer");
	struct link_wanted wanted = {.name = json_view_peek(json_view_get(view, "name")),
				     .kind = is_text(add) ? json_view_peek(add) : NULL,
				     .peer = is_text(peer) ? json_view_peek(peer) : NULL};

	if (wanted.name == NULL)
		return error_set(err, ERROR_INVALID, "runtime.json: an interface has no name");
	if (wanted.kind == NULL && wanted.peer == NULL)
		return link_move(wanted.name, process, err);
	if (wanted.kind == NULL)
		wanted.kind = "veth";
	bool is_veth = strcmp(wanted.kind, "veth") == 0;
	if (is_veth != (wanted.peer != NULL))
		return error_set(
			err, ERROR_INVALID,
			"runtime.json: interface %s: a veth has a peer, and nothing else has",
			wanted.name);
	bool is_moved = is_veth || json_view_bool(json_view_get(view, "createInRoot"), false);
	AUTO_FREE char *alias = xasprintf("rtnl-link-%s", wanted.kind);
	machine_load_by_name("", alias);
	wanted.process = is_moved ? 0 : process;
	return link_add(&wanted, err) && (!is_moved || link_move(wanted.name, process, err));
}

static bool bind_namespace(const char *name, const char *path, pid_t process, struct error *err)
{
	AUTO_FREE char *source = xasprintf("/proc/%d/ns/%s", (int)process, name);
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *folder =
		xstrndup(path, slash != NULL && slash != path ? (size_t)(slash - path) : 1);

	if (path[0] != '/')
		return error_set(err, ERROR_INVALID, "runtime.json: bindNS: '%s' is not absolute",
				 path);
	if (!path_make_folders(folder, 0755, err))
		return false;
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 || mount(source, path, NULL, MS_BIND, NULL) < 0)
		return error_set_errno(err, errno, "binding the %s namespace to %s", name, path);
	return true;
}

static bool apply_to_process(struct json_view root, pid_t process, struct error *err)
{
	struct json_view interfaces = json_view_get(root, "interfaces");
	struct json_view bound = json_view_get(root, "bindNS");

	for (size_t i = 0; i < json_view_count(interfaces, MAX_ENTRIES); i++) {
		if (!do_interface(json_view_at(interfaces, i), process, err))
			return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		struct json_view path = json_view_get(bound, namespaces[i]);
		if (is_text(path) &&
		    !bind_namespace(namespaces[i], json_view_peek(path), process, err))
			return false;
	}
	return true;
}

static struct json_document *read_runtime(const char *bundle, struct error *err)
{
	AUTO_FREE char *path = path_join(bundle, "runtime.json");
	AUTO_FREE char *text = NULL;
	size_t size = 0;

	if (!path_exists(path)) /* not every bundle is LinuxKit's */
		return json_document_parse("{}", 2, path, 0, err);
	return file_read(path, MAX_TEXT, &text, &size, err)
		       ? json_document_parse(text, size, path, 0, err)
		       : NULL;
}

bool linuxkit_prepare(const char *bundle, bool *ret_wants_process, struct error *err)
{
	AUTO_PTR(json_document) struct json_document *document = read_runtime(bundle, err);

	if (document == NULL || !apply(bundle, json_document_root(document), err))
		return false;
	*ret_wants_process = wants_process(json_document_root(document));
	return json_document_check(document, err);
}

bool linuxkit_prepare_process(const char *bundle, pid_t process, struct error *err)
{
	AUTO_PTR(json_document) struct json_document *document = read_runtime(bundle, err);

	return document != NULL && apply_to_process(json_document_root(document), process, err) &&
	       json_document_check(document, err);
}
