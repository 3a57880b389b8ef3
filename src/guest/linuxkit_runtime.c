/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/linuxkit_runtime.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "guest/json_view.h"

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
	if (json_view_count(json_view_get(root, "interfaces"), MAX_ENTRIES) > 0)
		return error_set(err, ERROR_UNSUPPORTED,
				 "runtime.json: interfaces are not moved by this init");
	return true;
}

bool linuxkit_prepare(const char *bundle, struct error *err)
{
	AUTO_FREE char *path = path_join(bundle, "runtime.json");
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	if (!path_exists(path))
		return true;
	if (!file_read(path, MAX_TEXT, &text, &size, err))
		return false;
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(text, size, path, err);
	return document != NULL && apply(bundle, json_document_root(document), err) &&
	       json_document_check(document, err);
}
