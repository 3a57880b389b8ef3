/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_SUPERVISOR_PARTS_H
#define I2KIT_LOCAL_SUPERVISOR_SUPERVISOR_PARTS_H

/*
 * What the supervisor's files share. Decisions are pure: reconcile.c (what is wanted against what
 * is there), lifecycle.c (what becomes of one VM). Others gather facts and carry out: converge.c,
 * domains.c (what libvirt has), instance.c (one VM), watch.c (who is silent or late), services.c
 * (ports, names), control.c (clients), supervisor.c (life).
 *
 * An instance lives like this; whatever happens to its VM, one of these is true of it:
 *
 *	STARTING (a thread makes the domain) → BOOTING (agent greets) → RUNNING ⇄ READY
 *	   any of them → STOPPING (drained, asked, at last destroyed) → gone
 *	   any of them → CRASHED (the domain is gone unasked) → after a pause STARTING again
 *	   RUNNING → SUCCEEDED | FAILED (Job, Never: kept for ps until down)
 */

#include "base/budget.h"
#include "local/agent/agent.h"
#include "local/logs/log_store.h"
#include "local/plan/project_identity.h"
#include "local/plan/project_plan.h"
#include "local/plan/state.h"
#include "local/ports/balancer.h"
#include "local/supervisor/disk_check.h"
#include "local/supervisor/event_ring.h"
#include "local/supervisor/hypervisor.h"
#include "local/supervisor/lifecycle.h"
#include "local/supervisor/network_guard.h"
#include "local/supervisor/reconcile.h"
#include "local/supervisor/service_names.h"
#include "local/supervisor/services.h"
#include "local/supervisor/supervisor.h"
#include "local/supervisor/worker.h"
#include "local/vm/accel.h"
#include "local/vm/network.h"
#include "local/vm/service_network.h"
#include "local/vm/vm_identity.h"

#define BOOT_MAX_STAGES 32

struct instance {
	struct supervisor *supervisor;
	struct instance_status status; /* what everybody sees; name, digests, state … */
	char *egress;		       /* session mode: as in vm_identity.h */
	char *agent_socket;
	unsigned grace_s;
	struct agent *agent;
	struct folder_push **folders; /* host paths that are pushed */
	size_t folder_count;
	bool awaits_release;	   /* its guest has said so */
	bool awaits_files;	   /* the release goes out when they are there */
	char *boot_id;		   /* of the guest's kernel, once it greeted */
	struct loop_timer *timer;  /* STOPPING: patience; CRASHED: pause before the next start */
	uint64_t state_ms;	   /* when it came into its state */
	uint64_t console_size;	   /* of the boots before this one */
	char *end_reason;	   /* its domain is being destroyed because of this; or NULL */
	struct string_list disks;  /* that its VM writes, paths */
	unsigned unanswered;	   /* agent_ping() */
	struct budget says;	   /* of the events that its guest causes */
	unsigned unsaid;	   /* left out of them */
	bool is_leaving;	   /* asked to stop: not to be replaced as itself */
	bool is_replaced;	   /* restart: goes through STOPPING, then starts again */
	bool is_job_running;	   /* a worker job refers to it */
	bool is_ended;		   /* the pod said it is over: do not start again */
	bool has_succeeded;	   /* with is_ended */
	bool has_receipt;	   /* this run is in a receipt */
	bool is_paused;		   /* by libvirt: the host could not write to its disk */
	bool is_suspended;	   /* by somebody */
	bool is_greeted;	   /* its guest spoke since the VM was made */
	bool is_silent;		   /* its guest does not answer: nobody is sent there */
	bool is_guest_ready;	   /* the guest says so */
	enum vm_firmware firmware; /* it was started with */
	uint64_t drain_until_ms;   /* STOPPING: connections may end until then; 0: asked already */
	uint64_t start_ms;	   /* CLOCK_BOOTTIME of the last start */
	uint64_t kernel_start_ms;  /* since start_ms */
	uint64_t uptimes_ms[BOOT_MAX_STAGES]; /* of status.stages, on the guest's clock */
};

