/* SPDX-License-Identifier: Apache-2.0 */
#include "local/client/volume_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/folder_list.h"
#include "base/json.h"
#include "base/path.h"
#include "base/process_run.h"
#include "base/suggest.h"
#include "local/client/volume_trees.h"
#include "local/plan/project_plan.h"
#include "local/plan/project_plan_json.h"
#include "local/plan/volume_folder.h"
#include "local/vm/volume_disk.h"

enum { ASK_MS = 30000, COPY_MS = 6 * 3600 * 1000, MAX_NAME = 200, MAX_SNAPSHOTS = 10000 };
#define ENDING ".qcow2"

void volume_facts_clear(struct volume_facts *facts)
{
	free(facts->format);
	free(facts->leans_on);
	string_list_clear(&facts->snapshots);
	*facts = (struct volume_facts){0};
}

void volume_file_list_clear(struct volume_file_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].name);
		free(list->items[i].path);
		free(list->items[i].project);
		string_list_clear(&list->items[i].pods);
		string_list_clear(&list->items[i].snapshots);
	}
	free(list->items);
	*list = (struct volume_file_list){0};
}

bool volume_name_check(const char *name, struct error *err)
{
	size_t length =
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			     "-_.:");

	if (length > 0 && name[length] == '\0' && length <= MAX_NAME && name[0] != '.' &&
	    name[0] != '-')
		return true;
	return error_set(err, ERROR_USAGE, "'%.60s' is no name of a volume or snapshot", name);
}

/* ---- qemu-img ---- */

bool volume_facts_read(const char *text, size_t size, struct volume_facts *ret, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(text, size, "qemu-img's answer", JSON_LAST_KEY_WINS, err);

	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	struct json_view snapshots = json_view_get(root, "snapshots");
	struct json_view details = json_view_get(json_view_get(root, "format-specific"), "data");
	const char *backing = json_view_peek(json_view_get(root, "backing-filename"));
	const char *data_file = json_view_peek(json_view_get(details, "data-file"));
	size_t count = json_view_count(snapshots, MAX_SNAPSHOTS);
	ret->size_bytes = (uint64_t)json_view_number(json_view_require(root, "virtual-size"), 0,
						     INT64_MAX, 0);
	ret->format = json_view_text(json_view_require(root, "format"));
	ret->leans_on = xstrdup_or_null(backing != NULL ? backing : data_file);
	for (size_t i = 0; i < count; i++) {
		const char *name =
			json_view_peek(json_view_get(json_view_at(snapshots, i), "name"));
		if (name != NULL)
			string_list_add(&ret->snapshots, name);
	}
	return json_document_check(document, err);
}

/* shares: also while a VM writes it. */
static bool ask(const char *path, const char *format_or_null, bool shares, struct volume_facts *ret,
		struct error *err)
{
	AUTO(process_output_clear) struct process_output output = {0};
	const char *argv[10] = {"qemu-img", "info", "--output=json"};
	size_t count = 3;

	if (shares)
		argv[count++] = "--force-share";
	if (format_or_null != NULL) {
		argv[count++] = "-f";
		argv[count++] = format_or_null;
	}
	argv[count] = path;
	const struct process_run run = {.argv = argv, .timeout_ms = ASK_MS};
	return process_run(&run, &output, err) &&
	       volume_facts_read(output.text, output.size, ret, err);
}

static bool run(const char *const *argv, struct error *err)
{
	AUTO(process_output_clear) struct process_output output = {0};
	const struct process_run options = {.argv = argv, .timeout_ms = COPY_MS};

	return process_run(&options, &output, err);
}

static bool check_idle(const struct volume_file *volume, struct error *err)
{
	if (!volume->is_in_use)
		return true;
	error_set(err, ERROR_BUSY, "volume '%s' is written to by a VM that runs", volume->name);
	return error_hint(err, "i2kit stop %s first, and i2kit start after it",
			  volume->pods.count > 0 ? volume->pods.items[0] : "POD");
}

/* ---- what there is ---- */

/* Which pods of the plan have which disk. */
static void add_pods(const struct project_plan *plan, struct volume_file *volume)
{
	for (size_t i = 0; i < plan->pod_count; i++) {
		const struct pod_plan *pod = &plan->pods[i];
		uint32_t replicas = pod->replicas > 0 ? pod->replicas : pod->stopped_replicas;
		for (size_t k = 0; k < pod->volume_count; k++) {
			const struct volume_plan *claim = &pod->volumes[k];
			for (uint32_t r = 0;
			     claim->claim != NULL && r < (replicas > 0 ? replicas : 1); r++) {
				AUTO_FREE char *name = volume_disk_name(pod, claim, r);
				if (strcmp(name, volume->name) != 0 ||
				    claim->is_shared != volume->is_shared)
					continue;
				if (!string_list_has(&volume->pods, pod->name))
					string_list_add(&volume->pods, pod->name);
				/* Nothing locks a folder: it is in use while VMs are wanted. */
				volume->is_in_use = volume->is_shared &&
						    (volume->is_in_use || pod->replicas > 0);
			}
		}
	}
}

