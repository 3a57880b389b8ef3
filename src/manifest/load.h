/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_LOAD_H
#define I2KIT_MANIFEST_LOAD_H

#include "base/error.h"
#include "base/string_list.h"
#include "manifest/app.h"
#include "manifest/problem.h"

struct load_options {
	struct string_list paths;   /* files, folders, "-"; empty: the defaults in folder */
	const char *folder;	    /* current folder */
	const char *project;	    /* -p, or NULL */
	const char *namespace_name; /* -n: objects of others are left out; or NULL: all */
	bool skip_unsupported;	    /* refused documents become notes */
	bool is_strict;		    /* objects without effect here are errors, not notes */
	bool may_have_no_pod;	    /* nothing to run is no error */
	bool is_recursive;	    /* -R: folders in folders, without their kustomizations */
	bool keeps_objects;	    /* app.objects: Kubernetes' as they were written */
	bool wants_paths;	    /* problem.path */
	/* From outside of the manifests (manifest/supplied_config.h), as they were typed; or NULL. */
	const struct string_list *secrets;
	const struct string_list *secret_files;
	const struct string_list *config_maps;
	const struct string_list *config_map_files;
	const char *const *environment; /* as environ: what a Compose file's ${NAME} stands for */
	struct string_list env_files;	/* --env-file: of Compose files; empty: .env beside them */
	struct string_list profiles;	/* --profile: of Compose files */
	struct string_list named;	/* pods that are asked for: a Compose service is there for
					   that, whatever its profile */
	/* Whether that can name an image, which higher folders know; or NULL: not checked. */
	bool (*check_image)(const char *image, const char *folder, struct error *err);
};

/*
 * Reads, checks and completes. All problems of all files end in *problems (the caller's to clear),
 * whatever the result; with at least one error the result is false, *ret is untouched and err
 * summarises. Bounded: 16 MiB a file, depth 64, 1,000,000 nodes, 200 problems.
 */
MUST_CHECK bool app_load(const struct load_options *options, struct app *ret,
			 struct problem_list *problems, struct error *err);

/* The same for one text, as if it stood in a file `name`, which begins relative paths. */
MUST_CHECK bool app_load_text(const struct load_options *options, const char *name,
			      const char *text, size_t size, struct app *ret,
			      struct problem_list *problems, struct error *err);

#endif
