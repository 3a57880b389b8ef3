/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/load.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/suggest.h"
#include "manifest/check.h"
#include "manifest/compose/files.h"
#include "manifest/compose/reader.h"
#include "manifest/find_files.h"
#include "manifest/kubernetes.h"
#include "manifest/kustomize/build.h"
#include "manifest/loader.h"
#include "manifest/network_policy.h"
#include "manifest/pod_networks.h"
#include "manifest/problem.h"
#include "manifest/problem_path.h"
#include "manifest/project_name.h"
#include "manifest/route_check.h"
#include "manifest/service.h"
#include "manifest/short_form.h"
#include "manifest/supplied_config.h"
#include "manifest/yaml_node.h"
#include "manifest/yaml_reader.h"

/* Other tools' files, told apart so that the answer can say what to do. */
static const char *foreign_hint(const struct yaml_node *root)
{
	if (yaml_get(root, "services") != NULL)
		return "a Compose project stands in a file of its own: i2kit up -f compose.yaml";
	if (yaml_get(root, "kernel") != NULL && yaml_get(root, "init") != NULL)
		return "this is a LinuxKit document: i2kit build --base takes those";
	const struct yaml_node *resources = yaml_get(root, "resources");
	if ((resources != NULL && resources->kind == YAML_LIST) || yaml_get(root, "bases") != NULL)
		return "a kustomization is built from its folder: i2kit up -f FOLDER";
	return "apiVersion and kind make it a Kubernetes object, name and containers an i2kit pod";
}

static bool is_project_name(const struct yaml_node *root)
{
	for (size_t i = 0; i < root->pair_count; i++) {
		const char *key = root->pairs[i].key->text;
		if (strcmp(key, "name") != 0 && strncmp(key, "x-", 2) != 0)
			return false;
	}
	return !yaml_is_null(yaml_get(root, "name"));
}

/* `name: shop` alone is no pod but what all of them together are called. -p goes before it. */
static bool read_project_name(struct loader *loader, const struct yaml_node *root)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	const struct yaml_node *name = yaml_get(root, "name");

	if (!is_project_name(root))
		return false;
	if (name->kind != YAML_SCALAR || !project_name_check(name->text, &err)) {
		loader_error(loader, name, "name: my-shop", "%s",
			     err.message != NULL ? err.message : "name: a text is wanted here");
	} else if (loader->app->is_named && loader->options->project == NULL &&
		   strcmp(loader->app->project, name->text) != 0) {
		loader_error(loader, name, "one of them names the project; -p overrules it",
			     "the project is '%s' already", loader->app->project);
	} else if (loader->options->project == NULL) {
		free(loader->app->project);
		loader->app->project = xstrdup(name->text);
	}
	loader->app->is_named = true;
	return true;
}

/* A document that some other tool reads: not a mistake in a folder that has it beside manifests. */
static bool is_foreign(const struct yaml_node *root)
{
	static const char *const ours[] = {"containers", "kind", "apiVersion"};
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		string_list_add(&known, ours[i]);
	for (size_t i = 0; i < root->pair_count; i++) {
		const char *key = root->pairs[i].key->text;
		if (string_list_has(&known, key) || suggest_nearest(key, &known) != NULL)
			return false; /* one of ours, perhaps mistyped */
	}
	return true;
}

static bool is_left_to_others(struct loader *loader, const struct yaml_node *root)
{
	if (!is_foreign(root))
		return false;
	if (loader_is_found_in_folder(loader)) {
		loader_note_as(loader, PROBLEM_LEFT_OUT, root, "%.200s is not a manifest, left out",
			       loader->file);
		return true;
	}
	if (yaml_get(root, "services") == NULL)
		return false;
	loader->has_lost = true;
	loader_error_as(loader, PROBLEM_NOT_A_MANIFEST, root, foreign_hint(root),
			"neither a Kubernetes object nor an i2kit pod");
	return true;
}

