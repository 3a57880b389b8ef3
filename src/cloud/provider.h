/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_PROVIDER_H
#define I2KIT_CLOUD_PROVIDER_H

/*
 * What promote and the verbs around it need from a cloud, as a small table of functions. aws/ and
 * openstack/ implement it; nothing outside of a provider's folder names the provider. A provider is opened
 * for one region and account. Whether it brings a scope up as one stack or object by object is its
 * own affair: what is planned and shown are resources, whatever makes them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/sha256.h"
#include "base/string_list.h"
#include "manifest/app.h"
#include "manifest/environment.h"
#include "wire/release_id.h"

struct trusted_keys;

/* How much of what the cloud stored is read back and compared with the local disk. */
enum verify_kind {
	VERIFY_FULL,   /* everything that is not zero */
	VERIFY_SAMPLE, /* what there is, and a part of its content */
	VERIFY_NONE,
};
/* "full", "sample", "none": how it is asked for, and what the cloud's images say of themselves. */
const char *verify_kind_name(enum verify_kind kind);

struct cloud_options {
	const char *region;  /* NULL: from the environment or the profile */
	const char *profile; /* NULL: likewise */
	unsigned parallel;   /* most requests at once; 0: 32 */
	/* Gets one line that is not shown from the person who is there (the code of an MFA device).
	 * Owned; NULL and *err where nobody is. Itself NULL: nobody may be asked. */
	char *(*ask)(const char *question, struct error *err);
};

/*
 * A project in one environment. What a provider makes carries all three, and it touches nothing
 * that says something else: two pairs may have one name ("a" + "b-c", "a-b" + "c").
 */
struct cloud_scope {
	char *project;	   /* owned */
	char *environment; /* owned; or NULL */
	char *name;	   /* owned; "i2kit-PROJECT[-ENVIRONMENT]" */
};
void cloud_scope_make(const char *project, const char *environment_or_null,
		      struct cloud_scope *ret);
void cloud_scope_clear(struct cloud_scope *scope);

/* A disk on its way into the cloud. All borrowed. */
struct cloud_upload {
	const char *project;
	const char *pod;
	struct digest digest; /* of the raw disk */
	const char *path;     /* the raw disk */
	uint64_t size_bytes;
	enum verify_kind verify;
	const char *receipt_tag; /* or NULL */
};

/* What the cloud holds of a disk, or would. Bytes are of what is not zero. */
struct cloud_image {
	char *id;	 /* owned; NULL in a plan: not there yet */
	char *base;	 /* owned; what only the difference to was sent; or NULL */
	bool is_present; /* found by its digest: nothing is sent */
	uint64_t bytes_total;
	uint64_t bytes_sent;	 /* in a plan: to be sent */
	uint64_t bytes_verified; /* read back and equal */
};
void cloud_image_clear(struct cloud_image *image);

/* One pod's release. All borrowed. */
struct cloud_release {
	const char *pod;
	const char *image; /* NULL: not in the cloud yet; good for a plan alone */
	struct release_id id;
	const char *config_json;
	const char *receipt_tag; /* or NULL */
	const char *path;	 /* its raw disk, here */
	uint64_t size_bytes;	 /* of that disk */
};

/* What a scope is to be. All borrowed. */
struct cloud_deployment {
	const struct cloud_scope *scope;
	const struct app *app;
	const struct environment *environment;
	const struct cloud_release *releases; /* one for each pod */
	size_t count;
	const struct trusted_keys *trusted; /* whose receipts are as good as new ones */
};

enum cloud_action { CLOUD_ADD, CLOUD_MODIFY, CLOUD_REMOVE };
const char *cloud_action_name(enum cloud_action action);

struct cloud_change {
	enum cloud_action action;
	char *resource;	  /* owned; the provider's name within the scope */
	char *type;	  /* owned; the provider's word for what it is */
	bool is_replaced; /* made anew: what it holds goes */
};

/* What would be done; made by plan or plan_rollback, then freed. */
struct cloud_plan {
	bool is_new; /* there is nothing of the scope yet */
	bool has_changes;
	struct cloud_change *changes; /* owned */
	size_t change_count;
	struct string_list notes; /* what to know before saying yes */
	double dollars_a_month;	  /* of what stands, without traffic; 0: not known */
	char *prices_of;	  /* owned; where and when those are; NULL: not known */
	char *document;		  /* owned; JSON, in the provider's own terms */
	void *detail;		  /* the provider's; free_plan */
};
void cloud_plan_add(struct cloud_plan *plan, enum cloud_action action, const char *resource,
		    const char *type, bool is_replaced);
