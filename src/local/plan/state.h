/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_STATE_H
#define I2KIT_LOCAL_PLAN_STATE_H

/*
 * What is running, as plain values: the supervisor makes them, the client library
 * (local/client/client.h) hands them to cli/ and tui/. Everything is owned by the struct it stands
 * in; sizes in bytes, times in nanoseconds since 1970 unless the name says otherwise.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/string_list.h"
#include "wire/release_id.h"

enum instance_state {
	INSTANCE_PENDING,  /* wanted; its disk is being built */
	INSTANCE_STARTING, /* VM defined, guest not heard of yet */
	INSTANCE_BOOTING,  /* guest speaks; containers not all started */
	INSTANCE_RUNNING,  /* containers run; not ready yet, or no longer */
	INSTANCE_READY,
	INSTANCE_STOPPING,
	INSTANCE_SUCCEEDED, /* a Job or a Never pod that ended with 0 */
	INSTANCE_FAILED,
	INSTANCE_CRASHED, /* VM gone without being asked; to be replaced */
};
const char *instance_state_name(enum instance_state state); /* "Running", as ps shows it */

enum container_state { CONTAINER_WAITING, CONTAINER_RUNNING, CONTAINER_TERMINATED };

struct container_status {
	char *name;
	bool is_init;
	enum container_state state;
	bool is_ready;
	char *reason;	   /* "CrashLoopBackOff", "OOMKilled", … or NULL */
	char *message;	   /* or NULL */
	char *last_reason; /* why it ended last: "Error", "OOMKilled", "Completed"; or NULL */
	int exit_code;	   /* of the last end; -1: none yet */
	unsigned restarts;
	int64_t started_ns;
	uint64_t cpu_usec; /* consumed since start */
	uint64_t memory_bytes;
	uint64_t read_bytes; /* from and to its disks, since start */
	uint64_t write_bytes;
};

struct probe_result {
	char *container;
	char *probe; /* "startup", "readiness", "liveness" */
	bool is_ok;
	char *message;
	int64_t time_ns;
};

struct boot_stage {
	char *name; /* "define", "firmware", "kernel", "init", "base", "network", "release",
		       "layers", "containers", "ready" */
	uint64_t since_start_ms; /* from the start of the VM */
};

/* One VM. */
struct instance_status {
	char *name; /* "web-0" */
	char *pod;
	unsigned replica;
	char *uuid;
	enum instance_state state;
	bool is_ready;
	char *reason;  /* or NULL */
	char *full;    /* what has no room left and what would help, or NULL */
	char *address; /* IPv4 inside the project's network, or NULL in session mode */
	struct release_id release;
	bool is_dirty;	/* live mounts, --watch or a sync touched it: not for promote */
	bool is_synced; /* files of this machine went into it while it ran: is_dirty as well */
	bool is_kvm;
	bool is_warm;		 /* its VM went on from a template instead of booting */
	bool shares_memory;	 /* with others of it, what none of them wrote to */
	char *cold_reason;	 /* why not, where it was started by this supervisor; or NULL */
	bool is_paused;		 /* its VM stands still: somebody wanted that */
	bool is_outdated;	 /* not what the plan names: it is being replaced */
	unsigned start_failures; /* in a row that did not become ready, or were not made */
	unsigned restarts;	 /* of containers, summed */
	unsigned vm_restarts;
	int64_t created_ns;
	int64_t ready_ns;	    /* 0: never */
	uint64_t memory_bytes;	    /* the VM's size */
	uint64_t scratch_bytes;	    /* of the disk that its containers write to; 0: none */
	uint64_t memory_used_bytes; /* in the guest; 0 unknown */
	uint64_t cpu_usec;	    /* of its containers; unsupervised: of the VM on the host */
	uint64_t rx_bytes;	    /* by its interfaces, since its start */
	uint64_t tx_bytes;
	int64_t stats_time_ns; /* when the guest measured its containers; 0: never */
	unsigned cpu_count;
	struct container_status *containers;
	size_t container_count;
	struct probe_result *probes; /* newest last, at most 64 */
	size_t probe_count;
	struct boot_stage *stages;
	size_t stage_count;
};

void instance_status_clear(struct instance_status *status);

enum job_end { JOB_RUNNING, JOB_COMPLETE, JOB_FAILED, JOB_ENDS };
extern const char *const job_end_words[JOB_ENDS]; /* "running" … */

