/* SPDX-License-Identifier: Apache-2.0 */
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/path.h"
#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "image/pod/prune.h"

/* What lies where, and what makes room there. */
static const struct {
	const char *kind;
	enum path_folder place;
	const char *folders[4]; /* below it */
	const char *mend;
} kinds[] = {
	{"images", PATH_DATA, {"blobs", "layouts", "partial", "refs"}, "i2kit prune --all"},
	{"layers", PATH_DATA, {"layers"}, "i2kit prune --all"},
	{"disks", PATH_DATA, {"disks", "builds", "tmp"}, "i2kit prune --all"},
	{"volumes", PATH_DATA, {"volumes"}, "i2kit volume ls -a, i2kit volume rm"},
	{"logs", PATH_DATA, {"logs"}, "i2kit logs rm"},
	{"projects", PATH_STATE, {""}, "i2kit down"},
	{"cache", PATH_CACHE, {"boot"}, "made again when it is needed"},
};

struct usage {
	uint64_t files;
	uint64_t bytes; /* as allocated; what has several names counts once for each */
};

/* Links are not followed, other file systems not entered. */
static void add_tree(const char *path, struct usage *usage)
{
	char *const paths[] = {(char *)(uintptr_t)path, NULL};
	FTS *tree = path_exists(path) ? fts_open(paths, FTS_PHYSICAL | FTS_XDEV, NULL) : NULL;
	FTSENT *entry;

	if (tree == NULL)
		return;
	while ((entry = fts_read(tree)) != NULL) {
		if (entry->fts_info != FTS_F)
			continue;
		usage->files++;
		usage->bytes += (uint64_t)entry->fts_statp->st_blocks * 512;
	}
	(void)fts_close(tree);
}

static struct usage usage_of(size_t kind)
{
	struct usage usage = {0};

	for (size_t i = 0; i < ARRAY_SIZE(kinds[kind].folders); i++) {
		const char *below = kinds[kind].folders[i];
		if (below == NULL)
			continue;
		AUTO_FREE char *path =
			path_folder(kinds[kind].place, below[0] != '\0' ? below : NULL);
		add_tree(path, &usage);
	}
	return usage;
}

/* What prune would free now, as far as nobody is building; without --all of it. */
static bool reclaimable(uint64_t *ret_bytes, struct error *err)
{
	AUTO(prune_result_clear) struct prune_result result = {0};
	const struct prune_options options = {.remove_all = true, .is_dry_run = true};
	AUTO_PTR(store) struct store *store = store_open(NULL, err);

	if (store == NULL || !store_prune(store, &options, &result, err))
		return false;
	*ret_bytes = result.freed_bytes;
	return true;
}

static void print_table(const struct invocation *invocation, const uint64_t *freed_or_null)
{
	AUTO_PTR(table) struct table *table = table_new(invocation);
	char size[OUTPUT_SIZE_SIZE];
	uint64_t total = 0;

	table_add_column(table, "KIND", TABLE_LEFT);
	table_add_column(table, "FILES", TABLE_RIGHT);
	table_add_column(table, "SIZE", TABLE_RIGHT);
	table_add_column(table, "ROOM BY", TABLE_SHRINK);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct usage usage = usage_of(i);
		total += usage.bytes;
		output_format_size(size, usage.bytes);
		table_add_cell(table, STYLE_BOLD, "%s", kinds[i].kind);
		table_add_cell(table, STYLE_NONE, "%llu", (unsigned long long)usage.files);
		table_add_cell(table, STYLE_NONE, "%s", size);
		table_add_cell(table, STYLE_NONE, "%s", kinds[i].mend);
	}
	table_print(table, stdout);
	output_format_size(size, total);
	(void)printf("%s in all", size);
	if (freed_or_null != NULL) {
		output_format_size(size, *freed_or_null);
		(void)printf(", of which i2kit prune --all frees %s", size);
	}
	(void)printf("\n");
}

static void print_json(const uint64_t *freed_or_null)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);

	json_open_object(&json, NULL);
	json_open_list(&json, "kinds");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct usage usage = usage_of(i);
		json_open_object(&json, NULL);
		json_write_text(&json, "kind", kinds[i].kind);
		json_write_unsigned(&json, "files", usage.files);
		json_write_unsigned(&json, "sizeBytes", usage.bytes);
		json_close(&json);
	}
	json_close(&json);
	if (freed_or_null != NULL)
		json_write_unsigned(&json, "reclaimableBytes", *freed_or_null);
	else
		json_write_null(&json, "reclaimableBytes");
	json_close(&json);
	output_document(strbuf_text(&text));
}

static int run(const struct invocation *invocation, struct error *err)
{
	const char *word = arguments_rest(invocation->args)->items[0];
	AUTO(error_clear) struct error busy = ERROR_INIT;
	uint64_t freed = 0;

	if (strcmp(word, "df") != 0) {
		error_set(err, ERROR_USAGE, "system: '%s' is not df", word);
		(void)error_hint(err, strcmp(word, "prune") == 0 ? "i2kit prune frees room"
				      : strcmp(word, "info") == 0
					      ? "i2kit doctor says what is here"
					      : "i2kit system df; i2kit prune; i2kit doctor");
		return 2;
	}
	/* While something is built nobody can tell what it will need. */
	bool is_known = reclaimable(&freed, &busy);
	if (!is_known && invocation->output != OUTPUT_JSON)
		output_note(invocation, "what prune would free is not known: %s", busy.message);
	if (invocation->output == OUTPUT_JSON)
		print_json(is_known ? &freed : NULL);
	else
		print_table(invocation, is_known ? &freed : NULL);
	return 0;
}

const struct verb verb_system = {
	.name = "system",
	.group = VERB_SYSTEM,
	.summary = "`system df`: what i2kit keeps on this machine",
	.description =
		"`df` shows how much room images, layers, disks, volumes, logs, projects and the "
		"cache take, and what makes room in each. Sizes are what the files take on the "
		"disk.",
	.argument = {"df", 1, 1, COMPLETE_NONE},
	.has_output = true,
	.names = "{.kinds[*].kind}",
	.example = "i2kit system df",
	.run = run,
};