/* Session mode: a port of one instance that guests reach by its name (session_names.c). */
struct direct_port {
	char *instance;
	uint16_t port;
	struct balancer_port *balanced; /* without a listener */
};

struct supervisor {
	struct loop *loop;
	char *project;
	int lock_fd;
	struct project_plan plan;
	struct project_identity identity;
	char *scope;	 /* what its things are called in libvirt: project_scope() */
	const char *uri; /* = own_uri */
	char *own_uri;
	bool is_session;
	struct hypervisor *hypervisor;
	struct accel accel;
	struct project_network network;
	bool is_tunnelled;		 /* Services are reached through the agents */
	struct service_network services; /* their addresses; none when tunnelled */
	struct network_guard *guard;	 /* of what guests may send; NULL without root */
	bool lacks_clean_traffic;	 /* and said so */
	bool has_clean_traffic;		 /* without it: libvirt's filter of that name is there */
	struct loop_timer *ports_retry;	 /* of those that somebody else holds */
	struct worker *worker;		 /* for what blocks and is not libvirt */
	struct session_host *sessions;
	char *last_hosts; /* as pushed */
	struct balancer *balancer;
	struct log_store *logs;
	struct event_ring *events;
	struct disk_checks *disk_checks;
	struct control *control;
	struct instance **instances;
	size_t instance_count;
	struct port_run *ports;
	size_t port_count;
	struct direct_port *directs;
	size_t direct_count;
	struct loop_timer *tick;
	struct watch *watch;
	struct metrics *metrics;
	char *last_proxies; /* as sent; session mode */
	bool is_fenced;
	struct string_list readable; /* folders that the fence lets it read */
	bool is_going_down;
	bool is_finishing; /* all VMs are gone; the rest is being removed */
	bool removes_volumes;
	bool waits_for_memory;	/* was said */
	bool waits_for_address; /* likewise */
	bool is_trimmed;	/* since all became ready */
	bool is_dirty;		/* status changed since the clients heard */
};

/* traffic.c: whether NetworkPolicies let a client have a backend; for balancer_port_options. */
bool supervisor_may_reach(const char *client, const char *backend, uint16_t port, bool is_udp,
			  void *arg);

/* instance_vm.c: what slirp_policy.h lets pass, in session mode; owned. */
char *instance_egress_text(const struct pod_plan *pod);

/* supervisor_fence.c: the folders of this machine that a plan's pods are given. */
void supervisor_list_folders(const struct project_plan *plan, struct string_list *ret);
/* False: the user may, and this process's fence does not let it. */
bool supervisor_can_read(const char *path);

/* instance.c */
struct instance *instance_new(struct supervisor *supervisor, const struct pod_plan *pod,
			      unsigned replica);
/* Of a domain that runs already. */
struct instance *instance_adopt(struct supervisor *supervisor, const struct vm_identity *identity,
				const struct hypervisor_domain *domain);
void instance_free(struct instance *instance);
void instance_start(struct instance *instance);
void instance_stop(struct instance *instance, const char *why);
/* Somebody has paused its VM, or lets it go on: its clock has stood still. */
void instance_set_suspended(struct instance *instance, bool is_suspended);
void instance_restart(struct instance *instance, const char *why);
/* At once, without its containers' leave. */
void instance_kill(struct instance *instance);
/* Destroys its VM, which nobody asked for: another one comes in its place. */
void instance_end(struct instance *instance, const char *why);
void instance_set_state(struct instance *instance, enum instance_state state);
void instance_get_facts(const struct instance *instance, struct lifecycle_facts *ret);
/* False: of a network of the project that had another number. */
bool instance_is_on_network(const struct instance *instance);
/* The domain is gone. */
void instance_domain_gone(struct instance *instance, const char *why);
/* A pod is as dirty as its plan says, which a later `up` may take back: the bytes are the same. */
void instance_take_dirt(struct instance *instance);
bool instance_is_current(const struct instance *instance, const struct pod_plan *pod);
/* What the plan wants of it, which below a partition is what was; NULL: nothing. */
const struct pod_plan *instance_plan(const struct instance *instance);
bool instance_is_alive(const struct instance *instance);
/* System mode: of the project's network; owned, or NULL when all are taken. */
char *instance_free_address(const struct supervisor *supervisor);

