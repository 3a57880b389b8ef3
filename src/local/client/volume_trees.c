/* SPDX-License-Identifier: Apache-2.0 */
#include "local/client/volume_trees.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/folder_list.h"
#include "base/path.h"
#include "base/process_run.h"
#include "local/plan/volume_folder.h"

enum { COPY_MS = 6 * 3600 * 1000, OPEN_FOLDERS = 32, MAGIC_AT = 257 };

static uint64_t used_blocks; /* for count_blocks(): nftw() hands nothing on */

static int count_blocks(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)path;
	(void)type;
	(void)walk;
	used_blocks += (uint64_t)status->st_blocks;
	return 0;
}

uint64_t volume_tree_used_bytes(const char *folder)
{
	used_blocks = 0;
	(void)nftw(folder, count_blocks, OPEN_FOLDERS, FTW_PHYS | FTW_MOUNT);
	return used_blocks * 512;
}

void volume_tree_snapshots(const char *project, const char *name, struct string_list *ret)
{
	AUTO_FREE char *folder = volume_folder_snapshots(project, name);

	if (path_exists(folder) && folder_list(folder, ret, NULL))
		string_list_sort(ret);
}

static bool run(const char *const *argv, struct error *err)
{
	AUTO(process_output_clear) struct process_output output = {0};
	const struct process_run options = {.argv = argv, .timeout_ms = COPY_MS};

	return process_run(&options, &output, err);
}

/* Gone under its name at once, and then for good. */
static bool take_away(const char *path, struct error *err)
{
	AUTO_FREE char *gone = xasprintf("%s.gone", path);

	if (path_exists(gone) && !path_remove_tree(gone, err))
		return false;
	if (rename(path, gone) < 0)
		return errno == ENOENT || error_set_errno(err, errno, "%s", path);
	return path_remove_tree(gone, err);
}

bool volume_tree_remove(const char *project, const char *name, struct error *err)
{
	AUTO_FREE char *folder = volume_folder_path(project, name);
	AUTO_FREE char *snapshots = volume_folder_snapshots(project, name);

	return take_away(folder, err) && take_away(snapshots, err);
}

bool volume_tree_export(const char *folder, const char *path, struct error *err)
{
	AUTO_FREE char *draft = xasprintf("%s.new", path);
	const char *const argv[] = {"tar",
				    "--force-local",
				    "-C",
				    "/",
				    "--numeric-owner",
				    "--xattrs",
				    "--sparse",
				    "-cf",
				    draft,
				    "-C",
				    folder,
				    ".",
				    NULL};

	if (run(argv, err) && rename(draft, path) == 0)
		return true;
	if (err->kind == ERROR_NONE)
		error_set_errno(err, errno, "%s", path);
	(void)unlink(draft);
	return false;
}

/* What is in the draft takes the volume's place. */
static bool put_in_place(const char *draft, const char *folder, struct error *err)
{
	if (!take_away(folder, err))
		return false;
	return rename(draft, folder) == 0 || error_set_errno(err, errno, "%s", folder);
}

static char *fresh_draft(const char *folder, struct error *err)
{
	AUTO_FREE char *draft = xasprintf("%s.new", folder);
	AUTO_FREE char *parent = xstrndup(folder, (size_t)(strrchr(folder, '/') - folder));

	if ((path_exists(draft) && !path_remove_tree(draft, err)) ||
	    !path_make_folders(parent, 0700, err))
		return NULL;
	return TAKE_PTR(draft);
}

bool volume_tree_import(const char *project, const char *name, const char *path, struct error *err)
{
	AUTO_FREE char *folder = volume_folder_path(project, name);
	AUTO_FREE char *draft = fresh_draft(folder, err);

	if (draft == NULL)
		return false;
	if (mkdir(draft, 0755) < 0)
		return error_set_errno(err, errno, "%s", draft);
	/* GNU tar takes no member out of the folder: no "..", no leading /, links come last. */
	const char *const argv[] = {"tar",	"--force-local", "--numeric-owner",
				    "--xattrs", "-xpf",		 path,
				    "-C",	draft,		 NULL};
	if (run(argv, err) && put_in_place(draft, folder, err))
		return true;
	(void)!path_remove_tree(draft, NULL);
	return false;
}

static bool copy(const char *from, const char *to, struct error *err)
{
	const char *const argv[] = {"cp", "-a", "--reflink=auto", "-T", "--", from, to, NULL};

	if (run(argv, err))
		return true;
	(void)!path_remove_tree(to, NULL);
	return false;
}

static char *snapshot_path(const char *project, const char *name, const char *snapshot)
{
	AUTO_FREE char *folder = volume_folder_snapshots(project, name);

	return path_join(folder, snapshot);
}

bool volume_tree_snapshot(const char *project, const char *name, const char *snapshot,
			  struct error *err)
{
	AUTO_FREE char *folder = volume_folder_path(project, name);
	AUTO_FREE char *snapshots = volume_folder_snapshots(project, name);
	AUTO_FREE char *to = snapshot_path(project, name, snapshot);
	AUTO_FREE char *draft = xasprintf("%s/.new", snapshots);

	if (!path_make_folders(snapshots, 0700, err) ||
	    (path_exists(draft) && !path_remove_tree(draft, err)) || !copy(folder, draft, err))
		return false;
	return rename(draft, to) == 0 || error_set_errno(err, errno, "%s", to);
}

bool volume_tree_restore(const char *project, const char *name, const char *snapshot,
			 struct error *err)
{
	AUTO_FREE char *folder = volume_folder_path(project, name);
	AUTO_FREE char *from = snapshot_path(project, name, snapshot);
	AUTO_FREE char *draft = fresh_draft(folder, err);

	return draft != NULL && copy(from, draft, err) && put_in_place(draft, folder, err);
}

bool volume_tree_forget(const char *project, const char *name, const char *snapshot,
			struct error *err)
{
	AUTO_FREE char *path = snapshot_path(project, name, snapshot);

	return path_remove_tree(path, err);
}

bool volume_tree_is_archive(const char *path)
{
	char magic[5] = "";
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && pread(fd, magic, sizeof(magic), MAGIC_AT) == (ssize_t)sizeof(magic) &&
	       memcmp(magic, "ustar", sizeof(magic)) == 0;
}
