/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/progress_view.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "image/oci/image_ref.h"
#include "image/oci/reference.h"
#include "image/oci/resolve.h"
#include "image/oci/source_walk.h"
#include "image/pod/verify.h"
#include "image/store/store.h"

static const struct option_spec options[] = {
	{"verify", 0, OPTION_FLAG, NULL, "read everything, compare with its digest", COMPLETE_NONE},
	{"repair", 0, OPTION_FLAG, NULL, "with --verify: remove what is damaged", COMPLETE_NONE},
};

struct listed {
	bool is_whole;
	size_t layer_count;
	uint64_t size_bytes; /* of the layers as pulled */
};

static struct listed look_at(struct store *store, const struct image_ref *ref)
{
	AUTO(oci_image_clear) struct oci_image image = {0};
	AUTO(error_clear) struct error ignored = ERROR_INIT;
	struct listed listed = {0};
	if (!oci_image_load(store, ref->reference, &ref->manifest, &image, &ignored))
		return listed;
	listed.is_whole = true;
	listed.layer_count = image.layer_count;
	for (size_t i = 0; i < image.layer_count; i++)
		listed.size_bytes += image.layers[i].size_bytes;
	return listed;
}

static void print_json(struct store *store, const struct image_ref_list *refs)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);
	json_open_list(&json, NULL);
	for (size_t i = 0; i < refs->count; i++) {
		const struct image_ref *ref = &refs->items[i];
		struct listed listed = look_at(store, ref);
		char when[RFC3339_SIZE];
		clock_format_rfc3339(when, ref->time_ns, 3);
		json_open_object(&json, NULL);
		json_write_text(&json, "reference", ref->reference);
		json_write_text(&json, "digest", DIGEST_TEXT(&ref->digest));
		json_write_text(&json, "manifest", DIGEST_TEXT(&ref->manifest));
		json_write_text(&json, "source", ref->source);
		json_write_text(&json, "pulled", when);
		json_write_bool(&json, "whole", listed.is_whole);
		json_write_unsigned(&json, "layers", listed.layer_count);
		json_write_unsigned(&json, "sizeBytes", listed.size_bytes);
		json_close(&json);
	}
	json_close(&json);
	output_document(strbuf_text(&text));
}

static void print_table(struct store *store, const struct invocation *invocation,
			const struct image_ref_list *refs)
{
	AUTO_PTR(table) struct table *table = table_new(invocation);
	bool is_wide = invocation->output == OUTPUT_WIDE;
	table_add_column(table, "IMAGE", TABLE_SHRINK);
	table_add_column(table, "DIGEST", TABLE_LEFT);
	table_add_column(table, "LAYERS", TABLE_RIGHT);
	table_add_column(table, "SIZE", TABLE_RIGHT);
	table_add_column(table, "PULLED", TABLE_RIGHT);
	if (is_wide)
		table_add_column(table, "FROM", TABLE_LEFT);
	for (size_t i = 0; i < refs->count; i++) {
		const struct image_ref *ref = &refs->items[i];
		struct listed listed = look_at(store, ref);
		char size[OUTPUT_SIZE_SIZE];
		char age[AGE_SIZE];
		int64_t age_ns = clock_wall_ns() - ref->time_ns;
		output_format_size(size, listed.size_bytes);
		clock_format_age(age, age_ns > 0 ? (uint64_t)age_ns / 1000000000u : 0);
		table_add_cell(table, STYLE_NONE, "%s", ref->reference);
		table_add_cell(table, STYLE_DIM, "%.*s", is_wide ? DIGEST_SIZE : 12,
			       is_wide ? DIGEST_TEXT(&ref->digest) : DIGEST_HEX(&ref->digest));
		if (listed.is_whole) {
			table_add_cell(table, STYLE_NONE, "%zu", listed.layer_count);
			table_add_cell(table, STYLE_NONE, "%s", size);
		} else {
			table_add_cell(table, STYLE_NONE, "-");
			table_add_cell(table, STYLE_YELLOW, "incomplete");
		}
		table_add_cell(table, STYLE_NONE, "%s", age);
		if (is_wide)
			table_add_cell(table, STYLE_NONE, "%s", ref->source);
	}
	table_print(table, stdout);
}

static int list(struct store *store, const struct invocation *invocation, struct error *err)
{
	AUTO(image_ref_list_clear) struct image_ref_list refs = {0};
	if (!image_ref_read_all(store, &refs, err))
		return 1;
	if (invocation->output == OUTPUT_JSON) {
		print_json(store, &refs);
		return 0;
	}
	if (refs.count == 0)
		output_note(invocation, "no images yet; up and build fetch what they need");
	else
		print_table(store, invocation, &refs);
	return 0;
}

