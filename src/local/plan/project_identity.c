/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/project_identity.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/folder_list.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/path.h"
#include "base/sha256.h"
#include "local/plan/project_plan.h"
#include "local/plan/project_plan_json.h"
#include "manifest/project_name.h"

enum { IDENTITY_VERSION = 1, IDENTITY_MAX_BYTES = 65536 };

static const char *const source_names[] = {"folder", "manifest", "given"};

void project_identity_clear(struct project_identity *identity)
{
	free(identity->project);
	free(identity->folder);
	*identity = (struct project_identity){0};
}

void project_id_make(unsigned owner_uid, const char *folder, const char *project,
		     char out[PROJECT_ID_SIZE])
{
	AUTO_FREE char *seed = xasprintf("i2kit project\n%u\n%s\n%s", owner_uid, project, folder);
	struct digest digest = sha256_digest(seed, strlen(seed));

	(void)snprintf(out, PROJECT_ID_SIZE, "%s", DIGEST_HEX(&digest));
}

static char *identity_path(const char *project)
{
	AUTO_FREE char *below = xasprintf("projects/%s/project.json", project);

	return path_folder(PATH_STATE, below);
}

static bool take_source(const char *name, enum project_source *ret)
{
	for (unsigned i = 0; name != NULL && i < ARRAY_SIZE(source_names); i++) {
		if (strcmp(name, source_names[i]) == 0) {
			*ret = (enum project_source)i;
			return true;
		}
	}
	return false;
}

static bool parse(const char *path, const char *text, struct project_identity *ret,
		  struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(text, strlen(text), path, 0, err);
	struct json_view root =
		document != NULL ? json_document_root(document) : (struct json_view){0};
	const char *folder = json_view_peek(json_view_get(root, "folder"));
	const char *id = json_view_peek(json_view_get(root, "id"));
	const char *source = json_view_peek(json_view_get(root, "source"));
	int64_t version = json_view_number(json_view_get(root, "version"), 0, INT64_MAX, 0);

	if (version > IDENTITY_VERSION)
		return error_set(err, ERROR_UNSUPPORTED, "%s was written by a newer i2kit", path);
	if (folder == NULL || folder[0] != '/' || id == NULL ||
	    strspn(id, "0123456789abcdef") != PROJECT_ID_SIZE - 1 ||
	    id[PROJECT_ID_SIZE - 1] != '\0' || !take_source(source, &ret->source)) {
		error_set(err, ERROR_CORRUPT, "%s is damaged", path);
		return error_hint(err, "remove it; i2kit up writes it again");
	}
	ret->folder = xstrdup(folder);
	memcpy(ret->id, id, PROJECT_ID_SIZE);
	return true;
}

/* A release from before recorded the folder of the manifests in the plan, and no more. */
static bool from_plan(const char *project, struct project_identity *ret, struct error *err)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};

	if (!project_plan_load(project, &plan, err))
		return false;
	if (plan.folder == NULL || plan.folder[0] != '/')
		return error_set(err, ERROR_NOT_FOUND, "project '%s' has no folder", project);
	ret->folder = project_home(plan.folder);
	AUTO_FREE char *name = project_name_make(ret->folder);
	AUTO_FREE char *former = project_name_make(plan.folder);
	ret->source = strcmp(name, project) == 0 || strcmp(former, project) == 0 ? PROJECT_OF_FOLDER
										 : PROJECT_GIVEN;
	project_id_make(ret->owner_uid, ret->folder, project, ret->id);
	return true;
}

bool project_identity_load(const char *project, struct project_identity *ret, struct error *err)
{
	AUTO(project_identity_clear)
	struct project_identity found = {.project = xstrdup(project), .owner_uid = geteuid()};
	AUTO_FREE char *path = identity_path(project);
	AUTO_FREE char *text = NULL;

	if (path_exists(path)) {
		if (!file_read(path, IDENTITY_MAX_BYTES, &text, NULL, err) ||
		    !parse(path, text, &found, err))
			return false;
	} else if (!from_plan(project, &found, err)) {
		return false;
	}
	*ret = found;
	found = (struct project_identity){0};
	return true;
}

