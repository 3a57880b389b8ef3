/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/suggest.h"
#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/project.h"
#include "cli/project_lock.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "local/client/volume_files.h"
#include "local/plan/project_identity.h"

/* ---- ls ---- */

static void write_volume(struct json_writer *json, const char *project,
			 const struct volume_file *volume)
{
	json_open_object(json, NULL);
	json_write_text(json, "project", project);
	json_write_text(json, "name", volume->name);
	json_write_unsigned(json, "sizeBytes", volume->size_bytes);
	json_write_unsigned(json, "usedBytes", volume->used_bytes);
	json_write_bool(json, "inUse", volume->is_in_use);
	json_write_bool(json, "shared", volume->is_shared);
	json_write_texts(json, "pods", &volume->pods);
	json_write_texts(json, "snapshots", &volume->snapshots);
	json_write_text(json, "path", volume->path);
	json_close(json);
}

static void add_row(struct table *table, const char *project, const struct volume_file *volume)
{
	char size[OUTPUT_SIZE_SIZE];
	char used[OUTPUT_SIZE_SIZE];
	AUTO_FREE char *pods = string_list_join(&volume->pods, ", ");
	AUTO_FREE char *snapshots = string_list_join(&volume->snapshots, ", ");

	output_format_size(size, volume->size_bytes);
	output_format_size(used, volume->used_bytes);
	table_add_cell(table, STYLE_BOLD, "%s", volume->name);
	table_add_cell(table, STYLE_NONE, "%s", project);
	table_add_cell(table, STYLE_NONE, "%s",
		       volume->is_shared	? "shared"
		       : volume->size_bytes > 0 ? size
						: "?");
	table_add_cell(table, STYLE_NONE, "%s", used);
	table_add_cell(table, volume->is_in_use ? STYLE_GREEN : STYLE_NONE, "%s%s",
		       pods[0] != '\0' ? pods : "-", volume->is_in_use ? " (runs)" : "");
	table_add_cell(table, STYLE_NONE, "%s", snapshots[0] != '\0' ? snapshots : "-");
}

static bool list_project(const char *project, struct table *table, struct json_writer *json,
			 struct error *err)
{
	AUTO(volume_file_list_clear) struct volume_file_list list = {0};

	if (!volume_files_list(project, &list, err))
		return false;
	for (size_t i = 0; i < list.count; i++) {
		add_row(table, project, &list.items[i]);
		write_volume(json, project, &list.items[i]);
	}
	return true;
}

static bool list_volumes(const struct invocation *invocation, struct error *err)
{
	AUTO(string_list_clear) struct string_list projects = STRING_LIST_INIT;
	AUTO_PTR(table) struct table *table = table_new(invocation);
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);

	if (arguments_flag(invocation->args, "all")) {
		project_list(&projects);
	} else {
		AUTO_FREE char *project = project_name(invocation, NULL, err);
		if (project == NULL)
			return false;
		string_list_add(&projects, project);
	}
	table_add_column(table, "VOLUME", TABLE_LEFT);
	table_add_column(table, "PROJECT", TABLE_LEFT | TABLE_GOES);
	table_add_column(table, "SIZE", TABLE_RIGHT);
	table_add_column(table, "USED", TABLE_RIGHT);
	table_add_column(table, "PODS", TABLE_LEFT);
	table_add_column(table, "SNAPSHOTS", TABLE_SHRINK);
	json_open_list(&json, NULL);
	for (size_t i = 0; i < projects.count; i++) {
		if (!list_project(projects.items[i], table, &json, err))
			return false;
	}
	json_close(&json);
	if (invocation->output == OUTPUT_JSON)
		output_document(strbuf_text(&text));
	else
		table_print(table, stdout);
	return true;
}

/* ---- the others: one volume of one project ---- */

struct task {
	const struct invocation *invocation;
	const char *project;
	const char *name;
	const char *word;		  /* FILE or SNAPSHOT, or NULL */
	const struct volume_file *volume; /* NULL: import */
};

static void report(const struct task *task, const char *what, const char *where)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);

	if (task->invocation->output != OUTPUT_JSON) {
		(void)printf("%s %s%s%s\n", what, task->name, where != NULL ? ": " : "",
			     where != NULL ? where : "");
		return;
	}
	json_open_object(&json, NULL);
	json_write_text(&json, "project", task->project);
	json_write_text(&json, "name", task->name);
	json_write_text(&json, "done", what);
	json_write_text(&json, "with", where);
	json_close(&json);
	output_document(strbuf_text(&text));
}

/* VOLUME, or VOLUME@SNAPSHOT. */
static bool remove_one(const struct task *task, struct error *err)
{
	if (task->word != NULL) {
		if (!volume_file_forget(task->volume, task->word, err))
			return false;
		report(task, "removed the snapshot of", task->word);
		return true;
	}
	if (!volume_file_remove(task->volume, err))
		return false;
	report(task, "removed", NULL);
	return true;
}

static bool export_one(const struct task *task, struct error *err)
{
	const char *given = arguments_value(task->invocation->args, "format");
	const char *ending = strrchr(task->word, '.');
	bool is_qcow2 = ending != NULL && strcmp(ending, ".qcow2") == 0;
	const char *own = task->volume->is_shared ? "tar" : is_qcow2 ? "qcow2" : "raw";

	if (!volume_file_export(task->volume, given != NULL ? given : own, task->word,
				arguments_flag(task->invocation->args, "force"), err))
		return false;
	report(task, "exported", task->word);
	return true;
}

