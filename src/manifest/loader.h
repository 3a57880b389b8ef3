/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_LOADER_H
#define I2KIT_MANIFEST_LOADER_H

/*
 * Inside manifest/: what all readers share. Maps are read by tables of fields: the table decides
 * which names exist, what is done with them, and what `i2kit explain` and doc/fields.md say.
 */

#include <stdbool.h>
#include <stddef.h>

#include "manifest/gateway.h"
#include "manifest/load.h"

struct yaml_node;

/*
 * Checks compare some things with all others of their kind, so hostile numbers of them would take
 * hours. Kubernetes itself ends at 1 MiB an object.
 */
enum { OBJECTS_MAX = 2000, LIST_MAX = 1000, PAIRS_MAX = 256, ENTRIES_MAX = 10000, OUTER_MAX = 16 };

struct loader {
	struct app *app;
	struct problem_list *problems;
	const struct load_options *options;
	const char *file;	      /* in app->files */
	const struct yaml_node *root; /* the document being read, or NULL */
	const char *stdin_text;	      /* what "-" said; borrowed, or NULL */
	size_t stdin_size;
	size_t object_count;
	size_t document_count;
	const char *kind;			  /* of the Kubernetes object being read, or NULL */
	const struct field *current;		  /* being read */
	struct string_list noted;		  /* fields already noted as without effect */
	const struct field_set *outer[OUTER_MAX]; /* the maps being read, outermost first */
	size_t outer_count;
	bool is_searching; /* files come from folders, too, not only from -f FILE */
	struct gateway_list gateways;
	bool has_lost; /* a document could not be read: what others refer to may stand in it */
};

enum verdict {
	FIELD_USED,
	FIELD_NO_EFFECT, /* understood; nothing to do for it here: one note */
	FIELD_REFUSED,	 /* known, and i2kit does not do it: an error */
};

struct field;
/* Reads node into *target; problems go to the loader. */
typedef void field_fn(struct loader *loader, const struct yaml_node *node, void *target);

struct field_set {
	const char *name; /* "container", for messages */
	const struct field *fields;
	size_t count;
	const struct field_set *base; /* further fields, for the same target; or NULL */
	const char *qualified;	      /* refuses names with a '/', and says why; or NULL */
	const char *type; /* Kubernetes' own, for what has no effect; "Spec": the kind's; or NULL */
	bool is_open;	  /* x-… is anybody's, as in Compose files */
};

struct field {
	const char *name;
	enum verdict verdict;
	field_fn *read;		       /* NULL: nothing to store */
	size_t offset;		       /* of what `read` fills, in the map's target */
	const struct field_set *inner; /* what stands below, for explain; or NULL */
	const char *help;	       /* what it does here; for REFUSED: what to do instead */
	const char *cloud;	       /* in the cloud, where that differs */
	const char *choices;	       /* "Always|OnFailure|Never"; read as the index */
	const char *takes;	       /* for people, where the reader does not tell */
	const char *only;	       /* "StatefulSet|Job": unknown in objects of other kinds */
	bool is_list;
	bool is_named; /* also a map: the names, and below each what is inside, or a text */
};

/* Every pair of the map through the table; unknown names are errors with the nearest known one. */
void loader_read_map(struct loader *loader, const struct yaml_node *node,
		     const struct field_set *set, void *target);

void loader_error(struct loader *loader, const struct yaml_node *node, const char *hint,
		  const char *fmt, ...) PRINTF_LIKE(4, 5);
/* The same with another code than PROBLEM_INVALID and PROBLEM_ADVICE. */
void loader_error_as(struct loader *loader, enum problem_code code, const struct yaml_node *node,
		     const char *hint, const char *fmt, ...) PRINTF_LIKE(5, 6);
void loader_note_as(struct loader *loader, enum problem_code code, const struct yaml_node *node,
		    const char *fmt, ...) PRINTF_LIKE(4, 5);
void loader_note(struct loader *loader, const struct yaml_node *node, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
void loader_warn(struct loader *loader, const struct yaml_node *node, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* The file came with a folder; nobody named it. */
bool loader_is_found_in_folder(const struct loader *loader);
/* Of an object that says none. */
const char *loader_namespace(const struct loader *loader);
/* -n chose another namespace than the one of this document: left out, and noted once for each. */
bool loader_leaves_out(struct loader *loader, const struct yaml_node *namespace_node);
/* Counts one more object; true, and an error the first time, past OBJECTS_MAX. */
bool loader_counts_too_many(struct loader *loader, const struct yaml_node *root);
/* "NAME is missing", unless a key beside it looks like a mistyped NAME: that was reported. */
void loader_missing(struct loader *loader, const struct yaml_node *map, const char *name,
		    const char *hint);
/* The same, and "NAME is empty"; true: there is a text. */
bool loader_wants_text(struct loader *loader, const struct yaml_node *map, const char *name,
		       const char *hint);
/* For checks that come after reading. */
void loader_error_at(struct loader *loader, const struct source_mark *mark, const char *hint,
		     const char *fmt, ...) PRINTF_LIKE(4, 5);
void loader_error_at_as(struct loader *loader, enum problem_code code,
			const struct source_mark *mark, const char *hint, const char *fmt, ...)
	PRINTF_LIKE(5, 6);
void loader_warn_at(struct loader *loader, const struct source_mark *mark, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
struct source_mark loader_mark(const struct loader *loader, const struct yaml_node *node);
/* Of the value of a key of the map, or of the map where there is none. */
struct source_mark loader_mark_of(const struct loader *loader, const struct yaml_node *map,
				  const char *key);
const struct field *loader_find_field(const struct field_set *set, const char *name);
/* The known name nearest to a mistyped one, or NULL. */
const char *loader_nearest(const char *name, const struct field_set *set);

#endif
