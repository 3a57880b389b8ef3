/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/kubelet/kubelet_probe.h"

#include "guest/kubelet/kubelet_parts.h"

#include "base/alloc.h"

/*
 * Until its first success a startup or readiness probe is tried every 100 ms at first, then at
 * growing pauses up to its period, so that a pod is ready when it is and not up to ten seconds
 * later. Only failures that the specification would have seen are counted.
 */
#define FAST_MS 100

const char *probe_kind_name(enum probe_kind kind)
{
	static const char *const names[PROBE_KINDS] = {"startup", "readiness", "liveness"};
	return names[kind];
}

const struct probe_spec *unit_probe_spec(const struct unit *unit, enum probe_kind kind)
{
	const struct container_image *image = unit->image;
	if (kind == PROBE_STARTUP)
		return &image->startup;
	return kind == PROBE_READINESS ? &image->readiness : &image->liveness;
}

static bool has_probe(const struct unit *unit, enum probe_kind kind)
{
	return unit_probe_spec(unit, kind)->check.type != CHECK_NONE;
}

static void schedule(struct unit *unit, enum probe_kind kind, uint64_t now_ms)
{
	const struct probe_spec *spec = unit_probe_spec(unit, kind);
	uint64_t first = unit->started_ms + spec->initial_delay_ms;
	unit->probes[kind] = (struct probe_state){.next_ms = NEVER};
	if (!has_probe(unit, kind))
		return;
	unit->probes[kind].next_ms = first > now_ms ? first : now_ms;
	unit->probes[kind].counted_ms = unit->probes[kind].next_ms;
	unit->probes[kind].fast_ms = FAST_MS;
}

static void begin_steady(struct unit *unit, uint64_t now_ms)
{
	unit->is_started = true;
	schedule(unit, PROBE_READINESS, now_ms);
	schedule(unit, PROBE_LIVENESS, now_ms);
}

void probes_begin(struct kubelet *kubelet, size_t container, uint64_t now_ms)
{
	struct unit *unit = &kubelet->units[container];
	if (has_probe(unit, PROBE_STARTUP))
		schedule(unit, PROBE_STARTUP, now_ms);
	else
		begin_steady(unit, now_ms);
}

void probes_stop(struct unit *unit)
{
	for (int kind = 0; kind < PROBE_KINDS; kind++)
		unit->probes[kind] = (struct probe_state){.next_ms = NEVER};
	unit->is_started = false;
	unit->has_post_started = false;
}

void probes_advance(struct kubelet *kubelet, size_t container, uint64_t now_ms)
{
	struct unit *unit = &kubelet->units[container];
	for (int kind = 0; unit->state == UNIT_RUNNING && kind < PROBE_KINDS; kind++) {
		struct probe_state *probe = &unit->probes[kind];
		if (probe->is_running || probe->next_ms > now_ms)
			continue;
		probe->is_running = true;
		kubelet_push(kubelet, ACTION_PROBE, container)->probe = (enum probe_kind)kind;
	}
}

uint64_t probes_next_ms(const struct unit *unit)
{
	uint64_t next = NEVER;
	for (int kind = 0; unit->state == UNIT_RUNNING && kind < PROBE_KINDS; kind++) {
		const struct probe_state *probe = &unit->probes[kind];
		if (!probe->is_running && probe->next_ms < next)
			next = probe->next_ms;
	}
	return next;
}

bool unit_is_ready(const struct unit *unit)
{
	if (unit->state != UNIT_RUNNING || !unit->is_started || !unit->has_post_started)
		return false;
	return !has_probe(unit, PROBE_READINESS) || unit->probes[PROBE_READINESS].is_ok;
}

static void report(struct kubelet *kubelet, size_t container, enum probe_kind kind, bool is_ok,
		   const char *message)
{
	struct kubelet_action *action = kubelet_push(kubelet, ACTION_REPORT_PROBE, container);
	action->probe = kind;
	action->is_ok = is_ok;
	action->message = xstrdup(message != NULL ? message : "");
}

static void take_success(struct kubelet *kubelet, size_t container, enum probe_kind kind,
			 uint64_t now_ms, const char *message)
{
	struct unit *unit = &kubelet->units[container];
	struct probe_state *probe = &unit->probes[kind];
	const struct probe_spec *spec = unit_probe_spec(unit, kind);
	probe->successes++;
	bool is_recovered = probe->failures > 0;
	probe->failures = 0;
	probe->next_ms = now_ms + spec->period_ms;
	if (probe->successes < spec->success_threshold || (probe->is_ok && !is_recovered))
		return;
	probe->has_succeeded = true;
	probe->is_ok = true;
	report(kubelet, container, kind, true, message);
	if (kind == PROBE_STARTUP) {
		probe->next_ms = NEVER;
		begin_steady(unit, now_ms);
	}
}

static void take_failure(struct kubelet *kubelet, size_t container, enum probe_kind kind,
			 uint64_t now_ms, const char *message)
{
	struct unit *unit = &kubelet->units[container];
	struct probe_state *probe = &unit->probes[kind];
	const struct probe_spec *spec = unit_probe_spec(unit, kind);
	probe->successes = 0;
	bool is_fast = !probe->has_succeeded && kind != PROBE_LIVENESS;
	probe->next_ms = now_ms + (is_fast && probe->fast_ms < spec->period_ms ? probe->fast_ms
									       : spec->period_ms);
	probe->fast_ms = probe->fast_ms * 3 / 2;
	if (is_fast && now_ms < probe->counted_ms)
		return;
	probe->counted_ms += spec->period_ms;
	probe->failures++;
	report(kubelet, container, kind, false, message);
	if (probe->failures < spec->failure_threshold)
		return;
	probe->is_ok = false;
	if (kind == PROBE_READINESS)
		return;
	uint64_t grace = spec->grace_ms >= 0 ? (uint64_t)spec->grace_ms : kubelet->pod->grace_ms;
	kubelet_stop_unit(kubelet, container, now_ms, grace);
}

void kubelet_probed(struct kubelet *kubelet, size_t container, enum probe_kind probe,
		    uint64_t now_ms, bool is_ok, const char *message)
{
	struct unit *unit = &kubelet->units[container];
	/* An answer of an earlier run means nothing. */
	if (unit->state != UNIT_RUNNING || !unit->probes[probe].is_running)
		return;
	unit->probes[probe].is_running = false;
	if (is_ok)
		take_success(kubelet, container, probe, now_ms, message);
	else
		take_failure(kubelet, container, probe, now_ms, message);
	kubelet_tick(kubelet, now_ms);
}