static bool import_one(const struct task *task, struct error *err)
{
	if (!volume_file_import(task->project, task->name, task->word,
				arguments_flag(task->invocation->args, "force"), err))
		return false;
	report(task, "imported", task->word);
	return true;
}

static bool snapshot_one(const struct task *task, struct error *err)
{
	char when[RFC3339_SIZE];

	clock_format_rfc3339(when, clock_wall_ns(), 0);
	const char *name = task->word != NULL ? task->word : when;
	if (!volume_file_snapshot(task->volume, name, err))
		return false;
	report(task, "took a snapshot of", name);
	return true;
}

static bool restore_one(const struct task *task, struct error *err)
{
	if (!volume_file_restore(task->volume, task->word, err))
		return false;
	report(task, "restored", task->word);
	return true;
}

static const struct {
	const char *word;
	bool (*run)(const struct task *task, struct error *err);
	const char *usage;
	bool needs_word;
	bool is_new; /* the volume need not be there */
} acts[] = {
	{"rm", remove_one, "i2kit volume rm VOLUME, or VOLUME@SNAPSHOT", false, false},
	{"export", export_one, "i2kit volume export VOLUME FILE", true, false},
	{"import", import_one, "i2kit volume import VOLUME FILE", true, true},
	{"snapshot", snapshot_one, "i2kit volume snapshot VOLUME [SNAPSHOT]", false, false},
	{"restore", restore_one, "i2kit volume restore VOLUME SNAPSHOT", true, false},
};

static int act(const struct invocation *invocation, size_t which, struct error *err)
{
	const struct string_list *words = arguments_rest(invocation->args);
	AUTO(volume_file_list_clear) struct volume_file_list list = {0};

	if (words->count < (acts[which].needs_word ? 3U : 2U)) {
		error_set(err, ERROR_USAGE, "volume %s: something is missing", acts[which].word);
		(void)error_hint(err, "%s", acts[which].usage);
		return 2;
	}
	AUTO_FREE char *name = xstrdup(words->items[1]);
	char *at = acts[which].run == remove_one ? strchr(name, '@') : NULL;
	if (at != NULL)
		*at++ = '\0';
	AUTO_FREE char *project = project_name(invocation, NULL, err);
	struct task task = {.invocation = invocation, .project = project, .name = name};
	task.word = at != NULL ? at : words->count > 2 ? words->items[2] : NULL;
	AUTO_CLOSE int lock = project != NULL ? project_lock(invocation, project, err) : -1;
	if (lock < 0 || !volume_files_list(project, &list, err))
		return 1;
	task.volume = acts[which].is_new ? NULL : volume_files_find(&list, project, name, err);
	return (acts[which].is_new || task.volume != NULL) && acts[which].run(&task, err) ? 0 : 1;
}

static int run(const struct invocation *invocation, struct error *err)
{
	const struct string_list *words = arguments_rest(invocation->args);
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;

	if (strcmp(words->items[0], "ls") == 0 || strcmp(words->items[0], "list") == 0)
		return list_volumes(invocation, err) ? 0 : 1;
	for (size_t i = 0; i < ARRAY_SIZE(acts); i++) {
		if (strcmp(words->items[0], acts[i].word) == 0)
			return act(invocation, i, err);
		string_list_add(&known, acts[i].word);
	}
	string_list_add(&known, "ls");
	error_set(err, ERROR_USAGE, "volume: '%s' is nothing that is done with volumes",
		  words->items[0]);
	(void)suggest_hint(err, words->items[0], &known);
	return 2;
}

static const struct option_spec options[] = {
	{"all", 'a', OPTION_FLAG, NULL, "ls: of all projects", COMPLETE_NONE},
	{"force", 0, OPTION_FLAG, NULL, "export, import: replace what is there", COMPLETE_NONE},
	{"format", 0, OPTION_VALUE, "raw|qcow2|tar", "of the exported file (by its name)",
	 COMPLETE_FORMAT},
};

const struct verb verb_volume = {
	.name = "volume",
	.group = VERB_RUN,
	.summary = "list, copy, snapshot and remove volumes",
	.description =
		"Volumes are the disks of claims: CLAIM, and of a StatefulSet "
		"CLAIM-STATEFULSET-ORDINAL; of one that several VMs have (ReadWriteMany) it is a "
		"folder that they share, whose size nobody limits. They outlive their pods; `i2kit "
		"down --volumes` and "
		"`volume rm` end them.\n\n"
		" ls                           what there is, how large, whose\n"
		" rm VOLUME                    delete it; not while its pod is up\n"
		" rm VOLUME@SNAPSHOT           delete a snapshot of it\n"
		" export VOLUME FILE           write it as one disk image; a shared one as tar\n"
		" import VOLUME FILE           make it from a raw or qcow2 image, or a tar\n"
		" snapshot VOLUME [SNAPSHOT]   keep its state of now, within it\n"
		" restore VOLUME SNAPSHOT      go back to that state\n\n"
		"All but ls want the volume's pod stopped (`i2kit stop POD`): what a VM writes "
		"to right now cannot be copied whole. A cloud's volumes have their own snapshots.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"ACT [VOLUME] [FILE|SNAPSHOT]", 1, 3, COMPLETE_FILE},
	.has_output = true,
	.names = "{[*].name}",
	.takes_away = true,
	.example = "i2kit volume ls -a\n"
		   "i2kit stop db && i2kit volume snapshot data-db-0 before && i2kit start db\n"
		   "i2kit stop db && i2kit volume export data-db-0 backup.qcow2",
	.run = run,
};
