/* SPDX-License-Identifier: Apache-2.0 */
#include "image/disk/base_folder.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/path.h"
#include "wire/guest_level.h"

#define INDEX_MAX_BYTES ((size_t)1 << 20)
#define FILE_MAX_BYTES	((size_t)512 << 20)
#define FILES_MAX	((size_t)64)

#ifndef I2KIT_BASE_FOLDER
#define I2KIT_BASE_FOLDER "/usr/local/share/i2kit/base"
#endif

void base_folder_clear(struct base_folder *base)
{
	for (size_t i = 0; i < base->file_count; i++)
		free(base->files[i].name);
	free(base->files);
	free(base->path);
	free(base->name);
	free(base->cmdline);
	free(base->kernel);
	free(base->initrd);
	free(base->partition);
	free(base->partition_path);
	*base = (struct base_folder){0};
}

/*
 * out/base of the source tree that this program was built from, where the build was asked for it:
 * an installed program must not take what happens to lie where its sources once did.
 */
static char *source_tree_base(void)
{
#ifdef I2KIT_SOURCE_FOLDER
	return xstrdup(I2KIT_SOURCE_FOLDER "/out/base");
#else
	return NULL;
#endif
}

static bool has_index(const char *folder)
{
	AUTO_FREE char *index = path_join(folder, "base.json");
	return path_exists(index);
}

char *base_folder_path(const char *folder_or_null)
{
	const char *named = folder_or_null != NULL ? folder_or_null : getenv("I2KIT_BASE");
	if (named != NULL && named[0] != '\0')
		return xstrdup(named);
	AUTO_FREE char *tree = source_tree_base();
	if (tree != NULL && has_index(tree))
		return TAKE_PTR(tree);
	return has_index(I2KIT_BASE_FOLDER) ? xstrdup(I2KIT_BASE_FOLDER) : NULL;
}

/* A plain relative name: the base may come from someone else. */
static bool is_safe_name(const char *name)
{
	return name != NULL && name[0] != '\0' && name[0] != '/' && strstr(name, "..") == NULL;
}

static char *take_name(struct json_view root, const char *key)
{
	struct json_view view = json_view_require(root, key);
	const char *text = json_view_peek(view);
	if (text != NULL && !is_safe_name(text)) {
		json_view_complain(view, "is not a plain name");
		return NULL;
	}
	return xstrdup_or_null(text);
}

static void take_file(struct json_view item, struct base_folder *base)
{
	struct base_file file = {0};
	file.digest = json_view_digest(json_view_require(item, "digest"));
	file.size_bytes =
		(uint64_t)json_view_number(json_view_require(item, "size"), 1, INT64_MAX, 0);

	file.name = take_name(item, "name");
	if (file.name != NULL)
		*ARRAY_APPEND(base->files, base->file_count) = file;
}

enum { MOST_LEVELS = 1000000 };

static bool parse_index(const char *text, size_t size, const char *path, struct base_folder *base,
			struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(text, size, path, 0, err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	base->name = take_name(root, "name");
	base->cmdline = take_name(root, "cmdline");
	base->kernel = take_name(root, "kernel");
	base->initrd = take_name(root, "initrd");
	base->partition = take_name(root, "base");
	base->guest_level =
		(unsigned)json_view_number(json_view_get(root, "guest"), 0, MOST_LEVELS, 0);
	struct json_view files = json_view_get(root, "files");
	size_t count = json_view_count(files, FILES_MAX);
	for (size_t i = 0; i < count; i++)
		take_file(json_view_at(files, i), base);
	if (base->cmdline != NULL && strpbrk(base->cmdline, "\r\n") != NULL)
		json_view_complain(json_view_get(root, "cmdline"), "has a line break");
	return json_document_check(document, err) &&
	       (base->name != NULL || /* the document is a list */
		error_set(err, ERROR_INVALID, "%s: not an object", path));
}

/* What a guest of this level lacks beside the next one. */
static const char *guest_lacks(unsigned level)
{
	static const char *const lacks[] = {
		[0] = "`cp`, a disk to write on, or newer answers of the guest",
		[1] = "names and addresses outside of the project, waiting for other pods",
		[2] = "`i2kit run`",
		[3] = "labels of a single instance, the index of a Job's pod among them",
		[4] = "volumes of images, and containers that share their processes",
		[5] = "limits, hooks and an `init` as Compose has them",
		[6] = "`i2kit watch`",
	};

	return level < ARRAY_SIZE(lacks) ? lacks[level] : "something newer";
}

char *base_folder_complaint(const struct base_folder *base)
{
	if (base->guest_level == GUEST_LEVEL)
		return NULL;
	if (base->guest_level > GUEST_LEVEL)
		return xasprintf("the base at %s is of a newer i2kit than this one (%u, here %u)",
				 base->path, base->guest_level, GUEST_LEVEL);
	return xasprintf("the base at %s is older than this i2kit: it may lack %s", base->path,
			 guest_lacks(base->guest_level));
}

bool base_folder_load(const char *folder_or_null, struct base_folder *ret, struct error *err)
{
	AUTO(base_folder_clear) struct base_folder base = {0};
	AUTO_FREE char *text = NULL;
	size_t size;
	base.path = base_folder_path(folder_or_null);
	if (base.path == NULL) {
		(void)error_set(err, ERROR_NOT_FOUND,
				"there is no base (kernel, init, runtime) yet");
		return error_hint(err,
				  "scripts/make-base, then set I2KIT_BASE=out/base or use --base");
	}
	AUTO_FREE char *index = path_join(base.path, "base.json");
	if (!file_read(index, INDEX_MAX_BYTES, &text, &size, err)) {
		(void)error_prefix(err, "base '%s'", base.path);
		return error_hint(err, "scripts/make-base %s", base.path);
	}
	if (!parse_index(text, size, index, &base, err))
		return error_prefix(err, "base");
	base.digest = sha256_digest(text, size);
	*ret = base;
	base = (struct base_folder){0};
	return true;
}

const struct base_file *base_folder_find(const struct base_folder *base, const char *name)
{
	for (size_t i = 0; i < base->file_count; i++)
		if (strcmp(base->files[i].name, name) == 0)
			return &base->files[i];
	return NULL;
}

bool base_folder_read(const struct base_folder *base, const char *name, char **ret,
		      size_t *ret_size, struct error *err)
{
	const struct base_file *file = base_folder_find(base, name);
	AUTO_FREE char *path = path_join(base->path, name);
	AUTO_FREE char *bytes = NULL;
	size_t size;
	if (file == NULL)
		return error_set(err, ERROR_INVALID, "base '%s' has no '%s'", base->path, name);
	if (!file_read(path, FILE_MAX_BYTES, &bytes, &size, err))
		return error_prefix(err, "base");
	struct digest digest = sha256_digest(bytes, size);
	if (!digest_equal(&digest, &file->digest)) {
		(void)error_set(err, ERROR_CORRUPT, "'%s' is not what base.json says", path);
		return error_hint(err, "scripts/make-base %s", base->path);
	}
	*ret = TAKE_PTR(bytes);
	*ret_size = size;
	return true;
}
