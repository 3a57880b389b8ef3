/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pod/image_places.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "image/disk/base_folder.h"
#include "image/oci/image_policy.h"
#include "image/oci/reference.h"

enum { LINKS_MAX = 4096 };

void image_places_clear(struct image_places *places)
{
	string_list_clear(&places->writes);
	string_list_clear(&places->reads);
	string_list_clear(&places->programs);
}

static void add_parent(const char *path, struct string_list *folders)
{
	const char *slash = strrchr(path, '/');

	if (slash != NULL)
		string_list_take(folders, xstrndup(path, (size_t)(slash - path) + 1));
	else
		string_list_add(folders, ".");
}

static bool list_writes(const struct image_process *process, struct string_list *folders,
			struct error *err)
{
	static const enum path_folder own[] = {PATH_DATA, PATH_STATE, PATH_CACHE, PATH_RUNTIME};
	const struct image_options *options = process->options;

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		AUTO_FREE char *folder = path_folder(own[i], NULL);
		if (!path_make_folders(folder, 0700, err))
			return false;
		string_list_add(folders, folder);
	}
	if (process->store != NULL)
		string_list_add(folders, store_folder(process->store));
	if (options != NULL && options->lock_file != NULL)
		add_parent(options->lock_file, folders);
	AUTO_FREE char *lock = options != NULL && options->folder != NULL
				       ? path_join(options->folder, "i2kit.lock")
				       : xstrdup("i2kit.lock");
	if (path_exists(lock))
		add_parent(lock, folders);
	return true;
}

/* What links in a folder lead to: layouts made by bazel and nix are full of them. */
static void add_targets(const char *folder, struct string_list *reads)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	for (size_t count = 0; dir != NULL && count < LINKS_MAX && (entry = readdir(dir)) != NULL;
	     count++) {
		AUTO_FREE char *path = path_join(folder, entry->d_name);
		struct stat st;
		if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
			string_list_add(reads, path); /* a fence is put where it leads */
	}
	if (dir != NULL)
		(void)closedir(dir);
}

static void add_image(const char *text, const struct image_options *options,
		      struct image_places *places)
{
	AUTO(reference_clear) struct reference reference = {0};
	const char *folder = options != NULL ? options->folder : NULL;

	/* One that is malformed is named by whoever reads it next. */
	if (!reference_parse(text, folder, &reference, NULL))
		return;
	places->has_daemon = places->has_daemon || reference.transport == TRANSPORT_DOCKER_DAEMON;
	if (reference.path == NULL)
		return;
	string_list_add(&places->reads, reference.path);
	if (reference.transport != TRANSPORT_OCI)
		return;
	AUTO_FREE char *blobs = path_join(reference.path, "blobs");
	AUTO_FREE char *digests = path_join(blobs, "sha256");
	add_targets(reference.path, &places->reads);
	add_targets(blobs, &places->reads);
	add_targets(digests, &places->reads);
}

/* Whoever gives a document lets it read what it names, wherever that is. */
static void add_everything(struct image_places *places)
{
	string_list_add(&places->reads, "/");
	places->has_daemon = true;
}

static void add_base(const char *named, struct image_places *places)
{
	AUTO_FREE char *folder = base_folder_path(named);
	struct stat st;

	if (named != NULL && stat(named, &st) == 0 && S_ISREG(st.st_mode)) {
		add_everything(places);
	} else if (folder != NULL) {
		string_list_add(&places->reads, folder);
		add_targets(folder, &places->reads);
	}
}

/* Registries' settings and certificates (oci/registry_config.h); passwords are asked for. */
static void add_settings(struct string_list *reads)
{
	static const char *const below[] = {"i2kit/registries.json", "i2kit/certs.d",
					    "containers/certs.d", "docker/certs.d",
					    "docker/daemon.json"};
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	const char *authorities = getenv("SSL_CERT_FILE");
	AUTO_FREE char *folder =
		config != NULL && config[0] == '/'
			? xstrdup(config)
			: path_join(home != NULL && home[0] == '/' ? home : "/root", ".config");

	for (size_t i = 0; i < ARRAY_SIZE(below); i++)
		string_list_take(reads, path_join(folder, below[i]));
	if (authorities != NULL && authorities[0] != '\0')
		string_list_add(reads, authorities);
}

bool image_places_find(const struct image_process *process, struct image_places *ret,
		       struct error *err)
{
	const struct image_options *options = process->options;

	if (!list_writes(process, &ret->writes, err))
		return false;
	add_base(options != NULL ? options->base : NULL, ret);
	add_settings(&ret->reads);
	image_policy_places(options, &ret->reads, &ret->programs);
	if (options != NULL && options->lock_file != NULL)
		string_list_add(&ret->reads, options->lock_file);
	if (process->output != NULL)
		add_parent(process->output, &ret->writes);
	if (process->reads_documents)
		add_everything(ret);
	if (process->file != NULL)
		string_list_add(&ret->reads, process->file);
	for (size_t i = 0; process->references != NULL && i < process->references->count; i++)
		add_image(process->references->items[i], options, ret);
	return true;
}
