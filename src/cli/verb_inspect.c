/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/path.h"
#include "cli/arguments.h"
#include "cli/disk_argument.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/project_verb.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "image/disk/disk_image.h"
#include "image/disk/toc.h"
#include "image/oci/resolve.h"
#include "image/store/store.h"
#include "wire/pod_document.h"

static const struct option_spec options[] = {
	{"linuxkit", 0, OPTION_FLAG, NULL, "print the LinuxKit document alone", COMPLETE_NONE},
	{"pod", 0, OPTION_FLAG, NULL, "print pod.json alone", COMPLETE_NONE},
};

#define SHORT_DIGEST_SIZE 20 /* "sha256:" and 12 digits */

static void short_digest(const char *digest, char out[SHORT_DIGEST_SIZE])
{
	(void)snprintf(out, SHORT_DIGEST_SIZE, "%.19s", digest[0] == '\0' ? "-" : digest);
}

static void print_ranges(const struct invocation *invocation, const struct toc *toc)
{
	AUTO_PTR(table) struct table *table = table_new(invocation);
	bool is_wide = invocation->output == OUTPUT_WIDE;
	table_add_column(table, "#", TABLE_RIGHT);
	table_add_column(table, "PARTITION", TABLE_LEFT);
	table_add_column(table, "OFFSET", TABLE_RIGHT);
	table_add_column(table, "SIZE", TABLE_RIGHT);
	table_add_column(table, "DIGEST", TABLE_LEFT);
	table_add_column(table, "SOURCE", TABLE_SHRINK);
	for (size_t i = 0; i < toc->partition_count; i++) {
		const struct toc_partition *partition = &toc->partitions[i];
		char size[OUTPUT_SIZE_SIZE], digest[SHORT_DIGEST_SIZE];
		output_format_size(size, partition->size);
		const char *whole = DIGEST_TEXT(&partition->digest);
		short_digest(whole, digest);
		table_add_cell(table, STYLE_NONE, "%u", partition->number);
		table_add_cell(table, STYLE_BOLD, "%s", partition->name);
		table_add_cell(table, STYLE_NONE, "%llu", (unsigned long long)partition->offset);
		table_add_cell(table, STYLE_NONE, "%s", size);
		table_add_cell(table, STYLE_NONE, "%s", is_wide ? whole : digest);
		table_add_cell(table, STYLE_DIM, "%s", partition->source);
	}
	table_print(table, stdout);
}

struct image_row {
	const char *name;
	const char *what;
	const char *image;  /* or NULL */
	const char *digest; /* or NULL */
	size_t layer_count;
};

static void add_image_row(const struct invocation *invocation, struct table *table,
			  const struct image_row *row)
{
	const char *digest = row->digest != NULL ? row->digest : "";
	char text[SHORT_DIGEST_SIZE];
	short_digest(digest, text);
	table_add_cell(table, STYLE_BOLD, "%s%s", row->name, row->what);
	table_add_cell(table, STYLE_NONE, "%s", row->image != NULL ? row->image : "?");
	table_add_cell(table, STYLE_NONE, "%s",
		       invocation->output == OUTPUT_WIDE && digest[0] != '\0' ? digest : text);
	table_add_cell(table, STYLE_NONE, "%zu", row->layer_count);
}

static void print_containers(const struct invocation *invocation, const struct pod_image *pod)
{
	AUTO_PTR(table) struct table *table = table_new(invocation);
	table_add_column(table, "CONTAINER", TABLE_LEFT);
	table_add_column(table, "IMAGE", TABLE_SHRINK);
	table_add_column(table, "DIGEST", TABLE_LEFT);
	table_add_column(table, "LAYERS", TABLE_RIGHT);
	for (size_t i = 0; i < pod->container_count; i++) {
		const struct container_image *container = &pod->containers[i];
		const struct image_row row = {container->name, container->is_init ? " (init)" : "",
					      container->image, container->image_digest,
					      container->layer_count};
		add_image_row(invocation, table, &row);
	}
	for (size_t i = 0; i < pod->volume_count; i++) {
		const struct image_volume *volume = &pod->volumes[i];
		const struct image_row row = {volume->name, " (volume)", volume->image,
					      volume->image_digest, volume->layer_count};
		add_image_row(invocation, table, &row);
	}
	table_print(table, stdout);
}

static bool print_disk(const struct invocation *invocation, const struct toc *toc, const char *path,
		       const char *digest, const struct stat *st, struct error *err)
{
	char size[OUTPUT_SIZE_SIZE], allocated[OUTPUT_SIZE_SIZE];
	AUTO(pod_image_clear) struct pod_image pod = {0};
	if (!pod_document_read(toc->pod_json, strlen(toc->pod_json), "pod.json", &pod, err))
		return error_prefix(err, "'%s'", path);
	output_format_size(size, (uint64_t)st->st_size);
	output_format_size(allocated, (uint64_t)st->st_blocks * 512);
	(void)printf("pod      %s\nfile     %s\ndigest   %s\nsize     %s (%s on disk)\n"
		     "cmdline  %s\nbuilder  %s\n\n",
		     pod.pod, path, digest, size, allocated, toc->cmdline, toc->builder);
	print_ranges(invocation, toc);
	(void)printf("\n");
	print_containers(invocation, &pod);
	return true;
}

