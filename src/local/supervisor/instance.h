/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_INSTANCE_H
#define I2KIT_LOCAL_SUPERVISOR_INSTANCE_H

/*
 * One VM of a pod. It lives like this; whatever happens to its VM, one of these is true of it:
 *
 *	STARTING (a thread makes the domain) → BOOTING (agent greets) → RUNNING ⇄ READY
 *	   any of them → STOPPING (drained, asked, at last destroyed) → gone
 *	   any of them → CRASHED (the domain is gone unasked) → after a pause STARTING again
 *	   RUNNING → SUCCEEDED | FAILED (Job, Never: kept for ps until down)
 */

#include "base/budget.h"
#include "local/plan/state.h"
#include "local/vm/vm_plan.h"

struct agent;
struct folder_push;
struct hypervisor_domain;
struct lifecycle_facts;
struct loop_timer;
struct pod_plan;
struct supervisor;
struct vm_identity;

#define BOOT_MAX_STAGES 32

struct instance {
	struct supervisor *supervisor;
	struct instance_status status; /* what everybody sees; name, digests, state … */
	char *egress;		       /* session mode: as in vm_identity.h */
	char *agent_socket;
	char *last_hosts; /* names as they were sent to its guest; NULL: not since it greeted */
	unsigned grace_s;
	struct agent *agent;
	struct folder_push **folders; /* host paths that are pushed */
	size_t folder_count;
	bool awaits_release;	   /* its guest has said so */
	bool is_held;		   /* start_hold.h: its containers wait, status.reason says why */
	bool is_let_go;		   /* and will not again */
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
	bool goes_cold;		   /* its start from a template came to nothing */
	struct digest template;	   /* that it goes on from; none: it booted */
	bool is_lost;		   /* FAILED: with its VM, and nobody had asked for that */
	int64_t ended_ns;	   /* SUCCEEDED, FAILED: since then */
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
/*
 * Files of this machine are about to go into it: from now on it is not what its image holds, and no
 * later `up` takes that back; only another VM in its place. False: that could not be recorded.
 */
MUST_CHECK bool instance_take_sync(struct instance *instance, struct error *err);
bool instance_is_current(const struct instance *instance, const struct pod_plan *pod);
/* What the plan wants of it, which below a partition is what was; NULL: nothing. */
const struct pod_plan *instance_plan(const struct instance *instance);
bool instance_is_alive(const struct instance *instance);
/* System mode: of the project's network; owned, or NULL when all are taken. */
char *instance_free_address(const struct supervisor *supervisor);

#endif