/* Of a CronJob. */
struct cron_status {
	char *schedule;	 /* NULL: it is none */
	char *time_zone; /* or NULL: this machine's */
	bool is_suspended;
	bool is_stopped; /* by `stop` */
	unsigned active; /* runs */
	int64_t last_ns; /* when the last one was due; 0: there was none */
	int64_t success_ns;
	int64_t next_ns; /* 0: none */
};
/* "0 * * * *, last 12:00, next 12:05, 1 active"; owned. */
char *cron_status_text(const struct cron_status *cron);

struct pod_status {
	char *name;
	char *kind; /* "Deployment" … */
	unsigned desired;
	unsigned ready;
	char *message; /* what it waits for, or NULL */
	bool is_failed;
	bool is_job; /* it is done when it has succeeded, not when it is ready */
	/* Of a Job; desired: its completions, 0 while it is suspended; ready: how many of them */
	enum job_end job_end;
	unsigned active;
	unsigned succeeded; /* pods */
	unsigned failed_pods;
	int exit_code; /* of the container that failed last; 0: none has */
	char *cron_of; /* it is a run of that CronJob; or NULL */
	struct cron_status cron;
};

struct port_status {
	char *service;
	char *name; /* of the port, or NULL */
	char *host; /* "127.0.0.1" */
	uint16_t host_port;
	uint16_t wanted_host_port; /* differs when it had to move */
	uint16_t service_port;
	uint16_t target_port;
	bool is_udp;
	bool is_http;	      /* as far as the manifest tells */
	bool is_https;	      /* of routes */
	unsigned backends;    /* ready ones */
	uint64_t connections; /* open now */
	uint64_t total_connections;
	uint64_t parked;
	char *problem;		 /* cannot be bound: why; or NULL */
	struct string_list pods; /* that the service leads to */
	char *outside;		 /* where it leads outside of the project; or NULL */
};
/* Whether the port leads to this pod. */
bool port_status_serves(const struct port_status *port, const char *pod);

/* What the project's proxy answers, in the order in which it looks. */
struct route_status {
	char *owner; /* "Ingress 'shop'" */
	char *host;  /* or NULL: any */
	char *path;
	char *http_url; /* how this machine reaches it; or NULL */
	char *https_url;
	char *target; /* "web:80, canary:80" */
	bool is_redirect;
	unsigned backends; /* ready ones */
	struct string_list pods;
};
bool route_status_serves(const struct route_status *route, const char *pod);
void route_status_clear(struct route_status *route);

struct project_status {
	char *project;
	char *folder;
	char *connection; /* libvirt URI */
	bool is_session;
	char *accelerator;	  /* "kvm" or "tcg" */
	char *accelerator_reason; /* why not kvm, or NULL */
	bool is_supervised;	  /* a supervisor is alive */
	int supervisor_pid;
	char *metrics; /* where GET /metrics is answered, "127.0.0.1:9464"; or NULL */
	struct pod_status *pods;
	size_t pod_count;
	struct instance_status *instances;
	size_t instance_count;
	struct port_status *ports;
	size_t port_count;
	struct route_status *routes;
	size_t route_count;
};
void project_status_clear(struct project_status *status);
/* By their whole names; NULL: there is none. */
const struct pod_status *project_status_pod(const struct project_status *status, const char *name);
const struct instance_status *project_status_instance(const struct project_status *status,
						      const char *name);

struct project_event {
	uint64_t sequence;
	int64_t time_ns;
	char *type; /* "Started", "Ready", "Unhealthy", "Killed", "BackOff", "Replaced", … */
	bool is_warning;
	char *object; /* "web-0", "web-0/nginx", "service/web" */
	char *message;
};
void project_event_clear(struct project_event *event);

struct log_line {
	uint64_t sequence; /* per project, grows */
	int64_t time_ns;
	char *pod;	 /* "web" */
	char *instance;	 /* "web-0" */
	char *container; /* "nginx"; "kernel" or "init" for the system's own */
	uint8_t source;	 /* 0 stdout, 1 stderr, 2 kernel, 3 init (wire/) */
	bool is_partial;
	unsigned run;	  /* 0: first start of the container, 1: after one restart … */
	const char *text; /* not NUL-safe: size counts; raw bytes, make printable before showing */
	size_t size;
	uint64_t lost_before; /* lines lost just before this one */
};

#endif
