/* SPDX-License-Identifier: Apache-2.0 */
#include "image/linuxkit/linuxkit_document.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "image/linuxkit/linuxkit_schema.h"
#include "image/linuxkit/linuxkit_value.h"
#include "manifest/yaml_node.h"
#include "manifest/yaml_reader.h"

enum { FIRST_ID = 100, COMPONENTS_MAX = 10000 };

static void component_list_clear(struct linuxkit_component_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].name);
		free(list->items[i].image);
		free(list->items[i].json);
	}
	free(list->items);
}

static void file_clear(struct linuxkit_file *file)
{
	free(file->path);
	free(file->contents);
	free(file->source);
	free(file->metadata);
	free(file->symlink);
	free(file->mode);
	free(file->uid);
	free(file->gid);
}

void linuxkit_document_clear(struct linuxkit_document *document)
{
	free(document->kernel.image);
	free(document->kernel.cmdline);
	free(document->kernel.binary);
	free(document->kernel.tar);
	free(document->kernel.ucode);
	string_list_clear(&document->init);
	component_list_clear(&document->onboot);
	component_list_clear(&document->onshutdown);
	component_list_clear(&document->services);
	for (size_t i = 0; i < document->file_count; i++)
		file_clear(&document->files[i]);
	free(document->files);
	for (size_t i = 0; i < document->volume_count; i++) {
		free(document->volumes[i].name);
		free(document->volumes[i].image);
		free(document->volumes[i].format);
	}
	free(document->volumes);
	free(document->json);
	*document = (struct linuxkit_document){0};
}

static char *take_text(struct json_view object, const char *key)
{
	return json_view_text(json_view_get(object, key));
}

static bool take_bool(struct json_view object, const char *key)
{
	return json_view_bool(json_view_get(object, key), false);
}

/* A number becomes its digits: linuxkit_document_find_id() reads both. */
static char *take_id(struct json_view object, const char *key)
{
	struct json_view value = json_view_get(object, key);
	if (json_view_is_number(value))
		return xasprintf("%" PRId64, json_view_number(value, INT64_MIN, INT64_MAX, 0));
	return json_view_text(value);
}

static unsigned line_of(const struct yaml_node *root, const char *section, size_t index)
{
	const struct yaml_node *list = yaml_get(root, section);
	return list != NULL && index < list->item_count ? list->items[index]->line : 0;
}

static bool read_components(struct json_view root, const struct yaml_node *yaml,
			    const char *section, struct linuxkit_component_list *ret,
			    struct error *err)
{
	struct json_view list = json_view_get(root, section);
	size_t count = json_view_count(list, SIZE_MAX);
	if (count > COMPONENTS_MAX)
		return error_set(err, ERROR_INVALID, "more than %d in %s", COMPONENTS_MAX, section);
	for (size_t i = 0; i < count; i++) {
		struct json_view entry = json_view_at(list, i);
		unsigned line = line_of(yaml, section, i);
		struct linuxkit_component *component = ARRAY_APPEND(ret->items, ret->count);
		component->name = take_text(entry, "name");
		component->image = take_text(entry, "image");
		component->line = line;
		if (component->name == NULL || component->image == NULL)
			return error_set(err, ERROR_INVALID, "%u:1: %s[%zu] needs name and image",
					 line, section, i);
		/* The name becomes a folder. */
		if (component->name[0] == '\0' || strchr(component->name, '/') != NULL ||
		    strcmp(component->name, ".") == 0 || strcmp(component->name, "..") == 0)
			return error_set(err, ERROR_INVALID, "%u:1: '%s' is not a name", line,
					 component->name);
		component->json = json_view_dump(entry, 0);
	}
	return true;
}

static bool check_services(const struct linuxkit_component_list *services, struct error *err)
{
	for (size_t i = 0; i < services->count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(services->items[i].name, services->items[j].name) == 0)
				return error_set(err, ERROR_INVALID,
						 "%u:1: there are two services '%s'",
						 services->items[i].line, services->items[i].name);
		}
	}
	return true;
}

