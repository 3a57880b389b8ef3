/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/host_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/path_below.h"
#include "base/strbuf.h"

void host_paths_clear(struct host_paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		free(paths->items[i].path);
	free(paths->items);
	*paths = (struct host_paths){0};
}

/* Who writes them expects a shell's help, and nobody's home is there for the next reader. */
static bool check_text(const char *path, struct error *err)
{
	const char *home = getenv("HOME");

	if (path[0] == '~' && (path[1] == '/' || path[1] == '\0')) {
		error_set(err, ERROR_INVALID, "host path '%s': '~' stands for nothing here", path);
		return error_hint(err, "write it out: %s%s", home != NULL ? home : "/home/…",
				  path + 1);
	}
	if (strchr(path, '$') != NULL) {
		error_set(err, ERROR_INVALID, "host path '%s': variables are not replaced", path);
		return error_hint(err,
				  "write it out, or make it with envsubst: envsubst <i2kit.yml "
				  "| i2kit up -f -");
	}
	return true;
}

/* One path without "." and "..", by its text alone. Owned. */
static char *normalise(const char *folder, const char *path)
{
	AUTO_FREE char *joined = path[0] == '/' ? xstrdup(path) : path_join(folder, path);
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;

	for (const char *at = joined; *at != '\0';) {
		size_t length = strcspn(at, "/");
		if (length == 2 && strncmp(at, "..", 2) == 0) {
			while (out.size > 0 && out.data[out.size - 1] != '/')
				out.size--;
			out.size -= out.size > 0 ? 1 : 0;
		} else if (length > 0 && !(length == 1 && at[0] == '.')) {
			strbuf_append_char(&out, '/');
			strbuf_append_bytes(&out, at, length);
		}
		at += length;
		at += strspn(at, "/");
	}
	return out.size > 0 ? xstrndup(out.data, out.size) : xstrdup("/");
}

/* Below `folder` and nowhere else, or wherever it leads. -1 with errno. */
static int open_path(const char *folder, const char *path, bool is_beneath)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC,
			       .resolve =
				       RESOLVE_NO_MAGICLINKS | (is_beneath ? RESOLVE_BENEATH : 0U)};
	AUTO_CLOSE int root = -1;

	if (!is_beneath)
		return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -1;
	path += strcmp(folder, "/") == 0 ? 0 : strlen(folder);
	path += strspn(path, "/");
	return (int)syscall(SYS_openat2, root, *path != '\0' ? path : ".", &how, sizeof(how));
}

struct look {
	const char *folder; /* of the application */
	const char *path;   /* normalised */
	bool is_beneath;    /* links may not lead out of folder */
	const char *type;   /* or "" */
};

static bool is_type(const struct look *look, const char *type)
{
	return strcmp(look->type, type) == 0;
}

/* What is missing of the way, each part below one that was looked at. */
static bool make_folders(const struct look *look, struct error *err)
{
	AUTO_FREE char *part = xstrdup(look->path);

	for (char *slash = strchr(part + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash != NULL)
			*slash = '\0';
		bool is_inside = !look->is_beneath || path_below(look->folder, part) != NULL;
		AUTO_CLOSE int fd =
			is_inside ? open_path(look->folder, part, look->is_beneath) : -1;
		if (is_inside && fd < 0 && errno == ENOENT && mkdir(part, 0755) < 0)
			return error_set_errno(err, errno, "create folder %s", part);
		if (is_inside && fd < 0 && errno != ENOENT)
			return true; /* the look that follows says why */
		if (slash == NULL)
			return true;
		*slash = '/';
	}
}