static void look_into(struct volume_file *volume)
{
	if (volume->is_shared) {
		volume->used_bytes = volume_tree_used_bytes(volume->path);
		volume_tree_snapshots(volume->project, volume->name, &volume->snapshots);
		return;
	}
	AUTO(volume_facts_clear) struct volume_facts facts = {0};
	AUTO(volume_facts_clear) struct volume_facts idle = {0};
	AUTO(error_clear) struct error why = ERROR_INIT;
	struct stat st;

	if (stat(volume->path, &st) == 0)
		volume->used_bytes = (uint64_t)st.st_blocks * 512;
	if (!ask(volume->path, "qcow2", true, &facts, &why))
		return;
	volume->size_bytes = facts.size_bytes;
	string_list_copy(&volume->snapshots, &facts.snapshots);
	/* QEMU holds a lock on what it writes. */
	volume->is_in_use = !ask(volume->path, "qcow2", false, &idle, NULL);
}

static char *folder_of(const char *project)
{
	AUTO_FREE char *below = path_join("volumes", project);

	return path_folder(PATH_DATA, below);
}

static bool ends_with(const char *text, const char *ending)
{
	size_t length = strlen(text);
	size_t end = strlen(ending);

	return length > end && strcmp(text + length - end, ending) == 0;
}

bool volume_files_list(const char *project, struct volume_file_list *ret, struct error *err)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(error_clear) struct error absent = ERROR_INIT;
	AUTO_FREE char *folder = folder_of(project);

	if (!path_exists(folder))
		return true;
	if (!folder_list(folder, &names, err))
		return false;
	(void)(project_plan_load(project, &plan, &absent) ? 0 : 1);
	string_list_sort(&names);
	for (size_t i = 0; i < names.count; i++) {
		bool is_shared = ends_with(names.items[i], VOLUME_FOLDER_ENDING);
		const char *ending = is_shared ? VOLUME_FOLDER_ENDING : ENDING;
		if (names.items[i][0] == '.' || !ends_with(names.items[i], ending))
			continue;
		struct volume_file *volume = ARRAY_APPEND(ret->items, ret->count);
		*volume = (struct volume_file){
			.name = xstrndup(names.items[i], strlen(names.items[i]) - strlen(ending)),
			.path = path_join(folder, names.items[i]),
			.project = xstrdup(project),
			.is_shared = is_shared};
		add_pods(&plan, volume);
		look_into(volume);
	}
	return true;
}

const struct volume_file *volume_files_find(const struct volume_file_list *list,
					    const char *project, const char *name,
					    struct error *err)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;

	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].name, name) == 0)
			return &list->items[i];
		string_list_add(&known, list->items[i].name);
	}
	error_set(err, ERROR_NOT_FOUND, "project '%s' has no volume '%s'", project, name);
	if (known.count > 0)
		(void)suggest_hint(err, name, &known);
	else
		(void)error_hint(err, "i2kit volume ls -a lists those of all projects");
	return NULL;
}

/* ---- what is done with it ---- */

bool volume_file_remove(const struct volume_file *volume, struct error *err)
{
	if (!check_idle(volume, err))
		return false;
	if (volume->pods.count > 0) {
		error_set(err, ERROR_BUSY,
			  "volume '%s' is that of pod '%s', which is up or stopped", volume->name,
			  volume->pods.items[0]);
		return error_hint(err, "i2kit down %s first", volume->pods.items[0]);
	}
	if (volume->is_shared)
		return volume_tree_remove(volume->project, volume->name, err);
	return unlink(volume->path) == 0 ||
	       error_set_errno(err, errno, "cannot remove %s", volume->path);
}

/* convert into a draft beside the file, and then in its place. */
static bool convert(const char *from, const char *from_format, const char *to,
		    const char *to_format, struct error *err)
{
	AUTO_FREE char *draft = xasprintf("%s.new", to);
	const char *const argv[] = {"qemu-img", "convert", "-f",  from_format, "-O",
				    to_format,	from,	   draft, NULL};

	if (run(argv, err) && rename(draft, to) == 0)
		return true;
	if (err->kind == ERROR_NONE)
		error_set_errno(err, errno, "%s", to);
	(void)unlink(draft);
	return false;
}

static bool check_target(const char *path, bool replaces, struct error *err)
{
	if (replaces || !path_exists(path))
		return true;
	error_set(err, ERROR_EXISTS, "%s is there already", path);
	return error_hint(err, "--force replaces it");
}

