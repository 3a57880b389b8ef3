/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_PROJECT_IDENTITY_H
#define I2KIT_LOCAL_PLAN_PROJECT_IDENTITY_H

/*
 * Whose a project is. A name belongs to one folder of one user at a time: to the one that brought
 * it up, for as long as it is up or keeps volumes. Kept in PATH_STATE/projects/PROJECT/project.json:
 *
 *	{"version":1,"project":"shop","folder":"/home/ann/shop","id":"32 hex digits",
 *	 "source":"folder"|"manifest"|"given"}
 *
 * `id` is made of the owner's uid, the folder and the name, and stays when the folder is moved;
 * what libvirt has carries it, and VMs with another one are not this project's.
 */

#include "base/error.h"
#include "base/string_list.h"

#define PROJECT_ID_SIZE 33

/* What gave the project its name; given: -p or $I2KIT_PROJECT. */
enum project_source { PROJECT_OF_FOLDER, PROJECT_OF_MANIFEST, PROJECT_GIVEN };

struct project_identity {
	char *project;
	char *folder; /* absolute; manifest/project_name.h: the home of its manifests */
	unsigned owner_uid;
	char id[PROJECT_ID_SIZE];
	enum project_source source;
};
void project_identity_clear(struct project_identity *identity);

void project_id_make(unsigned owner_uid, const char *folder, const char *project,
		     char out[PROJECT_ID_SIZE]);

/*
 * What is recorded, or what the plan of a release from before records tells. ERROR_NOT_FOUND: no
 * folder has the name.
 */
MUST_CHECK bool project_identity_load(const char *project, struct project_identity *ret,
				      struct error *err);
/*
 * The name becomes the folder's, or is already. Under the project's lock. A name that is given goes
 * where it is told to; else ERROR_EXISTS, naming both folders, when another one has it and is
 * there.
 */
MUST_CHECK bool project_identity_claim(const struct project_identity *wanted, struct error *err);
/* The same question without the claim. */
MUST_CHECK bool project_identity_check(const struct project_identity *wanted, struct error *err);

bool project_is_up(const char *project); /* it has a plan */
bool project_has_volumes(const char *project);

/* The names of all projects that were ever up here, sorted. */
void project_list(struct string_list *ret);

/*
 * What its things are called in libvirt, owned: the project's name; of a user other than root in
 * system mode, where all users' projects meet, "shop@1000". No project's name has an '@'.
 */
char *project_scope(const char *project, unsigned owner_uid, bool is_session);

#endif
