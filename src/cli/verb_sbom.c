/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "cli/arguments.h"
#include "cli/disk_argument.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/progress_view.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "image/sbom/sbom_make.h"

static const struct option_spec options[] = {
	{"format", 0, OPTION_VALUE, "spdx|cyclonedx|provenance", "a document for other tools",
	 COMPLETE_FORMAT},
};

static enum sbom_format wanted_format(const struct invocation *invocation)
{
	const char *word = arguments_value(invocation->args, "format");

	for (size_t i = 0; word != NULL && i < SBOM_FORMAT_COUNT; i++)
		if (strcmp(sbom_format_words[i], word) == 0)
			return (enum sbom_format)i;
	return SBOM_PACKAGES;
}

static void print_cell(struct table *table, enum text_style style, struct json_view item,
		       const char *key)
{
	const char *text = json_view_peek(json_view_get(item, key));

	table_add_cell(table, style, "%s", text != NULL ? text : "-");
}

static void print_packages(const struct invocation *invocation, struct json_view packages)
{
	AUTO_PTR(table) struct table *table = table_new(invocation);

	table_add_column(table, "TYPE", TABLE_LEFT);
	table_add_column(table, "NAME", TABLE_LEFT);
	table_add_column(table, "VERSION", TABLE_LEFT);
	table_add_column(table, "LICENCE", TABLE_SHRINK);
	table_add_column(table, "IMAGE", TABLE_SHRINK);
	for (size_t i = 0; i < json_view_count(packages, SIZE_MAX); i++) {
		struct json_view item = json_view_at(packages, i);
		print_cell(table, STYLE_NONE, item, "type");
		print_cell(table, STYLE_BOLD, item, "name");
		print_cell(table, STYLE_NONE, item, "version");
		print_cell(table, STYLE_DIM, item, "licence");
		print_cell(table, STYLE_NONE, item, "image");
	}
	table_print(table, stdout);
}

static bool print_result(const struct invocation *invocation, const struct strbuf *text,
			 struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(strbuf_text(text), text->size, "the list", 0, err);

	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	struct json_view problems = json_view_get(root, "problems");
	if (invocation->output == OUTPUT_JSON)
		output_document(strbuf_text(text));
	else
		print_packages(invocation, json_view_get(root, "packages"));
	for (size_t i = 0; i < json_view_count(problems, SIZE_MAX); i++)
		output_note(invocation, "image %s", json_view_peek(json_view_at(problems, i)));
	return true;
}

static int run(const struct invocation *invocation, struct error *err)
{
	const char *name = arguments_rest(invocation->args)->items[0];
	enum sbom_format format = wanted_format(invocation);
	AUTO_PTR(store) struct store *store = store_open(NULL, err);
	AUTO_PTR(progress_view) struct progress_view *view = progress_view_new(invocation);
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	AUTO_FREE char *path = NULL;

	if (store == NULL)
		return 1;
	if (!disk_argument_find(store, name, &path, err)) {
		path = disk_argument_of_pod(invocation, store, name);
		if (path == NULL)
			return 1;
		error_clear(err);
	}
	if (!sbom_make(store, path, format, progress_view_progress(view), &text, err))
		return 1;
	if (format == SBOM_PACKAGES)
		return print_result(invocation, &text, err) ? 0 : 1;
	(void)printf("%s\n", strbuf_text(&text));
	return 0;
}

const struct verb verb_sbom = {
	.name = "sbom",
	.group = VERB_IMAGE,
	.summary = "list the packages in a disk, and where it comes from",
	.description =
		"Reads a disk (a file, the beginning of its digest, or a pod that is up) and lists "
		"what it is made of: the base's packages, and those that the databases of dpkg, "
		"apk "
		"and rpm in its layers name. With --format it writes the document that scanners "
		"and policies read: SPDX 2.3, CycloneDX 1.5, or an in-toto statement with SLSA's "
		"provenance (the disk's inputs by digest; i2kit verify builds it of them "
		"again).\n\n"
		"The same disk gives the same bytes, here and wherever it was promoted to. An "
		"image "
		"without such a database is named in a note and in the document.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"FILE|DIGEST|POD", 1, 1, COMPLETE_FILE},
	.has_output = true,
	.names = "{.packages[*].purl}",
	.example = "i2kit sbom web.img\n"
		   "i2kit sbom web.img --format spdx > web.spdx.json\n"
		   "i2kit sbom web.img --format provenance > web.intoto.json",
	.run = run,
};