static void read_document(struct loader *loader, const struct yaml_node *root)
{
	loader->root = root;
	if (loader->object_count > OBJECTS_MAX)
		return; /* said once */
	if (root->kind != YAML_MAP) {
		loader_error_as(loader, PROBLEM_WRONG_TYPE, root, "name: web, containers: …",
				"a manifest is a map, not %s", yaml_describe(root));
		return;
	}
	loader->kind = NULL;
	loader->outer_count = 0;
	if (!yaml_is_null(yaml_get(root, "provider")) && yaml_get(root, "containers") == NULL) {
		loader_note(loader, root, "an environment, read by promote alone");
		return;
	}
	if (read_project_name(loader, root))
		return;
	if (is_left_to_others(loader, root))
		return;
	if (!read_kubernetes(loader, root) && !read_short_form(loader, root)) {
		loader->has_lost = true;
		loader_error_as(loader, PROBLEM_NOT_A_MANIFEST, root, foreign_hint(root),
				"neither a Kubernetes object nor an i2kit pod");
	}
}

static void read_text_of(struct loader *loader, const char *name, const char *text, size_t size)
{
	AUTO(yaml_documents_clear) struct yaml_documents documents = {0};
	size_t before = loader->problems->error_count;
	loader->file = name;
	yaml_read_all(name, text, size, &documents, loader->problems);
	loader->has_lost = loader->has_lost || loader->problems->error_count > before;
	loader->document_count += documents.count;
	for (size_t i = 0; i < documents.count; i++)
		read_document(loader, documents.roots[i]);
	loader->root = NULL;
}

/* With a pattern such as *.yaml the kustomization comes among the files that it lists. */
static bool is_listed_with_its_files(const struct loader *loader, const char *path, size_t count)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash != NULL ? (size_t)(slash - path) + 1 : 0;

	for (size_t i = 0; i < count; i++) {
		const char *other = loader->app->files.items[i];
		if (strcmp(other, path) != 0 && strncmp(other, path, length) == 0 &&
		    strchr(other + length, '/') == NULL && strcmp(other, "-") != 0)
			return true;
	}
	return false;
}

/* Objects of a kustomization, each in the file that it came from. */
static void read_kustomization(struct loader *loader, const char *path)
{
	AUTO(kustomizer_clear)
	struct kustomizer kustomizer = {.problems = loader->problems, .files = &loader->app->files};
	AUTO(resource_list_clear) struct resource_list resources = {0};
	size_t before = loader->problems->error_count;

	kustomization_build(&kustomizer, path, &resources);
	loader->has_lost = loader->has_lost || loader->problems->error_count > before;
	loader->document_count += resources.count;
	for (size_t i = 0; i < resources.count; i++) {
		loader->file = resources.items[i].root->file;
		read_document(loader, resources.items[i].root);
	}
	loader->root = NULL;
}

static void read_file(struct loader *loader, const struct found_files *found, const char *path)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *text = NULL;
	size_t size = 0;

	loader->file = path;
	if (strcmp(path, "-") == 0 && found->stdin_text != NULL) {
		read_text_of(loader, path, found->stdin_text, found->stdin_size);
		return;
	}
	const char *real = strcmp(path, "-") == 0 ? "/dev/stdin" : path;
	if (!file_read(real, YAML_MAX_BYTES, &text, &size, &err)) {
		struct source_mark mark = {.file = path};
		/* The place names the file already. */
		if (strstr(err.message, "larger than") != NULL) {
			loader_error_at_as(loader, PROBLEM_LIMIT, &mark,
					   "split it into several files", "larger than 16 MiB");
			return;
		}
		size_t length = strlen(real);
		bool is_named = strncmp(err.message, real, length) == 0 &&
				strncmp(err.message + length, ": ", 2) == 0;
		loader->has_lost = true;
		if (err.kind == ERROR_NOT_FOUND)
			loader_error_at_as(loader, PROBLEM_FILE, &mark,
					   "manifests are looked for here, or named with -f; i2kit "
					   "init writes a first one",
					   "there is no such file or folder");
		else
			loader_error_at_as(loader, PROBLEM_FILE, &mark, err.hint, "%s",
					   err.message + (is_named ? length + 2 : 0));
		return;
	}
	read_text_of(loader, path, text, size);
}

/* Where relative paths in the manifests start: the first file's folder. */
static char *app_folder(const struct load_options *options, const char *first)
{
	AUTO_FREE char *folder = NULL;
	char real[PATH_MAX];

	if (strcmp(first, "-") == 0) {
		folder = xstrdup(options->folder ? options->folder : ".");
	} else {
		folder = xstrdup(first);
		char *slash = strrchr(folder, '/');
		if (slash == NULL) {
			free(folder);
			folder = xstrdup(".");
		} else {
			slash[slash == folder ? 1 : 0] = '\0';
		}
	}
	return realpath(folder, real) ? xstrdup(real) : TAKE_PTR(folder);
}

