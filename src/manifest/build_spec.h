/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_BUILD_SPEC_H
#define I2KIT_MANIFEST_BUILD_SPEC_H

/*
 * How a container's image is made, and what becomes of changes to its sources while it runs: a
 * Compose service's `build` and `develop.watch`
 * (https://github.com/compose-spec/compose-spec/blob/main/build.md, develop.md). Values are filled
 * in, paths are absolute; nothing is looked at on disk yet. NULL text and empty lists mean "not
 * given". All pointers are owned.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/string_list.h"

struct build_value {
	char *name;
	char *value; /* NULL: the environment of the one who builds has none by that name */
};

struct build_secret {
	char *id;
	char *file;  /* absolute; or NULL */
	char *value; /* of a variable or written out; or NULL */
};

struct build_spec {
	char *context;	  /* absolute folder, or the URL of a repository or an archive */
	char *dockerfile; /* absolute, or inside of a context that is a URL; NULL: Dockerfile */
	char *dockerfile_inline; /* its text; then dockerfile is NULL */
	char *target;
	struct build_value *args;
	size_t arg_count;
	struct build_value *labels;
	size_t label_count;
	struct build_value *contexts; /* NAME → folder, URL, "docker-image://…", "service:NAME" */
	size_t context_count;
	struct build_secret *secrets;
	size_t secret_count;
	struct string_list ssh; /* "default", "ID=/path/of/key" */
	struct string_list cache_from;
	struct string_list cache_to;
	struct string_list platforms;
	struct string_list tags;
	struct string_list extra_hosts; /* "NAME=ADDRESS" */
	struct string_list entitlements;
	char *network;
	uint64_t shm_bytes;
	bool is_privileged;
	bool no_cache;
	bool pull; /* asks for newer base images */
};

enum watch_action {
	WATCH_REBUILD,
	WATCH_SYNC,
	WATCH_RESTART,
	WATCH_SYNC_RESTART,
	WATCH_SYNC_EXEC,
};
#define WATCH_ACTIONS (WATCH_SYNC_EXEC + 1)

struct watch_rule {
	enum watch_action action;
	char *path;		   /* absolute file or folder */
	char *target;		   /* in the container; NULL for rebuild and restart */
	struct string_list ignore; /* patterns of .dockerignore, below path */
	struct string_list include;
	struct string_list command;	/* WATCH_SYNC_EXEC */
	struct string_list command_env; /* "NAME=VALUE" */
	char *command_user;
	char *command_folder;
	bool command_is_privileged;
	bool syncs_at_start;
};

#define BUILD_LAYOUT_PREFIX "oci-layout://"

/* "oci-layout://../base" is below the folder, an absolute one; any other place stays as it is. */
void build_layout_complete(char **place, const char *folder);
/* A relative path is below the folder; NULL stays. */
void build_path_complete(char **path, const char *folder);

/* Frees what is inside, and a struct that is on the heap as well; NULL is none. */
void build_spec_free(struct build_spec *build);
void watch_rules_free(struct watch_rule *rules, size_t count);

#endif
