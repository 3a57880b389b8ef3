/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_RECONCILE_H
#define I2KIT_LOCAL_SUPERVISOR_RECONCILE_H

/*
 * What is wanted against what is there: reconcile(plan, facts) → the next steps, and no more. Pure:
 * facts are gathered and steps are taken by converge.c; asked again whenever anything changed, it
 * answers with nothing once all is as the plan says.
 */

#include "base/string_list.h"
#include "local/plan/project_plan.h"
#include "local/plan/state.h"

struct reconcile_instance {
	const char *pod;
	unsigned replica;
	enum instance_state state;
	bool is_ready;
	bool is_leaving;     /* asked to go already */
	bool is_current;     /* what it runs is what the plan says */
	bool awaits_release; /* its guest is up and has got no release yet */
	bool takes_place;    /* among those that start: lifecycle_takes_place() */
	uint64_t memory_bytes;
	const struct string_list *disks; /* that it writes, paths; NULL: none */
};

/* What a Job wants, decided before (job_step.h). */
struct reconcile_job {
	bool is_decided;
	const unsigned *starts; /* replicas */
	size_t start_count;
	size_t *stops; /* indexes into the facts */
	size_t stop_count;
	const char *why; /* of the stops; static */
};

struct reconcile_facts {
	const struct reconcile_instance *instances;
	size_t count;
	const struct reconcile_job *jobs; /* of the plan's pods, by their places; NULL: no Jobs */
	uint64_t available_bytes;	  /* of the host's memory; UINT64_MAX: unknown */
	uint64_t overhead_bytes;	  /* of each VM */
	unsigned places;		  /* so many start at once */
	unsigned addresses;		  /* so many are free; UINT_MAX: none is needed */
	bool is_going_down;
};

enum reconcile_step {
	RECONCILE_START,      /* a VM for pod and replica */
	RECONCILE_STOP,	      /* instance, because of why */
	RECONCILE_NO_MEMORY,  /* pod has to wait for so many bytes */
	RECONCILE_NO_ADDRESS, /* pod has to wait for an address */
};

struct reconcile_action {
	enum reconcile_step step;
	const struct pod_plan *pod; /* START, NO_…; of the plan */
	unsigned replica;	    /* START */
	size_t instance;	    /* STOP: index into the facts */
	const char *why;	    /* STOP; static */
	uint64_t needed_bytes;	    /* NO_MEMORY */
};

struct reconcile_actions {
	struct reconcile_action *items;
	size_t count;
};
void reconcile_actions_clear(struct reconcile_actions *actions);

void reconcile(const struct project_plan *plan, const struct reconcile_facts *facts,
	       struct reconcile_actions *ret);

/* The disks that a replica of the pod writes, paths. */
void reconcile_disks(const struct project_plan *plan, const struct pod_plan *pod, unsigned replica,
		     struct string_list *ret);

#endif
