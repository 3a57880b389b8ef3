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

/*
 * Checks compare some things with all others of their kind, so hostile numbers of them would take
 * hours. Kubernetes itself ends at 1 MiB an object.
 */
enum { OBJECTS_MAX = 2000, LIST_MAX = 1000, PAIRS_MAX = 256, ENTRIES_MAX = 10000, OUTER_MAX = 16 };

struct loader {
	struct app *app;
	struct problem_list *problems;
	const struct load_options *options;
	const char *file; /* in app->files */
	size_t object_count;
	size_t document_count;
	const char *kind;			  /* of the Kubernetes object being read, or NULL */
	const struct field *current;		  /* being read */
	struct string_list noted;		  /* fields already noted as without effect */
	const struct field_set *outer[OUTER_MAX]; /* the maps being read, outermost first */
	size_t outer_count;
	bool is_searching; /* files come from folders, too, not only from -f FILE */
	bool has_lost;	   /* a document could not be read: what others refer to may stand in it */
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

/* Kubernetes objects that are known, and what becomes of them. */
struct kind {
	const char *name;
	const char *versions; /* "apps/v1 extensions/v1beta1", today's first; NULL: any */
	enum verdict verdict;
	void (*read)(struct loader *loader, const struct yaml_node *root);
	const struct field_set *fields; /* of the whole object; or NULL */
	const char *help;		/* what it is here; for REFUSED: what to do instead */
};
extern const struct kind kinds[];
extern const size_t kind_count;

/* Every pair of the map through the table; unknown names are errors with the nearest known one. */
void loader_read_map(struct loader *loader, const struct yaml_node *node,
		     const struct field_set *set, void *target);

void loader_error(struct loader *loader, const struct yaml_node *node, const char *hint,
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
void loader_warn_at(struct loader *loader, const struct source_mark *mark, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
struct source_mark loader_mark(const struct loader *loader, const struct yaml_node *node);
/* Of the value of a key of the map, or of the map where there is none. */
struct source_mark loader_mark_of(const struct loader *loader, const struct yaml_node *map,
				  const char *key);
const struct field *loader_find_field(const struct field_set *set, const char *name);
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
field_fn read_scalar;	   /* char *, numbers and booleans as they are written */
field_fn read_text_list;   /* struct string_list */
field_fn read_number_list; /* struct string_list of decimals */
field_fn read_choice;	   /* an enum whose values are the field's choices, in their order */
field_fn read_mode;	   /* uint16_t, octal or decimal */
field_fn read_ignored;	   /* nothing */

/* Kubernetes quantities: 500m, 1.5, 64Mi, 1e3 … → thousandths; false: not one. */
bool quantity_parse_millis(const char *text, uint64_t *ret);
/* A port's name: 15 of a-z, 0-9 and '-', with a letter. */
bool port_name_is_valid(const char *name);
/* What a resourceFieldRef may be divided by: 1m or 1 of a processor, 1, 1k, 1Ki … of bytes. */
bool divisor_is_valid(const char *resource, const char *divisor);
/* What to do about a name that is not valid. */
const char *name_hint(const char *name);
bool name_is_valid(const char *name);	    /* RFC 1123 label, 63 characters */
bool name_is_subdomain(const char *name);   /* labels with dots between, 253 characters */
bool field_path_is_known(const char *path); /* of the downward API */
bool label_value_is_valid(const char *value);
bool label_key_is_valid(const char *key);

/* In maps of texts: a key that YAML takes for a boolean would be called "true" in a cluster. */
void check_text_key(struct loader *loader, const struct yaml_node *key);
/* label-like maps → key_value arrays */
void read_key_values(struct loader *loader, const struct yaml_node *node, struct key_value **array,
		     size_t *count);

/* container.c */
extern const struct field_set container_fields;
void read_containers(struct loader *loader, const struct yaml_node *node,
		     struct container_spec **array, size_t *count, bool is_init);
extern const struct field_set env_fields;
field_fn read_env;	     /* struct container_spec: Kubernetes list */
field_fn read_field_version; /* of a fieldRef: v1 */
void check_divisor(struct loader *loader, const struct yaml_node *node, const char *resource,
		   const char *divisor_or_null);
/* security.c */
extern const struct field_set security_fields;
extern const struct field_set pod_security_fields;
field_fn read_security;	    /* struct security_context */
field_fn read_pod_security; /* struct pod_spec */
/* probe.c */
extern const struct field_set probe_fields;
extern const struct field_set hook_fields;
field_fn read_probe; /* struct probe */
field_fn read_hook;  /* struct probe */
/* volume.c */
extern const struct field_set volume_fields;
void read_volumes(struct loader *loader, const struct yaml_node *node, struct volume **array,
		  size_t *count);
/* claim.c */
extern const struct field_set claim_object_fields;
void read_claim_object(struct loader *loader, const struct yaml_node *root);
/* `ephemeral` of a volume, whose target is the struct volume. */
extern const struct field_set ephemeral_fields;
void read_ephemeral(struct loader *loader, const struct yaml_node *node, void *target);
void read_claim_template(struct loader *loader, const struct yaml_node *root, struct claim *claim);
/* egress.c */
extern const struct field_set network_fields;
field_fn read_network; /* struct pod_spec */
void read_egress_annotation(struct loader *loader, const struct yaml_node *value,
			    struct pod_spec *pod);
void check_egress(struct loader *loader, const struct pod_spec *pod);
/* network_policy.c */
extern const struct field_set policy_object_fields;
void read_network_policy(struct loader *loader, const struct yaml_node *root);
void network_policies_complete(struct loader *loader); /* what each pod is allowed */
/* pod.c */
extern const struct field_set pod_fields;
void pod_spec_init(struct loader *loader, struct pod_spec *pod, const struct yaml_node *node);
field_fn read_active_deadline; /* uint64_t */
/* Ports named in probes and hooks, and security contexts, once all is read. */
void pod_complete(struct loader *loader, struct pod_spec *pod);

/* metadata.c: metadata of an object, or of a template inside one. */
struct metadata {
	char *name;
	char *namespace_name;
	struct key_value *labels;
	size_t label_count;
	struct key_value *annotations;
	size_t annotation_count;
};
extern const struct field_set metadata_fields;
void metadata_clear(struct metadata *metadata);
/* With wants_name, a name is required and the namespace defaulted. */
void read_metadata(struct loader *loader, const struct yaml_node *root, struct metadata *metadata,
		   bool wants_name);
/* Labels and annotations become the pod's. */
void metadata_move_to_pod(struct metadata *metadata, struct pod_spec *pod);

/* workload.c */
extern const struct field_set workload_object_fields;
extern const struct field_set pod_object_fields;
void read_workload(struct loader *loader, const struct yaml_node *root);
/* config_object.c */
extern const struct field_set config_map_object_fields;
extern const struct field_set secret_object_fields;
void read_config_map_object(struct loader *loader, const struct yaml_node *root);
void read_secret_object(struct loader *loader, const struct yaml_node *root);
/* annotation.c: what the short form says beyond Kubernetes' fields. */
#define ANNOTATION_PORTS	 "i2kit/ports"
#define ANNOTATION_PUBLISHED	 "i2kit/published"
#define ANNOTATION_INSTANCE_TYPE "i2kit/instance-type"
#define ANNOTATION_EGRESS	 "i2kit/egress"
void read_service_annotations(struct loader *loader, const struct yaml_node *root,
			      struct service *service);
void read_workload_annotations(struct loader *loader, const struct yaml_node *root,
			       struct pod_spec *pod);
/* service.c */
extern const struct field_set service_object_fields;
void read_service(struct loader *loader, const struct yaml_node *root);
void services_complete(struct loader *loader); /* selectors, target ports, implied services */
/* kubernetes.c, short_form.c: one document; false: it is not of that spelling. */
bool read_kubernetes(struct loader *loader, const struct yaml_node *root);
bool read_short_form(struct loader *loader, const struct yaml_node *root);
extern const struct field_set short_fields;
/* "8080:80", "https:443:http:80" …; certificate is the caller's. */
bool short_port_parse(const char *text, struct service_port *port);
extern const char short_port_hint[];
/* environment.c; a provider's own keys stand in a file of its own, each the base of another */
extern const struct field_set environment_fields;
extern const struct field_set environment_provider_fields;
extern const struct field_set environment_aws_fields;
extern const struct field_set environment_openstack_fields;
/* check.c, check_pod.c */
void check_app(struct loader *loader);
void check_pod(struct loader *loader, const struct pod_spec *pod);

#endif
