/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_KUBELET_KUBELET_H
#define I2KIT_GUEST_KUBELET_KUBELET_H

/*
 * What a pod's containers do when, as Kubernetes would have it: a step machine without a clock, a
 * process or a socket of its own. Whoever runs it tells what happened and at which millisecond,
 * then carries out the actions it takes out, in order, and calls kubelet_tick() when it wants to
 * be.
 *
 *	unit:	IDLE → STARTING → RUNNING → STOPPING → (WAITING → STARTING …) | ENDED
 *	pod:	INIT (one init container after the other) → MAIN → ENDING → ENDED
 */

#include "wire/pod_document.h"

enum probe_kind { PROBE_STARTUP, PROBE_READINESS, PROBE_LIVENESS, PROBE_KINDS };

enum action_type {
	ACTION_START,  /* start container; answer with kubelet_started() */
	ACTION_SIGNAL, /* send signal to the container's first process */
	ACTION_PROBE,  /* run probe; answer with kubelet_probed() */
	ACTION_HOOK,   /* run postStart or preStop; answer with kubelet_hook_done() */
	ACTION_REPORT_CONTAINER,
	ACTION_REPORT_PROBE,
	ACTION_REPORT_READY,
	ACTION_REPORT_POD,
	ACTION_END, /* nothing runs any more: the VM may go */
};

struct kubelet_action {
	enum action_type type;
	size_t container; /* index in the pod image */
	int signal;
	enum probe_kind probe;
	bool is_post_start; /* ACTION_HOOK: else preStop */
	bool is_ok;	    /* REPORT_PROBE, REPORT_READY */
	const char *state;  /* REPORT_CONTAINER: "waiting", "running", "terminated" */
	const char *reason; /* REPORT_CONTAINER, REPORT_POD; may be NULL */
	const char *phase;  /* REPORT_POD */
	int exit_code;	    /* REPORT_CONTAINER, REPORT_POD; -1: none */
	int ended_by;	    /* REPORT_CONTAINER: signal; 0: none */
	unsigned restarts;
	uint64_t next_start_ms; /* REPORT_CONTAINER waiting: so long from now; 0: none */
	bool has_log_sequence;	/* REPORT_CONTAINER running: guest_event.log_sequence */
	uint64_t log_sequence;	/* whoever carries it out fills these in */
	char *message;		/* owned by the action; or NULL */
};
void kubelet_action_clear(struct kubelet_action *action);

struct kubelet;

/* pod must outlive it. */
struct kubelet *kubelet_new(const struct pod_image *pod);
void kubelet_free(struct kubelet *kubelet);

void kubelet_begin(struct kubelet *kubelet, uint64_t now_ms);
struct unit_end {
	int exit_code; /* 128 + signal where a signal ended it */
	int signal;
	bool is_oom;
	const char *message; /* the termination message, or NULL */
};
/* Not ready from now on, whatever its containers are; they go on. */
void kubelet_leave(struct kubelet *kubelet, uint64_t now_ms);
/* grace_ms < 0: the pod's own. A second call may only shorten it. */
void kubelet_shutdown(struct kubelet *kubelet, uint64_t now_ms, int64_t grace_ms);
void kubelet_tick(struct kubelet *kubelet, uint64_t now_ms);

/* The oldest action not taken yet; false when there is none. */
bool kubelet_next_action(struct kubelet *kubelet, struct kubelet_action *ret);
/* When kubelet_tick() is due; UINT64_MAX: not at all. */
uint64_t kubelet_next_tick_ms(const struct kubelet *kubelet);
bool kubelet_is_running(const struct kubelet *kubelet, size_t container);
/* Every main container was started at least once. */
bool kubelet_phase_is_running(const struct kubelet *kubelet);
/* The pod cannot run at all: each main container's start failed for that, and it ends as Failed. */
void kubelet_fail(struct kubelet *kubelet, uint64_t now_ms, const char *reason,
		  const char *message);
const char *kubelet_phase(const struct kubelet *kubelet); /* as in the pod event */

#endif
