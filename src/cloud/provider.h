/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_PROVIDER_H
#define I2KIT_CLOUD_PROVIDER_H

/*
 * What promote needs from a cloud, as a small table of functions. aws/ implements it; nothing else
 * in cloud/, cli/ or tui/ names a provider. A provider is opened for one region and account.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/sha256.h"
#include "manifest/app.h"
#include "manifest/environment.h"

/* How much of what the cloud stored is read back and compared with the local disk. */
enum verify_kind {
	VERIFY_FULL,   /* every block that is not zero */
	VERIFY_SAMPLE, /* the list of blocks, and 1 in 16 of them, at least 32 */
	VERIFY_NONE,
};

struct cloud_options {
	const char *region;  /* NULL: from the environment or the profile */
	const char *profile; /* NULL: likewise */
	unsigned parallel;   /* most requests at once; 0: 32 */
};

/* A disk on its way into the cloud. */
struct cloud_upload {
	const char *project;
	const char *pod;
	const char *digest; /* of the raw disk, "sha256:…" */
	const char *path;   /* the raw disk */
	uint64_t size_bytes;
	enum verify_kind verify;
	const char *receipt_tag; /* or NULL */
};

/* What the cloud holds of a disk. */
struct cloud_image {
	char *id;	       /* owned; "ami-…" */
	char *snapshot;	       /* owned; "snap-…" */
	bool was_there;	       /* found by its digest, nothing was sent */
	uint64_t blocks_total; /* blocks of the disk that are not zero */
	uint64_t blocks_sent;
	uint64_t bytes_sent;
	uint64_t blocks_verified; /* read back and equal */
	char *parent;		  /* owned; snapshot the delta was made against, or NULL */
};
void cloud_image_clear(struct cloud_image *image);

/* One pod of a stack. All borrowed. */
struct cloud_release {
	const char *pod;
	const char *image; /* NULL: not in the cloud yet; good for a plan alone */
	const char *image_digest;
	const char *config_digest;
	const char *config_json;
	const char *receipt_tag; /* or NULL */
};

/* A project in one environment. All borrowed. */
struct cloud_stack {
	const char *name; /* cloud_stack_name() */
	const struct app *app;
	const struct environment *environment;
	const struct cloud_release *releases; /* one for each pod */
	size_t count;
};
/* "i2kit-PROJECT[-ENVIRONMENT]"; owned. */
char *cloud_stack_name(const char *project, const char *environment_or_null);

struct cloud_change {
	char *action;	   /* owned; "Add", "Modify", "Remove" */
	char *resource;	   /* owned; the provider's name within the stack */
	char *type;	   /* owned */
	char *replacement; /* owned; "True", "Conditional", or NULL */
};

/* What would be done; made by plan_stack, used once by apply_plan or drop_plan, then freed. */
struct cloud_plan {
	bool is_new; /* there is no stack yet */
	bool has_changes;
	char *template_text;	      /* owned */
	struct cloud_change *changes; /* owned */
	size_t change_count;
	void *detail; /* the provider's; free_plan */
};

/* One machine. */
struct cloud_instance {
	char *id; /* all owned */
	char *pod;
	char *state;	     /* "running", "pending", … */
	char *image;	     /* the image it booted */
	char *image_digest;  /* as its tags say; or NULL */
	char *booted_digest; /* as it read it from its own disk; NULL: not said (yet) */
	char *address;	     /* private; or NULL */
	int64_t launched_ns;
};

struct cloud_pod_status {
	char *name; /* all owned */
	char *image_digest;
	char *config_digest;
	char *receipt_tag; /* or NULL */
	/* Filled in by `details` alone. */
	char *config_json; /* CONFIG with secrets by reference; NULL: too long to be kept whole */
	uint32_t replicas;
	char *instance_type; /* or NULL */
};

struct cloud_status {
	bool exists;
	char *stack;		     /* owned */
	char *state;		     /* owned; "UPDATE_COMPLETE" */
	char *reason;		     /* owned; or NULL */
	struct key_value *addresses; /* owned; service → public address */
	size_t address_count;
	struct cloud_pod_status *pods; /* owned */
	size_t pod_count;
	struct cloud_instance *instances; /* owned */
	size_t instance_count;
};
void cloud_status_clear(struct cloud_status *status);

/* One release that was applied, as the cloud has it on record. */
struct cloud_record {
	unsigned number; /* from 1 */
	int64_t time_ns;
	char *note;		       /* owned; "promote", "rollback to 3" */
	struct cloud_pod_status *pods; /* owned */
	size_t pod_count;
};
struct cloud_record_list {
	struct cloud_record *items; /* owned; oldest first */
	size_t count;
};
void cloud_record_list_clear(struct cloud_record_list *list);

/* A line of a pod's log; text is raw. */
typedef bool cloud_log_fn(int64_t time_ns, const char *stream, const char *text, void *arg);

struct cloud; /* one open provider */

struct cloud_provider {
	const char *name; /* "aws" */
	struct cloud *(*open)(const struct cloud_options *options, struct error *err);
	void (*close)(struct cloud *cloud);
	/* One line for people: account, region, where the credentials come from. Owned. */
	char *(*identify)(struct cloud *cloud, struct error *err);
	/* Uploads, compares and registers, or finds what is already there. */
	bool (*ensure_image)(struct cloud *cloud, const struct cloud_upload *upload,
			     const struct progress *progress, struct cloud_image *ret,
			     struct error *err);
	/* Works out what would change; changes nothing that lasts (drop_plan). */
	bool (*plan_stack)(struct cloud *cloud, const struct cloud_stack *stack,
			   const struct progress *progress, struct cloud_plan *ret,
			   struct error *err);
	/* An earlier release, by its number. */
	bool (*plan_rollback)(struct cloud *cloud, const char *stack, unsigned number,
			      const struct progress *progress, struct cloud_plan *ret,
			      struct error *err);
	/* With wait: until all instances are ready, or all is rolled back (an error that says why).
	 */
	bool (*apply_plan)(struct cloud *cloud, struct cloud_plan *plan, bool wait,
			   const struct progress *progress, struct error *err);
	bool (*drop_plan)(struct cloud *cloud, struct cloud_plan *plan, struct error *err);
	void (*free_plan)(struct cloud_plan *plan);
	bool (*status)(struct cloud *cloud, const char *project, const char *stack,
		       struct cloud_status *ret, struct error *err);
	/* Adds to *status what each pod's configuration is in the cloud. */
	bool (*details)(struct cloud *cloud, struct cloud_status *status, struct error *err);
	bool (*records)(struct cloud *cloud, const char *stack, struct cloud_record_list *ret,
			struct error *err);
	/* Lines since since_ns of all instances whose stream begins with `pod`; NULL: all. */
	bool (*logs)(struct cloud *cloud, const char *stack, const char *pod, int64_t since_ns,
		     cloud_log_fn *fn, void *arg, struct error *err);
	/* Stack, records, secrets; images too when asked. An error when anything is left. */
	bool (*destroy)(struct cloud *cloud, const char *project, const char *stack,
			bool with_images, const struct progress *progress, struct error *err);
};

/* NULL and ERROR_UNSUPPORTED for a provider this build does not have. */
MUST_CHECK const struct cloud_provider *cloud_provider_find(const char *name, struct error *err);

#endif
