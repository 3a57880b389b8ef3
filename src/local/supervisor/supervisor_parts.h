/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_SUPERVISOR_PARTS_H
#define I2KIT_LOCAL_SUPERVISOR_SUPERVISOR_PARTS_H

/*
 * What the supervisor's files share. Decisions are pure: reconcile.c (what is wanted against what
 * is there), lifecycle.c (what becomes of one VM). Others gather facts and carry out: converge.c,
 * domains.c (what libvirt has), instance.c (one VM), supervisor_watch.c (who is silent or late),
 * services.c (ports, names), control.c (clients), supervisor.c (life).
 */

#include "local/plan/project_identity.h"
#include "local/plan/project_plan.h"
#include "local/supervisor/job_state.h"
#include "local/supervisor/services.h"
#include "local/vm/accel.h"
#include "local/vm/network.h"
#include "local/vm/service_network.h"

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
	struct templates *templates;
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
	struct run_session *runs;     /* run_session.h */
	struct loop_timer *run_timer; /* or NULL */
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
	struct job_states jobs;
	struct crons *crons;	       /* crons.h; NULL: none yet */
	struct loop_timer *jobs_timer; /* when a Job has something to do again */
	struct loop_timer *tick;
	struct watch *watch;
	struct metrics *metrics;
	struct proxy *proxy;
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
/* Another one in memory; *plan becomes the one before, of which nothing is in use afterwards. */
void supervisor_replace_plan(struct supervisor *supervisor, struct project_plan *plan);
MUST_CHECK bool supervisor_apply(struct supervisor *supervisor, struct error *err);
/* False, and another supervisor has to begin: a plan's pods are given what the fence keeps out. */
MUST_CHECK bool supervisor_check_readable(struct supervisor *supervisor,
					  const struct project_plan *plan, struct error *err);

#endif