static bool check_file(const struct linuxkit_file *file, struct error *err)
{
	unsigned sources = (file->source ? 1u : 0u) + (file->metadata ? 1u : 0u);
	bool has_bytes = file->is_directory || file->symlink != NULL || file->contents != NULL;
	if (file->path == NULL || file->path[0] == '\0')
		return error_set(err, ERROR_INVALID, "%u:1: a file has no path", file->line);
	if (file->is_directory && file->contents != NULL)
		return error_set(err, ERROR_INVALID, "%u:1: %s: a directory has no contents",
				 file->line, file->path);
	if (has_bytes ? sources > 0 : sources != 1)
		return error_set(
			err, ERROR_INVALID,
			"%u:1: %s needs exactly one of contents, source, metadata, symlink "
			"and directory",
			file->line, file->path);
	return true;
}

static bool read_files(struct json_view root, const struct yaml_node *yaml,
		       struct linuxkit_document *ret, struct error *err)
{
	struct json_view list = json_view_get(root, "files");
	size_t count = json_view_count(list, SIZE_MAX);
	for (size_t i = 0; i < count; i++) {
		struct json_view entry = json_view_at(list, i);
		struct linuxkit_file *file = ARRAY_APPEND(ret->files, ret->file_count);
		file->line = line_of(yaml, "files", i);
		file->path = take_text(entry, "path");
		file->contents = take_text(entry, "contents");
		file->source = take_text(entry, "source");
		file->metadata = take_text(entry, "metadata");
		file->symlink = take_text(entry, "symlink");
		file->mode = take_text(entry, "mode");
		file->uid = take_id(entry, "uid");
		file->gid = take_id(entry, "gid");
		file->is_directory = take_bool(entry, "directory");
		file->is_optional = take_bool(entry, "optional");
		if (!check_file(file, err))
			return false;
	}
	return true;
}

static bool check_volume(const struct linuxkit_volume *volume, const struct linuxkit_document *all,
			 struct error *err)
{
	static const char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	if (volume->name == NULL || strspn(volume->name, characters) != strlen(volume->name))
		return error_set(err, ERROR_INVALID, "%u:1: '%s' is not a volume's name",
				 volume->line, volume->name ? volume->name : "");
	if (linuxkit_document_find_volume(all, volume->name) != volume)
		return error_set(err, ERROR_INVALID, "%u:1: there are two volumes '%s'",
				 volume->line, volume->name);
	if (volume->format == NULL || strcmp(volume->format, "filesystem") == 0)
		return true;
	if (strcmp(volume->format, "oci") != 0)
		return error_set(err, ERROR_INVALID, "%u:1: a volume's format is filesystem or oci",
				 volume->line);
	return error_set(err, ERROR_UNSUPPORTED, "%u:1: volume '%s': format oci is not built yet",
			 volume->line, volume->name);
}

static bool read_volumes(struct json_view root, const struct yaml_node *yaml,
			 struct linuxkit_document *ret, struct error *err)
{
	struct json_view list = json_view_get(root, "volumes");
	size_t count = json_view_count(list, SIZE_MAX);
	for (size_t i = 0; i < count; i++) {
		struct json_view entry = json_view_at(list, i);
		struct linuxkit_volume *volume = ARRAY_APPEND(ret->volumes, ret->volume_count);
		volume->line = line_of(yaml, "volumes", i);
		volume->name = take_text(entry, "name");
		volume->image = take_text(entry, "image");
		volume->format = take_text(entry, "format");
		volume->is_read_only = take_bool(entry, "readonly");
		if (!check_volume(volume, ret, err))
			return false;
	}
	return true;
}

static void read_rest(struct json_view root, struct linuxkit_document *ret)
{
	struct json_view kernel = json_view_get(root, "kernel");
	ret->kernel.image = take_text(kernel, "image");
	ret->kernel.cmdline = take_text(kernel, "cmdline");
	ret->kernel.binary = take_text(kernel, "binary");
	ret->kernel.tar = take_text(kernel, "tar");
	ret->kernel.ucode = take_text(kernel, "ucode");
	json_view_texts(json_view_get(root, "init"), SIZE_MAX, &ret->init);
}

