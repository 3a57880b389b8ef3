/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_PROJECT_PLAN_H
#define I2KIT_LOCAL_PLAN_PROJECT_PLAN_H

/*
 * What should run: made by `up` from the application and its finished disks, read by the
 * supervisor, kept in PATH_STATE/projects/PROJECT/plan.json (0600: it holds secrets). A supervisor
 * that starts again needs this file and libvirt, nothing else.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "image/pod/image_build.h"
#include "local/plan/proxy_plan.h"
#include "manifest/app.h"
#include "wire/release_id.h"

/* A claim or host path that becomes a device of the VM. */
struct volume_plan {
	char *name;	  /* in the pod */
	char *claim;	  /* PersistentVolumeClaim, or template of a StatefulSet; NULL: host path */
	bool is_template; /* one disk for each replica */
	uint64_t size_bytes;
	char *host_path; /* absolute; NULL for claims, but for those that are: */
	bool is_shared;	 /* a folder of ours that several VMs have (ReadWriteMany) */
	bool is_file;	 /* the host path is one file */
	bool is_read_only;
};

/* A further name that one pod has for another (aliases of networks). */
struct peer_name {
	char *name;
	char *pod;
};

struct pod_plan {
	char *name;
	char *kind_name;
	enum workload_kind workload;
	uint32_t replicas;
	uint32_t stopped_replicas; /* what `stop` took away and `restart` gives back */
	struct release_id release;
	char *image_path;
	uint64_t image_bytes;
	char *kernel_path;
	char *initrd_path;
	char *cmdline;

	char *config_json;
	unsigned cpu_count;
	uint64_t memory_bytes;
	uint64_t scratch_bytes; /* 0: the writable layers live in memory */
	bool has_scratch_quota; /* parts of it are limited */
	uint32_t grace_s;
	uint32_t max_surge;	  /* VMs above replicas while old ones are replaced */
	uint32_t max_unavailable; /* VMs that may be missing then */
	bool is_stateful;	  /* old goes before new comes */
	enum start_order order;	  /* StatefulSet */
	uint32_t partition;	  /* StatefulSet: numbers below it are of `former` */
	struct job_spec job;	  /* Job */
	/*
	 * A CronJob (workload WORKLOAD_JOB) is a template and runs nothing itself: its runs are pods
	 * beside it that name it; cron_runs.h.
	 */
	struct cron_spec cron;	 /* schedule NULL: it is none */
	char *cron_of;		 /* a run of that CronJob; or NULL */
	struct pod_plan *former; /* what was up before; or NULL: nothing else was */
	bool is_dirty;
	enum restart_policy restart_policy;
	struct string_list init_containers; /* names */
	struct egress_policy egress;	    /* without its mark */
	struct traffic_policy incoming;	    /* of NetworkPolicies */
	struct traffic_policy outgoing;
	struct string_list hidden; /* pods that it shares no network with: not even names */
	struct peer_name *peer_names;
	size_t peer_name_count;
	struct start_wait *waits; /* without marks */
	size_t wait_count;
	char *service_name; /* StatefulSet's headless service, or NULL */
	struct volume_plan *volumes;
	size_t volume_count;
	/*
	 * That one container alone, with a client's command: there for as long as the client is, and
	 * never in the plan's file (supervisor/run_session.h). NULL: an ordinary pod. Owned.
	 */
	char *run_container;
};

void pod_plan_clear(struct pod_plan *pod);

struct port_plan {
	char *name; /* or NULL */
	uint16_t port;
	uint16_t target_port;
	bool is_udp;
	uint16_t host_port; /* published there; 0: not published */
	char *host_ip;	    /* on that address alone; NULL: the plan's `bind` */
	bool is_http;	    /* an address is shown as a link */
	bool is_asked_for;  /* a number of the user's: a taken one is a problem, not moved */
};

struct service_plan {
	char *name;
	unsigned slot; /* its place among the Services' addresses; service_slot.h */
	bool is_headless;
	bool has_affinity;
	bool publish_not_ready;
	struct string_list pods;
	struct outside outside; /* what it leads to instead */
	bool is_direct;		/* its names are its endpoints' own */
	struct port_plan *ports;
	size_t port_count;
};

void service_plan_clear(struct service_plan *service);
/* It leads out of the project: guests find it by themselves (release/outside_service.h). */
bool service_plan_is_outside(const struct service_plan *service);

struct project_plan {
	char *project;
	char *folder;
	char *uri;	/* libvirt connection, or NULL: choose */
	char *accel;	/* "auto", "kvm", "tcg" */
	char *firmware; /* "direct", "bios", "uefi" */
	bool is_cold;	/* no VM goes on from a template, and none is made */
	char *bind;	/* address of published ports */
	char *metrics;	/* metrics_place_read(); NULL: no such port */
	struct pod_plan *pods;
	size_t pod_count;
	struct service_plan *services;
	size_t service_count;
	struct proxy_plan proxy;    /* of routes; none: no proxy */
	struct string_list folders; /* of this machine, that runs may be given besides the pods' */
	struct string_list dropped_runs; /* of CronJobs: what `down` took out by name */
	bool ends_with_runs;		 /* it goes down once its last run is over */
	bool leaves_nothing;		 /* nor are its logs and its name kept then */
};
void project_plan_clear(struct project_plan *plan);

/* A claim that is a disk. */
bool volume_plan_is_disk(const struct volume_plan *volume);
/* A host path whose files are sent over the agent channel instead of shared. */
bool volume_plan_is_pushed(const struct volume_plan *volume, bool is_session);

/* A CronJob: what runs are its runs. */
bool pod_plan_is_cron(const struct pod_plan *pod);
/* Numbers are identities: old ones go before new ones come, one at a time. */
bool pod_plan_is_ordered(const struct pod_plan *pod);
/* What a replica of the pod runs: below the partition that is what it ran before. */
const struct pod_plan *pod_plan_of_replica(const struct pod_plan *pod, unsigned replica);
/* The one rule of how many: ERROR_UNSUPPORTED where the pod cannot have so many. */
#define POD_MAX_REPLICAS 1000
MUST_CHECK bool pod_plan_scale(struct pod_plan *pod, uint64_t replicas, struct error *err);

char *project_plan_path(const char *project); /* owned */

/* NULL: there is none. */
struct pod_plan *project_plan_pod(struct project_plan *plan, const char *pod);
const struct pod_plan *project_plan_find(const struct project_plan *plan, const char *pod);

#endif
