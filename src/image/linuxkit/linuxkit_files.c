/* SPDX-License-Identifier: Apache-2.0 */
/* The section `files` of a document. */
#include "image/linuxkit/linuxkit_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/parse.h"
#include "base/path.h"
#include "image/linuxkit/image_flatten.h"
#include "image/linuxkit/linuxkit_tree.h"

enum { SOURCE_MAX_BYTES = 256 << 20, MODE_MAX = 07777 };

struct file_plan {
	const struct linuxkit_file *file;
	char *name;  /* owned; clean */
	char *bytes; /* owned, or NULL */
	size_t size;
	unsigned mode;
	uint32_t uid;
	uint32_t gid;
	bool is_skipped; /* optional, and not there */
};

static void plan_clear(struct file_plan *plan)
{
	free(plan->name);
	free(plan->bytes);
}

static char *source_path(const struct linuxkit_build *build, const char *source)
{
	const char *home = getenv("HOME");
	if (strncmp(source, "~/", 2) == 0 && home != NULL)
		return path_join(home, source + 2);
	if (source[0] == '/' || build->folder == NULL)
		return xstrdup(source);
	return path_join(build->folder, source);
}

/*
 * The document as it was read, as indented JSON; which is YAML too, so that both spellings hold
 * the same. (Upstream's bytes follow from its structs; nothing reads them but people.)
 */
static char *make_metadata(const struct linuxkit_build *build)
{
	const char *text = build->document->json;
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(text, strlen(text), "document", 0, NULL);
	return document ? json_view_dump(json_document_root(document), JSON_PRETTY | JSON_WIDE)
			: NULL;
}

static bool load_bytes(const struct linuxkit_build *build, struct file_plan *plan,
		       struct error *err)
{
	const struct linuxkit_file *file = plan->file;
	if (file->contents != NULL) {
		plan->bytes = xstrdup(file->contents);
		plan->size = strlen(plan->bytes);
	} else if (file->metadata != NULL) {
		if (strcmp(file->metadata, "json") != 0 && strcmp(file->metadata, "yaml") != 0)
			return error_set(err, ERROR_INVALID, "metadata is json or yaml, not '%s'",
					 file->metadata);
		plan->bytes = make_metadata(build);
		plan->size = plan->bytes ? strlen(plan->bytes) : 0;
	} else if (file->source != NULL) {
		AUTO_FREE char *path = source_path(build, file->source);
		if (file->is_optional && !path_exists(path)) {
			plan->is_skipped = true;
			return true;
		}
		return file_read(path, SOURCE_MAX_BYTES, &plan->bytes, &plan->size, err);
	}
	return true;
}

static bool make_plan(const struct linuxkit_build *build, struct file_plan *plan, struct error *err)
{
	const struct linuxkit_file *file = plan->file;
	plan->name = image_clean_name(file->path);
	plan->mode = file->is_directory ? 0700 : 0600;
	if (plan->name == NULL || strcmp(plan->name, ".") == 0)
		return error_set(err, ERROR_INVALID, "the path leads out of the image");
	if (file->mode != NULL && !parse_octal(file->mode, MODE_MAX, &plan->mode))
		return error_set(err, ERROR_INVALID, "mode '%s' is not octal", file->mode);
	return linuxkit_document_find_id(build->document, file->uid, &plan->uid, err) &&
	       linuxkit_document_find_id(build->document, file->gid, &plan->gid, err) &&
	       load_bytes(build, plan, err);
}

/* The file's mode, with x where there is any right for that class. */
static unsigned folder_mode(unsigned mode)
{
	if (mode & 0700)
		mode |= 0100;
	if (mode & 0070)
		mode |= 0010;
	if (mode & 0007)
		mode |= 0001;
	return mode;
}

static bool add_parents(struct linuxkit_tree *tree, const struct file_plan *plan,
			struct string_list *made, const struct linuxkit_origin *origin,
			struct error *err)
{
	for (const char *slash = strchr(plan->name, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		AUTO_FREE char *folder = xstrndup(plan->name, (size_t)(slash - plan->name));
		if (string_list_has(made, folder))
			continue;
		string_list_add(made, folder);
		const struct tar_entry entry = {.name = folder,
						.type = TAR_FOLDER,
						.mode = folder_mode(plan->mode),
						.uid = plan->uid,
						.gid = plan->gid,
						.mtime_s = LINUXKIT_TIME_S};
		if (!linuxkit_tree_add(tree, &entry, NULL, origin, err))
			return false;
	}
	return true;
}

static bool add_file(struct linuxkit_tree *tree, const struct file_plan *plan,
		     struct string_list *made, const struct linuxkit_origin *origin,
		     struct error *err)
{
	struct tar_entry entry = {.name = plan->name,
				  .type = TAR_FILE,
				  .mode = plan->mode,
				  .uid = plan->uid,
				  .gid = plan->gid,
				  .mtime_s = LINUXKIT_TIME_S,
				  .size_bytes = plan->size};
	if (plan->file->is_directory)
		entry.type = TAR_FOLDER;
	else if (plan->file->symlink != NULL)
		entry.type = TAR_SYMLINK;
	entry.link = entry.type == TAR_SYMLINK ? plan->file->symlink : NULL;
	if (entry.type != TAR_FILE)
		entry.size_bytes = 0;
	string_list_add(made, plan->name);
	return add_parents(tree, plan, made, origin, err) &&
	       linuxkit_tree_add(tree, &entry, plan->bytes, origin, err);
}

bool linuxkit_tree_add_files(struct linuxkit_tree *tree, struct error *err)
{
	const struct linuxkit_document *document = tree->build->document;
	AUTO(string_list_clear) struct string_list made = STRING_LIST_INIT;
	for (size_t i = 0; i < document->file_count; i++) {
		AUTO(plan_clear) struct file_plan plan = {.file = &document->files[i]};
		AUTO_FREE char *location = xasprintf("files[%zu]", i);
		const struct linuxkit_origin origin = {.source = "linuxkit.files",
						       .location = location};
		if (!make_plan(tree->build, &plan, err) ||
		    (!plan.is_skipped && !add_file(tree, &plan, &made, &origin, err)))
			return error_prefix(err, "%s: %s", location, document->files[i].path);
	}
	return true;
}