/* Everything but `detail`, for free_plan. */
void cloud_plan_clear(struct cloud_plan *plan);

/* One machine. */
struct cloud_instance {
	char *id; /* all owned */
	char *pod;
	char *state;	     /* "running", "pending", … */
	char *image;	     /* the image it booted */
	char *image_digest;  /* as its tags say; or NULL */
	char *booted_digest; /* as it read it from its own disk; NULL: not said (yet) */
	char *address;	     /* private; or NULL */
	char *disk;	     /* the provider's name of the disk it runs from; or NULL */
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
void cloud_pod_status_free(struct cloud_pod_status *pods, size_t count);

/* An address that a name inside leads to, without a load balancer. */
struct cloud_name {
	char *name; /* all owned; the whole one */
	char *instance;
	char *address;
	bool is_gone; /* the instance is */
};

/* A route as the cloud answers it. */
struct cloud_route {
	char *text; /* both owned; as in route_text.h */
	char *target;
	bool is_http;
	bool is_https;
};

struct cloud_status {
	bool exists;
	char *name;		     /* owned; of the scope */
	char *state;		     /* owned; the provider's word */
	bool is_changing;	     /* another release is on its way in or out */
	char *reason;		     /* owned; or NULL */
	struct key_value *addresses; /* owned; service → public address */
	size_t address_count;
	char *routes_address; /* owned; of the load balancer of routes; NULL: there are none */
	struct cloud_route *routes; /* owned */
	size_t route_count;
	struct key_value *named; /* owned; service → the name that leads to its instances */
	size_t named_count;
	struct cloud_name *names; /* owned; of those names */
	size_t name_count;
	struct cloud_pod_status *pods; /* owned */
	size_t pod_count;
	struct cloud_instance *instances; /* owned */
	size_t instance_count;
};
void cloud_status_clear(struct cloud_status *status);
/* The digest of a pod's release; false: it has none. */
bool cloud_status_release(const struct cloud_status *status, const char *pod, struct digest *ret);

/* One release that was applied, as the cloud has it on record. */
struct cloud_record {
	unsigned number; /* from 1 */
	int64_t time_ns;
	char *note;		       /* owned; "promote", "rollback to 3" */
	bool is_signed;		       /* by the key, over all of it */
	uint8_t key[32];	       /* whose it is; all zero where it is not signed */
	struct cloud_pod_status *pods; /* owned */
	size_t pod_count;
};
struct cloud_record_list {
	struct cloud_record *items; /* owned; oldest first */
	size_t count;
};
void cloud_record_list_clear(struct cloud_record_list *list);

/* A line of a pod's log. */
struct cloud_line {
	int64_t time_ns;
	const char *id;	    /* of this line and no other */
	const char *stream; /* POD/CONTAINER/INSTANCE */
	const char *text;   /* raw */
};
/* Borrowed for the call. False: no more. */
typedef bool cloud_log_fn(const struct cloud_line *line, void *arg);
struct cloud_line_range {
	const char *prefix; /* of the streams' names; NULL: all */
	int64_t since_ns;
	int64_t until_ns; /* INT64_MAX: no end */
};

/* How what runs is held against the disks that are here. */
struct cloud_verification {
	unsigned sample; /* blocks that are read of each disk, chosen by chance; 0: all */
	/* Where the raw disk of this digest is; owned. NULL: it is not here. */
	char *(*find_disk)(const struct digest *digest, void *arg);
	void *arg;
};

/* One instance, and whether the disk that it was made of is its release's. */
struct cloud_verified {
	char *instance; /* all owned */
	char *source;	/* the provider's name of what was read; or NULL */
	char *reason;	/* why that is not proved; NULL: it is */
	uint64_t bytes; /* read back and equal */
};
struct cloud_verified_list {
	struct cloud_verified *items; /* owned; in the order of the status' instances */
	size_t count;
};
void cloud_verified_list_clear(struct cloud_verified_list *list);

/* What goes besides the running pods, their secrets and records. */
struct cloud_destruction {
	bool images;  /* those of the project that no scope needs any more */
	bool volumes; /* also what removed claims left behind */
};

/* Sets of permissions, in the provider's own language. */
enum cloud_policy {
	CLOUD_POLICY_CALLER, /* who runs i2kit */
	CLOUD_POLICY_STACK,  /* provider.role, which makes what runs; without one, the caller too */
	CLOUD_POLICY_STACK_NETWORK, /* likewise, for the network that is made */
	CLOUD_POLICY_STACK_TRUST,   /* who may take that role */
	CLOUD_POLICY_KEY,	    /* of the key that provider.kms_key names */
	CLOUD_POLICY_BOUNDARY,	    /* the most that pods may be: provider.permissions_boundary */
};

struct cloud; /* one open provider */
struct cloud_rehearsal_table;

struct cloud_provider {
	const char *name;  /* provider.type in environment.yml */
	const char *login; /* the command that gives it credentials, for a hint */
	/* What plays the cloud for a machine here (rehearsal.h); NULL: it cannot be rehearsed. */
	const struct cloud_rehearsal_table *rehearsal;
	struct cloud *(*open)(const struct cloud_options *options, struct error *err);
	void (*close)(struct cloud *cloud);
	/* The least that is needed, as JSON; owned. Nothing is asked. region NULL: the file's, or
	 * any. NULL: the environment has no such thing. */
	char *(*policy)(const struct environment *environment, const struct cloud_scope *scope,
			const char *region, enum cloud_policy kind);
	/* One line for people: account, region, where the credentials come from. Owned. */
	char *(*identify)(struct cloud *cloud, struct error *err);
	/* Whether what the environment names is there, and what there is; lines for people are added
	 * to *ret, on failure too. Reads alone. NULL: a plan says it. */
	bool (*survey)(struct cloud *cloud, const struct environment *environment,
		       struct string_list *ret, struct error *err);
	/* What ensure_image would do; reads alone. */
	bool (*plan_image)(struct cloud *cloud, const struct cloud_upload *upload,
			   const struct progress *progress, struct cloud_image *ret,
			   struct error *err);
	/* Uploads, compares and registers, or finds what is already there. */
	bool (*ensure_image)(struct cloud *cloud, const struct cloud_upload *upload,
			     const struct progress *progress, struct cloud_image *ret,
			     struct error *err);
	/* What would change, and an error for what would be refused; reads alone. With wait, what
	 * is under way in the scope ends first. */
	bool (*plan)(struct cloud *cloud, const struct cloud_deployment *deployment, bool wait,
		     const struct progress *progress, struct cloud_plan *ret, struct error *err);
	/* The same for an earlier release, by its number. */
	bool (*plan_rollback)(struct cloud *cloud, const struct cloud_scope *scope, unsigned number,
			      bool wait, const struct progress *progress, struct cloud_plan *ret,
			      struct error *err);
	/* deployment: that of the plan, with images by now; NULL of a rollback. With wait: until
	 * all instances are ready, or all is rolled back (an error that says why). */
	bool (*apply_plan)(struct cloud *cloud, struct cloud_plan *plan,
			   const struct cloud_deployment *deployment, bool wait,
			   const struct progress *progress, struct error *err);
	void (*free_plan)(struct cloud_plan *plan);
	bool (*status)(struct cloud *cloud, const struct cloud_scope *scope,
		       struct cloud_status *ret, struct error *err);
	/* Reads back what each instance's disk was made of, and compares it with the disk here: no
	 * word of the guest's, no tag counts. Reads alone. False: nothing could be asked. */
	bool (*verify)(struct cloud *cloud, const struct cloud_status *status,
		       const struct cloud_verification *how, const struct progress *progress,
		       struct cloud_verified_list *ret, struct error *err);
	/* Adds to *status what each pod's configuration is in the cloud. */
	bool (*details)(struct cloud *cloud, const struct cloud_scope *scope,
			struct cloud_status *status, struct error *err);
	bool (*records)(struct cloud *cloud, const struct cloud_scope *scope,
			struct cloud_record_list *ret, struct error *err);
	/* The lines of a range, nearly by time: of two instances the later one may come first. */
	bool (*logs)(struct cloud *cloud, const struct cloud_scope *scope,
		     const struct cloud_line_range *range, cloud_log_fn *fn, void *arg,
		     struct error *err);
	/* An error when anything is left of what was to go. */
	bool (*destroy)(struct cloud *cloud, const struct cloud_scope *scope,
			const struct cloud_destruction *what, const struct progress *progress,
			struct error *err);
};

#endif