/* instance_agent.c */
void instance_connect_agent(struct instance *instance);
void instance_drop_agent(struct instance *instance);
void instance_send_release(struct instance *instance);
void instance_start_budget(struct instance *instance);
/* Ready is what its guest says while it answers. */
void instance_update_ready(struct instance *instance);

/* instance_folders.c: pushes what must be there and then sends the release; from `up`. */
void instance_folders_start(struct instance *instance);
void instance_folders_stop(struct instance *instance); /* the agent is down */
void instance_folders_drop(struct instance *instance);

void instance_add_stage(struct instance *instance, const char *name);

/* instance_release.c: the release document of an instance; owned. */
char *instance_release_make(const struct instance *instance, const struct pod_plan *pod);

/* instance_vm.c: the plan of its VM; the caller's to clear. */
void instance_vm_plan(const struct instance *instance, const struct pod_plan *pod,
		      struct vm_plan *ret);
enum vm_firmware instance_firmware(const char *name_or_null);

/* supervisor.c */
struct instance *supervisor_find(struct supervisor *supervisor, const char *instance);
struct instance *supervisor_find_uuid(struct supervisor *supervisor, const char *uuid);
void supervisor_forget(struct supervisor *supervisor, struct instance *instance);
void supervisor_say(struct supervisor *supervisor, bool is_warning, const char *type,
		    const char *object, const char *fmt, ...) PRINTF_LIKE(5, 6);
void supervisor_changed(struct supervisor *supervisor); /* status; reconciles soon */
/* Ends every VM, then the project; is_forced: without waiting for the containers. */
void supervisor_go_down(struct supervisor *supervisor, bool with_volumes, bool is_forced);
/* The error for a name that is neither a pod nor an instance, with what was meant. False. */
bool supervisor_no_pod(const struct supervisor *supervisor, const char *name, struct error *err);
MUST_CHECK bool supervisor_apply(struct supervisor *supervisor, struct error *err);

/* supervisor_watch.c: clocks that jump, guests that fall silent, VMs paused for a full disk. */
struct watch;
struct watch *watch_new(struct supervisor *supervisor);
void watch_free(struct watch *watch);
void watch_paused(struct supervisor *supervisor, struct instance *instance);

/* supervisor_metrics.c: the port that the plan asks for, or none. */
struct metrics;
struct metrics *metrics_new(struct supervisor *supervisor);
void metrics_free(struct metrics *metrics);
void metrics_apply(struct supervisor *supervisor);
/* "127.0.0.1:9464", or NULL where it does not listen. */
const char *metrics_address(const struct supervisor *supervisor);

/* converge.c: gathers the facts, asks reconcile(), does what it says. */
void supervisor_converge(struct supervisor *supervisor);

/* domains.c: what libvirt has against what we know. */
MUST_CHECK bool domains_open(struct supervisor *supervisor, struct error *err);

/* session_names.c: how guests reach each other without a network of the project. */
/* Where `pod`'s replica is in every guest: on its loopback. Owned. */
char *session_instance_address(const struct supervisor *supervisor, const char *pod,
			       unsigned replica);
void session_add_proxies(const struct supervisor *supervisor, struct release *ret);
/* False: no instance of that name has that port. */
MUST_CHECK bool session_tunnel(const struct instance *from, struct agent_stream *stream,
			       const char *instance, uint16_t port);
void session_directs_close(struct supervisor *supervisor);

/* status.c */
void supervisor_status(const struct supervisor *supervisor, struct project_status *ret);

/* control.c */
struct control;
MUST_CHECK struct control *control_open(struct supervisor *supervisor, struct error *err);
void control_close(struct control *control);
void control_update_stats(struct control *control); /* who wants numbers has changed */
void control_notify(struct control *control);	    /* the status or the events changed */
/* libvirt was looked at: hypervisor_look(). */
void control_seen(struct control *control, uint64_t number);

#endif