static bool inspect_disk(const struct invocation *invocation, const char *path, struct error *err)
{
	AUTO_FREE char *text = NULL;
	AUTO(toc_clear) struct toc toc = {0};
	struct digest digest;
	size_t size;
	struct stat st;
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		return error_set_errno(err, errno, "cannot read '%s'", path);
	if (!toc_read_disk(fd, &text, &size, err) ||
	    !toc_parse(text, size, (uint64_t)st.st_size, &toc, err))
		return error_prefix(err, "'%s'", path);
	if (arguments_flag(invocation->args, "linuxkit"))
		return toc.linuxkit != NULL ? printf("%s", toc.linuxkit) >= 0
					    : error_set(err, ERROR_NOT_FOUND,
							"the disk carries no LinuxKit document");
	if (arguments_flag(invocation->args, "pod"))
		return printf("%s\n", toc.pod_json) >= 0;
	if (invocation->output == OUTPUT_JSON) {
		output_document(text);
		return true;
	}
	return sha256_fd(fd, &digest, err) &&
	       print_disk(invocation, &toc, path, DIGEST_TEXT(&digest), &st, err);
}

static bool print_image_json(const struct oci_image *image, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, JSON_PRETTY);
	AUTO_PTR(json_document)
	struct json_document *config =
		json_document_parse(image->config_json, strlen(image->config_json),
				    image->reference, JSON_LAST_KEY_WINS, err);
	if (config == NULL)
		return false;
	json_open_object(&json, NULL);
	json_write_text(&json, "reference", image->reference);
	json_write_text(&json, "digest", DIGEST_TEXT(&image->digest));
	json_write_view(&json, "config", json_document_root(config));
	json_open_list(&json, "layers");
	for (size_t i = 0; i < image->layer_count; i++) {
		json_open_object(&json, NULL);
		json_write_text(&json, "digest", DIGEST_TEXT(&image->layers[i].digest));
		json_write_text(&json, "diffId", DIGEST_TEXT(&image->layers[i].diff_id));
		json_write_text(&json, "mediaType", image->layers[i].media_type);
		json_write_unsigned(&json, "size", image->layers[i].size_bytes);
		json_close(&json);
	}
	json_close(&json);
	json_close(&json);
	output_document(strbuf_text(&text));
	return true;
}

static void print_image(const struct invocation *invocation, const struct oci_image *image)
{
	AUTO_PTR(table) struct table *table = table_new(invocation);
	(void)printf("image    %s\ndigest   %s\n\n", image->reference, DIGEST_TEXT(&image->digest));
	table_add_column(table, "LAYER", TABLE_LEFT);
	table_add_column(table, "DIFF ID", TABLE_LEFT);
	table_add_column(table, "SIZE", TABLE_RIGHT);
	table_add_column(table, "TYPE", TABLE_SHRINK);
	for (size_t i = 0; i < image->layer_count; i++) {
		const struct oci_descriptor *layer = &image->layers[i];
		char size[OUTPUT_SIZE_SIZE];
		bool is_wide = invocation->output == OUTPUT_WIDE;
		output_format_size(size, layer->size_bytes);
		table_add_cell(table, STYLE_NONE, "%.*s", is_wide ? 71 : 19,
			       DIGEST_TEXT(&layer->digest));
		table_add_cell(table, STYLE_NONE, "%.*s", is_wide ? 71 : 19,
			       DIGEST_TEXT(&layer->diff_id));
		table_add_cell(table, STYLE_NONE, "%s", size);
		table_add_cell(table, STYLE_DIM, "%s", layer->media_type);
	}
	table_print(table, stdout);
}

static bool inspect_image(const struct invocation *invocation, struct store *store,
			  const char *reference, struct error *err)
{
	AUTO(oci_image_clear) struct oci_image image = {0};
	struct image_options image_options = {0};
	if (!image_resolve(store, reference, PULL_NEVER, &image_options, NULL, &image, err)) {
		if (err->kind == ERROR_NOT_FOUND)
			error_set(err, ERROR_NOT_FOUND,
				  "'%s' is no file, no disk's digest, no pod that is up and no "
				  "image in the store",
				  reference);
		return error_hint(err, "i2kit pull %s", reference);
	}
	if (invocation->output == OUTPUT_JSON)
		return print_image_json(&image, err);
	print_image(invocation, &image);
	return true;
}

/* A name that no image can have: say that the file is missing, not that it can be pulled. */
static bool looks_like_file(const char *name)
{
	size_t size = strlen(name);
	return name[0] == '/' || name[0] == '.' ||
	       (size > 4 && strcmp(name + size - 4, ".img") == 0);
}

static int run(const struct invocation *invocation, struct error *err)
{
	const char *name = arguments_rest(invocation->args)->items[0];
	AUTO_PTR(store) struct store *store = store_open(NULL, err);
	AUTO_FREE char *path = NULL;
	if (store == NULL)
		return 1;
	if (!disk_argument_find(store, name, &path, NULL) && !looks_like_file(name))
		path = disk_argument_of_pod(invocation, store, name);
	if (path != NULL)
		return inspect_disk(invocation, path, err) ? 0 : 1;
	if (looks_like_file(name))
		return error_set(err, ERROR_NOT_FOUND,
				 path_exists(name) ? "'%s' is no file, so no disk"
						   : "there is no file '%s'",
				 name)
			       ? 0
			       : 1;
	return inspect_image(invocation, store, name, err) ? 0 : 1;
}

const struct verb verb_inspect = {
	.name = "inspect",
	.group = VERB_IMAGE,
	.summary = "show what is in a disk or an image",
	.description =
		"For a disk (a file, the beginning of its digest, or a pod that is up): its "
		"partitions, where each came from, its containers. -o json prints the disk's "
		"own table of contents. For an image in the store: its digest and layers.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"FILE|DIGEST|POD|IMAGE", 1, 1, COMPLETE_FILE},
	.has_output = true,
	.example = "i2kit inspect web\ni2kit inspect web.img\ni2kit inspect nginx:1.22 -o json",
	.run = run,
};