bool volume_file_export(const struct volume_file *volume, const char *format, const char *path,
			bool replaces, struct error *err)
{
	if (!check_idle(volume, err) || !check_target(path, replaces, err))
		return false;
	if (volume->is_shared == (strcmp(format, "tar") == 0))
		return volume->is_shared ? volume_tree_export(volume->path, path, err)
					 : convert(volume->path, "qcow2", path, format, err);
	error_set(err, ERROR_UNSUPPORTED, "volume '%s' is %s", volume->name,
		  volume->is_shared ? "a folder that pods share, and no disk image"
				    : "a disk, and no folder");
	return error_hint(err, "--format %s", volume->is_shared ? "tar" : "qcow2");
}

/* A file that is what it says by its first bytes, and part of no other one of this machine. */
static bool check_source(const char *path, const char **ret_format, struct error *err)
{
	AUTO(volume_facts_clear) struct volume_facts facts = {0};
	char magic[4] = "";
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return error_set_errno(err, errno, "%s", path);
	size_t got = fread(magic, 1, sizeof(magic), file);
	(void)fclose(file);
	*ret_format = got == sizeof(magic) && memcmp(magic, "QFI\xfb", 4) == 0 ? "qcow2" : "raw";
	if (!ask(path, *ret_format, false, &facts, err))
		return error_prefix(err, "%s", path);
	if (facts.leans_on == NULL)
		return true;
	error_set(err, ERROR_INVALID, "%s is part of another file, %s", path, facts.leans_on);
	return error_hint(err, "qemu-img convert -O qcow2 %s WHOLE makes one of both", path);
}

static bool check_replaced(const char *project, const char *name, struct error *err)
{
	AUTO(volume_file_list_clear) struct volume_file_list list = {0};

	if (!volume_files_list(project, &list, err))
		return false;
	for (size_t i = 0; i < list.count; i++) {
		if (strcmp(list.items[i].name, name) == 0)
			return check_idle(&list.items[i], err);
	}
	return true;
}

static bool import_tree(const char *project, const char *name, const char *path, bool replaces,
			struct error *err)
{
	AUTO_FREE char *folder = volume_folder_path(project, name);

	return volume_name_check(name, err) && check_target(folder, replaces, err) &&
	       check_replaced(project, name, err) && volume_tree_import(project, name, path, err);
}

bool volume_file_import(const char *project, const char *name, const char *path, bool replaces,
			struct error *err)
{
	AUTO_FREE char *folder = folder_of(project);
	AUTO_FREE char *file = xasprintf("%s" ENDING, name);
	AUTO_FREE char *to = path_join(folder, file);
	const char *format = NULL;

	if (volume_tree_is_archive(path))
		return import_tree(project, name, path, replaces, err);
	if (!volume_name_check(name, err) || !check_source(path, &format, err) ||
	    !check_target(to, replaces, err) || !check_replaced(project, name, err) ||
	    !path_make_folders(folder, 0700, err) || !convert(path, format, to, "qcow2", err))
		return false;
	/* It comes with what is on it: a read-only claim of it is one from the first start on. */
	volume_disk_note_formatted(to);
	return chmod(to, 0600) == 0 || error_set_errno(err, errno, "%s", to);
}

static bool change(const struct volume_file *volume, const char *option, const char *snapshot,
		   struct error *err)
{
	const char *const argv[] = {"qemu-img", "snapshot",   "-q", option,
				    snapshot,	volume->path, NULL};

	return volume_name_check(snapshot, err) && check_idle(volume, err) && run(argv, err);
}

static bool check_snapshot(const struct volume_file *volume, const char *snapshot,
			   struct error *err)
{
	if (string_list_has(&volume->snapshots, snapshot))
		return true;
	error_set(err, ERROR_NOT_FOUND, "volume '%s' has no snapshot '%s'", volume->name, snapshot);
	if (volume->snapshots.count > 0)
		return suggest_hint(err, snapshot, &volume->snapshots);
	return error_hint(err, "i2kit volume snapshot %s makes one", volume->name);
}

bool volume_file_snapshot(const struct volume_file *volume, const char *snapshot, struct error *err)
{
	if (string_list_has(&volume->snapshots, snapshot))
		return error_set(err, ERROR_EXISTS, "volume '%s' has a snapshot '%s' already",
				 volume->name, snapshot);
	if (volume->is_shared)
		return volume_name_check(snapshot, err) && check_idle(volume, err) &&
		       volume_tree_snapshot(volume->project, volume->name, snapshot, err);
	return change(volume, "-c", snapshot, err);
}

bool volume_file_restore(const struct volume_file *volume, const char *snapshot, struct error *err)
{
	if (volume->is_shared)
		return check_snapshot(volume, snapshot, err) && check_idle(volume, err) &&
		       volume_tree_restore(volume->project, volume->name, snapshot, err);
	return check_snapshot(volume, snapshot, err) && change(volume, "-a", snapshot, err);
}

bool volume_file_forget(const struct volume_file *volume, const char *snapshot, struct error *err)
{
	if (volume->is_shared)
		return check_snapshot(volume, snapshot, err) &&
		       volume_tree_forget(volume->project, volume->name, snapshot, err);
	return check_snapshot(volume, snapshot, err) && change(volume, "-d", snapshot, err);
}