static bool save(const struct project_identity *identity, struct error *err)
{
	AUTO_FREE char *path = identity_path(identity->project);
	AUTO_FREE char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);

	json_open_object(&json, NULL);
	json_write_number(&json, "version", IDENTITY_VERSION);
	json_write_text(&json, "project", identity->project);
	json_write_text(&json, "folder", identity->folder);
	json_write_text(&json, "id", identity->id);
	json_write_text(&json, "source", source_names[identity->source]);
	json_close(&json);
	if (json.is_bad_text)
		return error_set(err, ERROR_INVALID, "the folder's name is not UTF-8: %s",
				 identity->folder);
	return path_make_folders(folder, 0700, err) &&
	       file_write_atomic(path, text.data, text.size, 0600, err);
}

/* Nobody needs the name any more: neither VMs nor volumes go by it. */
static bool is_free(const char *project)
{
	return !project_is_up(project) && !project_has_volumes(project);
}

static bool refuse(const struct project_identity *has, const char *folder, struct error *err)
{
	bool is_up = project_is_up(has->project);

	(void)error_set(err, ERROR_EXISTS, "project '%s' %s %s, and this is %s", has->project,
			is_up ? "is up from" : "is down, with volumes of", has->folder, folder);
	return error_hint(
		err,
		"-p OTHER names this one, `name: other` in a document of its own for good; "
		"i2kit -p %s down%s frees the name",
		has->project, is_up ? "" : " --volumes");
}

/* *ret_had: what is recorded, or empty. */
static bool may_have(const struct project_identity *wanted, struct project_identity *ret_had,
		     struct error *err)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;

	if (!project_identity_load(wanted->project, ret_had, &problem))
		return problem.kind == ERROR_NOT_FOUND || error_move(err, &problem);
	if (strcmp(ret_had->folder, wanted->folder) == 0 || wanted->source == PROJECT_GIVEN ||
	    is_free(wanted->project) || !path_exists(ret_had->folder))
		return true;
	return refuse(ret_had, wanted->folder, err);
}

bool project_identity_check(const struct project_identity *wanted, struct error *err)
{
	AUTO(project_identity_clear) struct project_identity had = {0};

	return may_have(wanted, &had, err);
}

bool project_identity_claim(const struct project_identity *wanted, struct error *err)
{
	AUTO(project_identity_clear) struct project_identity had = {0};
	struct project_identity now = *wanted;

	if (!may_have(wanted, &had, err))
		return false;
	now.owner_uid = geteuid();
	/* VMs that run carry the id: it goes with the project, not with the folder's place. */
	if (had.folder != NULL && !is_free(wanted->project))
		memcpy(now.id, had.id, PROJECT_ID_SIZE);
	else
		project_id_make(now.owner_uid, now.folder, now.project, now.id);
	return save(&now, err);
}

bool project_is_up(const char *project)
{
	AUTO_FREE char *plan = project_plan_path(project);

	return path_exists(plan);
}

bool project_has_volumes(const char *project)
{
	AUTO_FREE char *below = xasprintf("volumes/%s", project);
	AUTO_FREE char *folder = path_folder(PATH_DATA, below);
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;

	bool has_one = false;
	(void)folder_list(folder, &names, NULL);
	for (size_t i = 0; i < names.count; i++)
		has_one = has_one || names.items[i][0] != '.';
	return has_one;
}

void project_list(struct string_list *ret)
{
	AUTO_FREE char *folder = path_folder(PATH_STATE, "projects");
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;

	(void)folder_list(folder, &names, NULL); /* nothing was ever up where it is not */
	for (size_t i = 0; i < names.count; i++) {
		if (project_name_check(names.items[i], NULL))
			string_list_add(ret, names.items[i]);
	}
}

char *project_scope(const char *project, unsigned owner_uid, bool is_session)
{
	return is_session || owner_uid == 0 ? xstrdup(project)
					    : xasprintf("%s@%u", project, owner_uid);
}
