/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_KUBELET_KUBELET_PARTS_H
#define I2KIT_GUEST_KUBELET_KUBELET_PARTS_H

/* What kubelet.c, kubelet_unit.c and kubelet_probe.c share; nobody else includes this. */

#include "guest/kubelet/kubelet.h"

#define NEVER		  UINT64_MAX
#define START_FAILED_CODE 128

struct probe_state {
	uint64_t next_ms;    /* NEVER: not now */
	uint64_t counted_ms; /* a failure from then on counts */
	uint64_t fast_ms;    /* pause before the next try while it never succeeded */
	unsigned successes;  /* in a row */
	unsigned failures;   /* counted ones in a row */
	bool is_running;
	bool has_succeeded; /* in this run of the container */
	bool is_ok;
};

enum unit_state {
	UNIT_IDLE,
	UNIT_STARTING,
	UNIT_RUNNING,
	UNIT_STOPPING,
	UNIT_WAITING,
	UNIT_ENDED,
};

struct unit {
	const struct container_image *image;
	enum unit_state state;
	uint64_t started_ms;
	uint64_t due_ms;      /* WAITING: start then */
	uint64_t kill_ms;     /* STOPPING: kill then */
	bool is_hook_running; /* preStop */
	bool is_signalled;
	bool is_stop_wanted;	/* while STARTING */
	bool is_restart_wanted; /* its end is followed by a start, whatever the policy */
	uint64_t wanted_grace_ms;
	bool has_post_started; /* the postStart hook is over, or there is none */
	bool is_started;       /* the startup probe succeeded, or there is none */
	unsigned restarts;
	unsigned streak; /* restarts in a row without ten good minutes */
	int exit_code;	 /* of the last end; -1: none yet */
	struct probe_state probes[PROBE_KINDS];
};

enum pod_stage { STAGE_NEW, STAGE_INIT, STAGE_MAIN, STAGE_ENDING, STAGE_ENDED };

struct kubelet {
	const struct pod_image *pod;
	struct unit *units;
	enum pod_stage stage;
	uint64_t begun_ms;
	bool is_leaving;	  /* it goes on, and is not ready whatever its containers are */
	uint64_t end_deadline_ms; /* ENDING: everything is killed then */
	const char *phase;	  /* the one it ends with, once ENDING */
	const char *reason;
	int exit_code;
	bool is_ready;
	bool is_running_reported;
	struct kubelet_action *actions; /* a queue */
	size_t action_count;
	size_t action_first;
};

struct kubelet_action *kubelet_push(struct kubelet *kubelet, enum action_type type,
				    size_t container);
/* The pod ends; what was begun before stays the reason. */
void kubelet_begin_ending(struct kubelet *kubelet, uint64_t now_ms, uint64_t grace_ms,
			  const char *phase, const char *reason);
void unit_report_start_error(struct kubelet *kubelet, size_t container,
			     const char *message_or_null);
void unit_start(struct kubelet *kubelet, size_t container);
/* Does what is due of one container. */
void unit_advance(struct kubelet *kubelet, size_t container, uint64_t now_ms);
void kubelet_stop_unit(struct kubelet *kubelet, size_t container, uint64_t now_ms,
		       uint64_t grace_ms);

const struct probe_spec *unit_probe_spec(const struct unit *unit, enum probe_kind kind);
/* The container runs: its probes begin. */
void probes_begin(struct kubelet *kubelet, size_t container, uint64_t now_ms);
void probes_stop(struct unit *unit);
/* Pushes the probes that are due. */
void probes_advance(struct kubelet *kubelet, size_t container, uint64_t now_ms);
uint64_t probes_next_ms(const struct unit *unit);
bool unit_is_ready(const struct unit *unit);

#endif
