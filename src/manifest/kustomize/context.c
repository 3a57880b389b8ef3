/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/kustomize/context.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/path_below.h"
#include "base/strbuf.h"
#include "manifest/problem.h"
#include "manifest/yaml_node.h"
#include "manifest/yaml_reader.h"

enum { BYTES_MAX = 64 << 20 };

void kustomizer_clear(struct kustomizer *kustomizer)
{
	for (size_t i = 0; i < kustomizer->document_count; i++) {
		yaml_documents_clear(kustomizer->documents[i]);
		free(kustomizer->documents[i]);
	}
	free((void *)kustomizer->documents);
	arena_clear(&kustomizer->store.arena);
	string_list_clear(&kustomizer->open);
}

void kustomizer_error(struct kustomizer *kustomizer, const struct yaml_node *node, const char *hint,
		      const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	AUTO_FREE char *message = xvasprintf(fmt, args);
	va_end(args);
	struct source_mark mark = {.file = node->file, .line = node->line, .column = node->column};
	struct problem *problem = problem_error(kustomizer->problems, mark, "%s", message);
	problem_set_code(problem, PROBLEM_KUSTOMIZATION);
	if (hint != NULL)
		problem_hint(problem, "%s", hint);
}

bool kustomizer_read(struct kustomizer *kustomizer, const char *folder, const char *name,
		     const struct yaml_node *node, char **ret_text, size_t *ret_size)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *path = path_join(folder, name);
	char real[PATH_MAX];
	char real_folder[PATH_MAX];

	if (realpath(path, real) == NULL || realpath(folder, real_folder) == NULL) {
		kustomizer_error(kustomizer, node, NULL, "there is no file '%.200s'", path);
		return false;
	}
	const char *below = path_below(real_folder, real);
	if (below == NULL || below[0] == '\0') {
		kustomizer_error(kustomizer, node, "move it beside the kustomization",
				 "'%.200s' is not in the kustomization's folder", name);
		return false;
	}
	if (!file_read(real, YAML_MAX_BYTES, ret_text, ret_size, &err)) {
		kustomizer_error(kustomizer, node, err.hint, "%s", err.message);
		return false;
	}
	kustomizer->byte_count += *ret_size;
	if (kustomizer->byte_count <= BYTES_MAX)
		return true;
	free(*ret_text);
	*ret_text = NULL;
	kustomizer_error(kustomizer, node, NULL, "more than 64 MiB in a kustomization");
	return false;
}

/* Places of what is below are in that file from now on. */
static void set_file(struct yaml_node *node, const char *file)
{
	if (node->file == file)
		return; /* an alias names it, too */
	node->file = file;
	for (size_t i = 0; i < node->pair_count; i++) {
		node->pairs[i].key->file = file;
		set_file(node->pairs[i].value, file);
	}
	for (size_t i = 0; i < node->item_count; i++)
		set_file(node->items[i], file);
}

static const struct yaml_documents *read_text(struct kustomizer *kustomizer, const char *file,
					      const char *text, size_t size)
{
	struct yaml_documents *documents = xcalloc(1, sizeof(*documents));
	size_t before = kustomizer->problems->error_count;

	*(struct yaml_documents **)ARRAY_APPEND(kustomizer->documents, kustomizer->document_count) =
		documents;
	yaml_read_all(file, text, size, documents, kustomizer->problems);
	for (size_t i = 0; i < documents->count; i++)
		set_file(documents->roots[i], file);
	return kustomizer->problems->error_count == before ? documents : NULL;
}

static const char *keep_name(struct kustomizer *kustomizer, const char *path)
{
	for (size_t i = 0; i < kustomizer->files->count; i++) {
		if (strcmp(kustomizer->files->items[i], path) == 0)
			return kustomizer->files->items[i];
	}
	string_list_add(kustomizer->files, path);
	return kustomizer->files->items[kustomizer->files->count - 1];
}

/* Text inside of a file: empty lines before it, so that its places are those of the file. */
static const struct yaml_documents *read_inline(struct kustomizer *kustomizer,
						const struct yaml_node *node)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	for (unsigned i = node->is_block ? 0 : 1; i < node->line; i++)
		strbuf_append_char(&text, '\n');
	strbuf_append_bytes(&text, node->text, node->size);
	return read_text(kustomizer, node->file, text.data, text.size);
}

const struct yaml_documents *kustomizer_read_yaml(struct kustomizer *kustomizer, const char *folder,
						  const char *name, const struct yaml_node *node)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;

	if (name == NULL)
		return read_inline(kustomizer, node);
	if (!kustomizer_read(kustomizer, folder, name, node, &text, &size))
		return NULL;
	AUTO_FREE char *path = path_join(folder, name);
	return read_text(kustomizer, keep_name(kustomizer, path), text, size);
}

const struct yaml_documents *kustomizer_read_own(struct kustomizer *kustomizer, const char *path)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	const char *file = keep_name(kustomizer, path);

	if (!file_read(path, YAML_MAX_BYTES, &text, &size, &err)) {
		struct source_mark mark = {.file = file};
		problem_hint(problem_error(kustomizer->problems, mark, "%s", err.message), "%s",
			     err.hint != NULL ? err.hint : "");
		return NULL;
	}
	return read_text(kustomizer, file, text, size);
}