static bool read_document(const struct yaml_node *yaml, struct linuxkit_document *ret,
			  struct error *err)
{
	AUTO(strbuf_clear) struct strbuf json = STRBUF_INIT;
	if (!linuxkit_value_write(yaml, linuxkit_document_keys, &json, err))
		return false;
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(json.data, json.size, "document", JSON_LAST_KEY_WINS, NULL);
	if (document == NULL)
		return error_set(err, ERROR_INVALID, "1:1: the document cannot be kept as JSON");
	struct json_view root = json_document_root(document);
	read_rest(root, ret);
	ret->json = json_view_dump(root, 0);
	return read_components(root, yaml, "onboot", &ret->onboot, err) &&
	       read_components(root, yaml, "onshutdown", &ret->onshutdown, err) &&
	       read_components(root, yaml, "services", &ret->services, err) &&
	       check_services(&ret->services, err) && read_files(root, yaml, ret, err) &&
	       read_volumes(root, yaml, ret, err);
}

bool linuxkit_document_parse(const char *text, size_t size, const char *name,
			     struct linuxkit_document *ret, struct error *err)
{
	AUTO(yaml_documents_clear) struct yaml_documents documents = {0};
	AUTO(linuxkit_document_clear) struct linuxkit_document document = {0};
	bool is_read = yaml_read(text, size, &documents, err);
	if (is_read && documents.count != 1)
		is_read = error_set(err, ERROR_INVALID, "1:1: %zu YAML documents; LinuxKit has one",
				    documents.count);
	if (!is_read || !read_document(documents.roots[0], &document, err)) {
		if (err != NULL) {
			char *message = xasprintf("%s:%s", name, err->message);
			free(err->message);
			err->message = message;
		}
		return false;
	}
	*ret = document;
	document = (struct linuxkit_document){0};
	return true;
}

bool linuxkit_label_parse(const char *text, size_t size, char **ret, struct error *err)
{
	AUTO(yaml_documents_clear) struct yaml_documents documents = {0};
	AUTO(strbuf_clear) struct strbuf json = STRBUF_INIT;
	if (!yaml_read(text, size, &documents, err))
		return false;
	if (documents.count != 1)
		return error_set(err, ERROR_INVALID, "1:1: not one object");
	const struct yaml_node *root = documents.roots[0];
	if (root->kind == YAML_MAP && (yaml_get(root, "name") || yaml_get(root, "image")))
		return error_set(err, ERROR_INVALID, "1:1: name and image are not for labels");
	if (!linuxkit_value_write(root, linuxkit_component_keys, &json, err))
		return false;
	*ret = strbuf_take(&json);
	return true;
}

const struct linuxkit_volume *linuxkit_document_find_volume(
	const struct linuxkit_document *document, const char *name)
{
	for (size_t i = 0; i < document->volume_count; i++) {
		if (document->volumes[i].name != NULL &&
		    strcmp(document->volumes[i].name, name) == 0)
			return &document->volumes[i];
	}
	return NULL;
}

bool linuxkit_document_find_id(const struct linuxkit_document *document, const char *text,
			       uint32_t *ret, struct error *err)
{
	const struct linuxkit_component_list *const lists[] = {
		&document->onboot, &document->onshutdown, &document->services};
	uint64_t number = 0;
	uint32_t next = FIRST_ID;
	bool is_found = false;
	if (text == NULL || text[0] == '\0' || strcmp(text, "root") == 0) {
		*ret = 0;
		return true;
	}
	if (parse_u64(text, 0, UINT32_MAX, &number)) {
		*ret = (uint32_t)number;
		return true;
	}
	/* Of two of the same name the later one counts. */
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		for (size_t j = 0; j < lists[i]->count; j++, next++) {
			if (strcmp(lists[i]->items[j].name, text) != 0)
				continue;
			*ret = next;
			is_found = true;
		}
	}
	return is_found ||
	       error_set(err, ERROR_INVALID,
			 "'%s' is neither a number, root, nor the name of a component", text);
}