static bool summarise(struct loader *loader, struct error *err)
{
	const struct app *app = loader->app;
	const struct problem_list *problems = loader->problems;
	if (loader->document_count == 0 && problems->error_count == 0)
		loader_error_at_as(loader, PROBLEM_FILE,
				   &(struct source_mark){.file = app->files.items[0]},
				   "i2kit init writes a first manifest",
				   app->files.count > 1 ? "no document in any of the files"
							: "no document in it");
	if (problems->error_count > 0)
		return error_set(err, ERROR_INVALID, "%zu error%s in the manifests",
				 problems->error_count, problems->error_count == 1 ? "" : "s");
	if (app->pod_count > 0 || loader->options->may_have_no_pod)
		return true;
	error_set(err, ERROR_NOT_FOUND, "%s: no pod in it", app->files.items[0]);
	return error_hint(err, "i2kit explain shows what a manifest may hold");
}

/* Names the application before its files are read. */
static void begin(const struct load_options *options, struct app *app)
{
	const char *first = app->files.count > 0 ? app->files.items[0] : "-";
	app->folder = app_folder(options, first);
	app->home = project_home(app->folder);
	app->project = options->project ? xstrdup(options->project) : project_name_make(app->home);
}

/* Completes and checks what all files said together; on success *ret is the application. */
static bool finish(struct loader *loader, struct app *ret, struct error *err)
{
	supplied_config_add(loader);
	services_complete(loader);
	routes_complete(loader);
	gateway_list_clear(&loader->gateways);
	network_policies_complete(loader);
	pod_networks_complete(loader);
	check_app(loader);
	string_list_clear(&loader->noted);
	problem_list_sort(loader->problems, &loader->app->files);
	if (loader->options->wants_paths)
		problem_paths_find(loader->problems, loader->stdin_text, loader->stdin_size);
	if (!summarise(loader, err))
		return false;
	*ret = *loader->app;
	*loader->app = (struct app){0};
	return true;
}

/* Those of Compose together make one project; what stands in a folder beside manifests is left out. */
static void read_files(struct loader *loader, const struct found_files *found)
{
	/* A kustomization adds those that it reads. */
	size_t count = loader->app->files.count;
	for (size_t i = 0; i < count; i++) {
		const char *path = loader->app->files.items[i];
		bool is_kustomization = kustomization_is_named(path);
		if (string_list_has(&found->compose, path))
			continue;
		if (is_kustomization && is_listed_with_its_files(loader, path, count))
			(void)problem_add(loader->problems, PROBLEM_NOTE,
					  (struct source_mark){.file = path},
					  "left out, since files beside it are named themselves");
		else if (is_kustomization)
			read_kustomization(loader, path);
		else
			read_file(loader, found, path);
	}
	if (found->compose.count > 0)
		compose_read_project(loader, &found->compose, found->stdin_text);
}

bool app_load(const struct load_options *options, struct app *ret, struct problem_list *problems,
	      struct error *err)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(found_files_clear) struct found_files found = {0};
	struct loader loader = {
		.app = &app, .problems = problems, .options = options, .is_searching = true};

	if (!find_files(options, &found, err))
		return false;
	string_list_copy(&app.files, &found.files);
	loader.stdin_text = found.stdin_text;
	loader.stdin_size = found.stdin_size;
	begin(options, &app);
	read_files(&loader, &found);
	return finish(&loader, ret, err);
}

bool app_load_text(const struct load_options *options, const char *name, const char *text,
		   size_t size, struct app *ret, struct problem_list *problems, struct error *err)
{
	AUTO(app_clear) struct app app = {0};
	struct loader loader = {.app = &app,
				.problems = problems,
				.options = options,
				.stdin_text = text,
				.stdin_size = size};

	string_list_add(&app.files, name);
	begin(options, &app);
	AUTO_FREE char *copy = xstrndup(text, size); /* it may end nowhere */
	if (compose_is_text(copy))
		compose_read_project(&loader, &app.files, copy);
	else
		read_text_of(&loader, app.files.items[0], text, size);
	return finish(&loader, ret, err);
}