static void print_faults_json(const struct verify_result *result)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);
	json_open_object(&json, NULL);
	json_write_unsigned(&json, "checkedFiles", result->checked_files);
	json_write_unsigned(&json, "checkedBytes", result->checked_bytes);
	json_open_list(&json, "faults");
	for (size_t i = 0; i < result->count; i++) {
		json_open_object(&json, NULL);
		json_write_text(&json, "path", result->faults[i].path);
		json_write_text(&json, "what", result->faults[i].what);
		json_write_bool(&json, "removed", result->faults[i].is_removed);
		json_close(&json);
	}
	json_close(&json);
	json_close(&json);
	output_document(strbuf_text(&text));
}

static void print_faults(const struct verify_result *result)
{
	char size[OUTPUT_SIZE_SIZE];
	for (size_t i = 0; i < result->count; i++)
		(void)printf("%s: %s%s\n", result->faults[i].path, result->faults[i].what,
			     result->faults[i].is_removed ? " (removed)" : "");
	output_format_size(size, result->checked_bytes);
	(void)printf("%llu files (%s) read, %zu damaged\n",
		     (unsigned long long)result->checked_files, size, result->count);
}

static int verify(struct store *store, const struct invocation *invocation, struct error *err)
{
	AUTO(verify_result_clear) struct verify_result result = {0};
	bool repair = arguments_flag(invocation->args, "repair");
	AUTO_PTR(progress_view) struct progress_view *view = progress_view_new(invocation);
	if (!store_verify(store, repair, progress_view_progress(view), &result, err))
		return 1;
	progress_view_free(TAKE_PTR(view));
	if (invocation->output == OUTPUT_JSON)
		print_faults_json(&result);
	else
		print_faults(&result);
	if (result.count == 0 || repair)
		return 0;
	error_set(err, ERROR_CORRUPT, "%zu files of the image store are damaged", result.count);
	error_hint(err, "i2kit images --verify --repair");
	return 1;
}

/* By the name as it is listed, or as a manifest has it. */
static bool remove_image(struct store *store, const char *name, struct error *err)
{
	AUTO(reference_clear) struct reference reference = {0};
	AUTO(image_ref_clear) struct image_ref ref = {0};

	if (!reference_parse(name, NULL, &reference, err))
		return false;
	if (!image_ref_read(store, reference.text, &ref, err))
		return error_hint(err, "i2kit images");
	return image_ref_remove(store, reference.text, err);
}

/* `i2kit images rm IMAGE…` */
static int remove_images(struct store *store, const struct invocation *invocation,
			 struct error *err)
{
	const struct string_list *words = arguments_rest(invocation->args);

	for (size_t i = 1; i < words->count; i++) {
		if (!remove_image(store, words->items[i], err))
			return 1;
		output_note(invocation, "removed %s", words->items[i]);
	}
	output_note(invocation, "i2kit prune frees what nothing needs any more");
	return 0;
}

static bool check_rm_words(const struct invocation *invocation, struct error *err)
{
	const struct string_list *words = arguments_rest(invocation->args);

	if (words->count == 0)
		return true;
	if (strcmp(words->items[0], "rm") != 0) {
		error_set(err, ERROR_USAGE, "unknown word '%s'", words->items[0]);
		return error_hint(err, "i2kit images, or i2kit images rm %s", words->items[0]);
	}
	if (words->count > 1)
		return true;
	error_set(err, ERROR_USAGE, "rm needs the name of an image");
	return error_hint(err, "i2kit images lists them");
}

static int run(const struct invocation *invocation, struct error *err)
{
	if (!check_rm_words(invocation, err))
		return 2;
	bool is_verify = arguments_flag(invocation->args, "verify");
	if (arguments_flag(invocation->args, "repair") && !is_verify) {
		error_set(err, ERROR_USAGE, "--repair goes with --verify");
		return 2;
	}
	AUTO_PTR(store) struct store *store = store_open(NULL, err);
	if (store == NULL)
		return 1;
	if (arguments_rest(invocation->args)->count > 0)
		return remove_images(store, invocation, err);
	return is_verify ? verify(store, invocation, err) : list(store, invocation, err);
}

const struct verb verb_images = {
	.name = "images",
	.group = VERB_IMAGE,
	.summary = "list the images in the store",
	.description = "Lists what was pulled: name, digest, layers and their size as pulled. With "
		       "--verify every blob and disk of the store is read and compared with its "
		       "digest; --repair removes what is damaged, so that the next use fetches or "
		       "makes it again.\n\n"
		       "`i2kit images rm IMAGE` takes an image out of the store; `i2kit prune` "
		       "frees what nothing needs then. What runs is not touched.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"[rm] IMAGE", 0, 0, COMPLETE_IMAGE},
	.has_output = true,
	.names = "{[*].reference}",
	.example = "i2kit images\ni2kit images --verify\ni2kit images rm nginx:1.22\n",
	.run = run,
};
