/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_LOADER_H
#define I2KIT_MANIFEST_LOADER_H

/*
 * Inside manifest/: what all readers share. Maps are read by tables of fields: the table decides
 * which names exist, what is done with them, and what `i2kit explain` and doc/fields.md say.
 */

#include <stdbool.h>
#include <stddef.h>

#include "manifest/load.h"
#include "manifest/yaml_reader.h"

struct loader {
	struct app *app;
	struct problem_list *problems;
	const struct load_options *options;
	const char *file;	  /* in app->files */
	struct string_list noted; /* fields already noted as without effect */
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
};

struct field {
	const char *name;
	enum verdict verdict;
	field_fn *read;		       /* NULL: nothing to store */
	size_t offset;		       /* of what `read` fills, in the map's target */
	const struct field_set *inner; /* what stands below, for explain; or NULL */
	const char *help;	       /* what it does here; for REFUSED: what to do instead */
};

/* Every pair of the map through the table; unknown names are errors with the nearest known one. */
void loader_read_map(struct loader *loader, const struct yaml_node *node,
		     const struct field_set *set, void *target);

void loader_error(struct loader *loader, const struct yaml_node *node, const char *hint,
		  const char *fmt, ...) PRINTF_LIKE(4, 5);
void loader_note(struct loader *loader, const struct yaml_node *node, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
void loader_warn(struct loader *loader, const struct yaml_node *node, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* For checks that come after reading. */
void loader_error_at(struct loader *loader, const struct source_mark *mark, const char *hint,
		     const char *fmt, ...) PRINTF_LIKE(4, 5);
struct source_mark loader_mark(const struct loader *loader, const struct yaml_node *node);
/* The known name nearest to a mistyped one, or NULL. */
const char *loader_nearest(const char *name, const struct field_set *set);

/* Typed fields (target is a pointer to what the comment says). */
field_fn read_text;	   /* char * */
field_fn read_name;	   /* char *, RFC 1123 label */
field_fn read_bool;	   /* bool */
field_fn read_tristate;	   /* enum tristate */
field_fn read_u32;	   /* uint32_t */
field_fn read_u64;	   /* uint64_t */
field_fn read_port_number; /* uint16_t */
field_fn read_bytes;	   /* uint64_t from a quantity */
field_fn read_millis;	   /* uint64_t thousandths from a quantity */
field_fn read_text_list;   /* struct string_list */
field_fn read_mode;	   /* uint16_t, octal or decimal */
field_fn read_ignored;	   /* nothing */

/* Kubernetes quantities: 500m, 1.5, 64Mi, 1e3 … → thousandths; false: not one. */
bool quantity_parse_millis(const char *text, uint64_t *ret);
bool name_is_valid(const char *name); /* RFC 1123 label, 63 characters */

/* label-like maps → key_value arrays */
void read_key_values(struct loader *loader, const struct yaml_node *node, struct key_value **array,
		     size_t *count);

/* container.c */
extern const struct field_set container_fields;
void read_containers(struct loader *loader, const struct yaml_node *node,
		     struct container_spec **array, size_t *count, bool is_init);
field_fn read_env; /* struct container_spec: Kubernetes list */
/* security.c */
field_fn read_security;	    /* struct security_context */
field_fn read_pod_security; /* struct pod_spec */
/* probe.c */
extern const struct field_set probe_fields;
field_fn read_probe; /* struct probe */
field_fn read_hook;  /* struct lifecycle_hook */
/* volume.c */
void read_volumes(struct loader *loader, const struct yaml_node *node, struct volume **array,
		  size_t *count);
field_fn read_claim_spec; /* struct claim */
/* pod.c */
extern const struct field_set pod_fields;
void pod_spec_init(struct loader *loader, struct pod_spec *pod, const struct yaml_node *node);
/* Ports named in probes and hooks, and security contexts, once all is read. */
void pod_complete(struct loader *loader, struct pod_spec *pod);
/* kubernetes.c, short_form.c: one document; false: it is not of that spelling. */
bool read_kubernetes(struct loader *loader, const struct yaml_node *root);
bool read_short_form(struct loader *loader, const struct yaml_node *root);
/* service.c */
void read_service(struct loader *loader, const struct yaml_node *root);
void services_complete(struct loader *loader); /* selectors, target ports, implied services */
/* check.c */
void check_app(struct loader *loader);

#endif