static bool make_file(const struct look *look, struct error *err)
{
	AUTO_CLOSE int there = open_path(look->folder, look->path, look->is_beneath);
	AUTO_FREE char *folder = xstrdup(look->path);

	*strrchr(folder, '/') = '\0';
	AUTO_CLOSE int parent =
		open_path(look->folder, folder[0] != '\0' ? folder : "/", look->is_beneath);
	if (there >= 0 || parent < 0)
		return true;
	AUTO_FREE char *self =
		xasprintf("/proc/self/fd/%d/%s", parent, strrchr(look->path, '/') + 1);
	AUTO_CLOSE int fd = open(self, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
	return fd >= 0 || errno == EEXIST || error_set_errno(err, errno, "create %s", look->path);
}

static bool refuse_link(const struct look *look, struct error *err)
{
	AUTO_FREE char *real = realpath(look->path, NULL);

	error_set(err, ERROR_DENIED, "host path %s leads out of %s by a link%s%s", look->path,
		  look->folder, real != NULL ? ", to " : "", real != NULL ? real : "");
	return error_hint(err, "--follow-links lets it; or write the path itself");
}

static bool refuse_kind(const struct look *look, const char *is, struct error *err)
{
	if (look->type[0] != '\0' && strstr(look->type, "Device") == NULL &&
	    !is_type(look, "Socket"))
		return error_set(err, ERROR_INVALID, "host path %s: is %s, not a %s", look->path,
				 is, look->type);
	error_set(err, ERROR_UNSUPPORTED,
		  "host path %s: is %s, which does not reach into a virtual machine", look->path,
		  is);
	return error_hint(err,
			  "what listens on a TCP port of this machine can be reached from pods");
}

/* That it is what its type says. */
static bool check_kind(const struct look *look, int fd, bool *ret_is_file, struct error *err)
{
	struct stat st;
	bool wants_folder = is_type(look, "Directory") || is_type(look, "DirectoryOrCreate");
	bool wants_file = is_type(look, "File") || is_type(look, "FileOrCreate");

	if (fstat(fd, &st) < 0)
		return error_set_errno(err, errno, "%s", look->path);
	*ret_is_file = S_ISREG(st.st_mode);
	if (S_ISDIR(st.st_mode) && (wants_folder || look->type[0] == '\0'))
		return true;
	if (S_ISREG(st.st_mode) && (wants_file || look->type[0] == '\0'))
		return true;
	return refuse_kind(look,
			   S_ISDIR(st.st_mode)	  ? "a folder"
			   : S_ISREG(st.st_mode)  ? "a file"
			   : S_ISSOCK(st.st_mode) ? "a socket"
			   : S_ISFIFO(st.st_mode) ? "a pipe"
						  : "a device",
			   err);
}

static bool not_there(const struct look *look, struct error *err)
{
	error_set(err, ERROR_NOT_FOUND, "host path %s does not exist", look->path);
	return error_hint(err, "create it, or say type: %s",
			  is_type(look, "File") || is_type(look, "FileOrCreate")
				  ? "FileOrCreate, which wants its folder to be there"
				  : "DirectoryOrCreate");
}

static bool look_at(const struct look *look, struct host_path *ret, struct error *err)
{
	char real[PATH_MAX];

	if (is_type(look, "CharDevice") || is_type(look, "BlockDevice") ||
	    is_type(look, "Socket")) {
		AUTO_FREE char *is = xasprintf("a %s", look->type);
		return refuse_kind(look, is, err);
	}
	if (is_type(look, "DirectoryOrCreate") && !make_folders(look, err))
		return false;
	if (is_type(look, "FileOrCreate") && !make_file(look, err))
		return false;
	AUTO_CLOSE int fd = open_path(look->folder, look->path, look->is_beneath);
	if (fd < 0 && look->is_beneath && errno == EXDEV)
		return refuse_link(look, err);
	if (fd < 0)
		return errno == ENOENT ? not_there(look, err)
				       : error_set_errno(err, errno, "%s", look->path);
	AUTO_FREE char *self = xasprintf("/proc/self/fd/%d", fd);
	ssize_t length = readlink(self, real, sizeof(real) - 1);
	if (!check_kind(look, fd, &ret->is_file, err))
		return false;
	if (length <= 0)
		return error_set_errno(err, errno, "%s", look->path);
	ret->path = xstrndup(real, (size_t)length);
	ret->is_outside = path_below(look->folder, ret->path) == NULL;
	return true;
}

static bool find_one(const struct app *app, const struct volume *volume, bool may_follow_links,
		     struct host_paths *ret, struct error *err)
{
	AUTO_FREE char *path = normalise(app->folder, volume->host_path);
	struct host_path found = {.volume = volume};
	/* Absolute, or up with "..": it says itself that it leads elsewhere. */
	bool is_below = volume->host_path[0] != '/' && path_below(app->home, path) != NULL;
	const struct look look = {.folder = app->home,
				  .path = path,
				  .is_beneath = is_below && !may_follow_links,
				  .type = volume->host_path_type != NULL ? volume->host_path_type
									 : ""};

	if (!check_text(volume->host_path, err) || !look_at(&look, &found, err))
		return error_prefix(err, "volume '%s'", volume->name);
	*ARRAY_APPEND(ret->items, ret->count) = found;
	return true;
}

bool host_paths_find(const struct app *app, bool may_follow_links, struct host_paths *ret,
		     struct error *err)
{
	AUTO(host_paths_clear) struct host_paths found = {0};

	for (size_t i = 0; i < app->pod_count; i++) {
		const struct pod_spec *pod = &app->pods[i];
		for (size_t k = 0; k < pod->volume_count; k++) {
			if (pod->volumes[k].kind == VOLUME_HOST_PATH &&
			    !find_one(app, &pod->volumes[k], may_follow_links, &found, err))
				return error_prefix(err, "pod '%s'", pod->name);
		}
	}
	*ret = found;
	found = (struct host_paths){0};
	return true;
}

const struct host_path *host_paths_of(const struct host_paths *paths, const struct volume *volume)
{
	for (size_t i = 0; i < paths->count; i++) {
		if (paths->items[i].volume == volume)
			return &paths->items[i];
	}
	return NULL;
}
