/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_PROJECT_H
#define I2KIT_CLI_PROJECT_H

/*
 * Which project a verb works on; one rule for all of them: -p, else $I2KIT_PROJECT, else the
 * `name:` that the manifests give themselves, else the folder that they are in or that holds their
 * folder (manifest/project_name.h). A folder whose project was recorded under another name keeps
 * that.
 */

#include "cli/verb.h"
#include "local/plan/project_identity.h"
#include "manifest/app.h"

/*
 * For verbs that work on what runs here: `path` is a folder or manifest, or NULL for the current
 * folder. Where nothing of its own is up, the only project that is up below it is meant. A name
 * that another folder has is ERROR_EXISTS with both. Owned; NULL on failure.
 */
MUST_CHECK char *project_resolve(const struct invocation *invocation, const char *path,
				 struct error *err);

/* By the manifests and the folder alone, whatever runs: for the cloud. Owned; NULL on failure. */
MUST_CHECK char *project_name(const struct invocation *invocation, const char *path,
			      struct error *err);

/* Manifests were read: their project keeps the name that their folder's was recorded under. */
void project_settle(const struct invocation *invocation, struct app *app);

/* Whose the application's name is to be: for project_identity_check() and …_claim(). */
void project_identity_of(const struct invocation *invocation, const struct app *app,
			 struct project_identity *ret);

/* The verb's argument FOLDER, or NULL. */
const char *project_argument(const struct invocation *invocation);
/*
 * Whether a word among pods' names is meant as a path: ./x, /x, x/, x.yml, a folder of manifests.
 */
bool project_is_path(const char *word);

/* Notes on what is up, for a table that stayed empty. */
void project_note_others(const struct invocation *invocation, const char *project);

#endif
