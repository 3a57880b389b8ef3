/* SPDX-License-Identifier: Apache-2.0 */
#include "local/client/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"

/*
 * So often may a container or a VM end by itself, half a minute or so: one that needs another pod
 * may end until that is there.
 */
enum { LOOP_RESTARTS = 3 };

void verdict_clear(struct verdict *verdict)
{
	free(verdict->failure);
	free(verdict->missing);
	*verdict = (struct verdict){0};
}

static const struct container_status *find_looping(const struct instance_status *instance,
						   bool while_it_runs)
{
	for (size_t i = 0; i < instance->container_count; i++) {
		const struct container_status *container = &instance->containers[i];
		bool is_running = container->state == CONTAINER_RUNNING;
		bool is_waiting = container->state == CONTAINER_WAITING;
		if (container->restarts < LOOP_RESTARTS || container->is_ready ||
		    container->reason == NULL || (is_running && !while_it_runs) ||
		    (is_waiting && strcmp(container->reason, "CrashLoopBackOff") != 0))
			continue;
		return container;
	}
	return NULL;
}

bool instance_is_looping(const struct instance_status *instance,
			 const struct container_status **ret_container_or_null)
{
	const struct container_status *container = find_looping(instance, true);
	bool has_no_vm =
		instance->state == INSTANCE_CRASHED && instance->start_failures >= LOOP_RESTARTS;

	if (ret_container_or_null != NULL)
		*ret_container_or_null = has_no_vm ? NULL : container;
	return has_no_vm || container != NULL;
}

/* While a container runs, this may be the run that gets ready. */
static bool is_hopeless(const struct instance_status *instance)
{
	return (instance->state == INSTANCE_CRASHED && instance->start_failures >= LOOP_RESTARTS) ||
	       find_looping(instance, false) != NULL;
}

/* A reason is a word, or what was said when something went wrong, which no column holds. */
static bool is_word(const char *reason)
{
	return strchr(reason, ' ') == NULL;
}

const char *instance_state_text(const struct instance_status *instance)
{
	if (instance->is_paused)
		return "Paused";
	if (instance->reason != NULL && instance->state != INSTANCE_READY &&
	    instance->state != INSTANCE_CRASHED)
		return is_word(instance->reason) ? instance->reason : "Crashed";
	for (size_t i = 0; i < instance->container_count; i++) {
		const struct container_status *container = &instance->containers[i];
		bool is_telling = instance->state == INSTANCE_RUNNING ||
				  (instance->state == INSTANCE_BOOTING && container->restarts > 0);
		if (is_telling && container->state == CONTAINER_WAITING &&
		    container->reason != NULL)
			return container->reason;
	}
	/* Between two ends it runs for a moment. */
	if (instance->state == INSTANCE_RUNNING && instance_is_looping(instance, NULL))
		return "CrashLoopBackOff";
	return instance_state_name(instance->state);
}

static bool is_of(const struct instance_status *instance, const struct pod_status *pod)
{
	return strcmp(instance->pod, pod->name) == 0 && !instance->is_outdated &&
	       instance->state != INSTANCE_STOPPING;
}

/* While one that is not ready may still become it, there is hope: it may replace those that end. */
static const struct instance_status *find_hopeless(const struct project_status *status,
						   const struct pod_status *pod)
{
	const struct instance_status *found = NULL;

	for (size_t i = 0; i < status->instance_count; i++) {
		const struct instance_status *instance = &status->instances[i];
		if (!is_of(instance, pod) || instance->is_ready ||
		    instance->state == INSTANCE_SUCCEEDED)
			continue;
		if (!is_hopeless(instance))
			return NULL;
		found = instance;
	}
	return found;
}

static const struct instance_status *find_failed(const struct project_status *status,
						 const struct pod_status *pod)
{
	/* The Job counts those of its pods that fail, and fails when it has enough of them. */
	if (pod->is_job)
		return NULL;
	for (size_t i = 0; i < status->instance_count; i++) {
		if (is_of(&status->instances[i], pod) &&
		    status->instances[i].state == INSTANCE_FAILED)
			return &status->instances[i];
	}
	return NULL;
}

int instance_exit_code(const struct instance_status *instance)
{
	for (size_t i = 0; i < instance->container_count; i++) {
		if (instance->containers[i].exit_code > 0)
			return instance->containers[i].exit_code;
	}
	return 1;
}

static void judge_failed(const struct pod_status *pod, const struct instance_status *instance,
			 struct verdict *verdict)
{
	bool has_code = instance_exit_code(instance) != 1;

	for (size_t i = 0; i < instance->container_count; i++)
		has_code = has_code || instance->containers[i].exit_code == 1;
	verdict->is_final = true;
	verdict->exit_code = instance_exit_code(instance);
	verdict->failure = has_code ? xasprintf("pod '%s' ended with exit code %d", pod->name,
						verdict->exit_code)
				    : xasprintf("pod '%s' failed%s%s", pod->name,
						instance->reason != NULL ? ": " : "",
						instance->reason != NULL ? instance->reason : "");
}

static void judge_job(const struct pod_status *pod, struct verdict *verdict)
{
	verdict->is_final = true;
	verdict->exit_code = pod->exit_code > 0 ? pod->exit_code : 1;
	verdict->failure = pod->exit_code > 0
				   ? xasprintf("pod '%s' ended with exit code %d%s%s", pod->name,
					       pod->exit_code, pod->message != NULL ? ": " : "",
					       pod->message != NULL ? pod->message : "")
				   : xasprintf("pod '%s' failed%s%s", pod->name,
					       pod->message != NULL ? ": " : "",
					       pod->message != NULL ? pod->message : "");
}

static void judge_hopeless(const struct pod_status *pod, const struct instance_status *instance,
			   struct verdict *verdict)
{
	const struct container_status *container = NULL;

	(void)instance_is_looping(instance, &container);
	verdict->exit_code = 1;
	if (container != NULL)
		verdict->failure =
			xasprintf("pod '%s' keeps ending: %s%s%s", pod->name, container->name,
				  container->last_reason != NULL ? ", " : "",
				  container->last_reason != NULL ? container->last_reason : "");
	else
		verdict->failure = xasprintf("pod '%s' keeps ending%s%s", pod->name,
					     instance->reason != NULL ? ": " : "",
					     instance->reason != NULL ? instance->reason : "");
}

static const struct probe_result *failing_probe(const struct instance_status *instance)
{
	const struct probe_result *last =
		instance->probe_count > 0 ? &instance->probes[instance->probe_count - 1] : NULL;

	return last != NULL && !last->is_ok && last->probe != NULL && last->container != NULL
		       ? last
		       : NULL;
}

/* What is between an instance and its being ready. */
static void describe(const struct instance_status *instance, struct strbuf *out)
{
	const struct probe_result *probe = failing_probe(instance);

	switch (instance->state) {
	case INSTANCE_STARTING:
		strbuf_appendf(out, "nothing heard of the VM of %s yet", instance->name);
		return;
	case INSTANCE_CRASHED:
		strbuf_append(out, instance->reason != NULL ? instance->reason : "its VM ended");
		return;
	case INSTANCE_BOOTING:
		if (instance->reason == NULL) {
			strbuf_appendf(out, "%s boots", instance->name);
			break;
		}
		strbuf_appendf(out, "%s %s", instance->name, instance->reason);
		return;
	default:
		strbuf_appendf(out, "%s is not ready", instance->name);
	}
	for (size_t i = 0; i < instance->container_count; i++) {
		const struct container_status *container = &instance->containers[i];
		if (container->state == CONTAINER_RUNNING || container->reason == NULL ||
		    strcmp(container->reason, "Completed") == 0)
			continue;
		strbuf_appendf(out, ", %s: %s", container->name, container->reason);
		if (container->message != NULL)
			strbuf_appendf(out, " (%s)", container->message);
		return;
	}
	if (probe != NULL)
		strbuf_appendf(out, ", %s of %s: %s", probe->probe, probe->container,
			       probe->message != NULL ? probe->message : "fails");
}

static void add_missing(const struct project_status *status, const struct pod_status *pod,
			unsigned count, unsigned desired, struct strbuf *out)
{
	strbuf_appendf(out, "%s%s (%u of %u)", out->size > 0 ? "; " : "", pod->name, count,
		       desired);
	for (size_t i = 0; i < status->instance_count; i++) {
		const struct instance_status *instance = &status->instances[i];
		if (!is_of(instance, pod) || instance->state == INSTANCE_SUCCEEDED ||
		    (pod->is_job ? instance->state == INSTANCE_FAILED : instance->is_ready))
			continue;
		strbuf_append(out, ": ");
		if (instance->is_ready)
			strbuf_appendf(out, "%s runs", instance->name);
		else
			describe(instance, out);
		return;
	}
	if (pod->message != NULL)
		strbuf_appendf(out, ": %s", pod->message);
}

/* A pod of the Job runs or has run, and nothing ails it. */
static bool is_at_work(const struct project_status *status, const struct pod_status *pod)
{
	bool is_any = pod->failed_pods > 0 || pod->succeeded > 0;

	for (size_t i = 0; i < status->instance_count; i++) {
		const struct instance_status *instance = &status->instances[i];
		if (!is_of(instance, pod))
			continue;
		if (instance_is_looping(instance, NULL))
			return false;
		is_any = is_any || instance->state == INSTANCE_READY ||
			 instance->state == INSTANCE_RUNNING;
	}
	return pod->is_job && is_any;
}

static bool is_named(const struct project_status *status, const struct pod_status *pod,
		     const struct string_list *names)
{
	if (names == NULL || names->count == 0 || string_list_has(names, pod->name))
		return true;
	for (size_t i = 0; i < status->instance_count; i++) {
		if (strcmp(status->instances[i].pod, pod->name) == 0 &&
		    string_list_has(names, status->instances[i].name))
			return true;
	}
	return false;
}

static bool has_all_ended(const struct project_status *status, const struct pod_status *pod)
{
	unsigned ended = 0;

	if (pod->is_job)
		return pod->job_end != JOB_RUNNING || pod->desired == 0;
	for (size_t i = 0; i < status->instance_count; i++) {
		const struct instance_status *instance = &status->instances[i];
		ended += is_of(instance, pod) && (instance->state == INSTANCE_SUCCEEDED ||
						  instance->state == INSTANCE_FAILED);
	}
	return ended >= pod->desired && pod->desired > 0;
}

/* A pod whose published port somebody else holds is not there for those it is for. */
static void add_missing_ports(const struct project_status *status, const struct string_list *names,
			      struct verdict *ret, struct strbuf *out)
{
	for (size_t i = 0; i < status->port_count; i++) {
		const struct port_status *port = &status->ports[i];
		bool is_asked = names == NULL || names->count == 0;
		for (size_t k = 0; !is_asked && k < names->count; k++)
			is_asked = port_status_serves(port, names->items[k]);
		if (!is_asked || port->wanted_host_port == 0 || port->host_port != 0)
			continue;
		ret->is_reached = false;
		ret->is_at_work = false;
		strbuf_appendf(out, "%s%s", out->size > 0 ? "; " : "",
			       port->problem != NULL ? port->problem : port->service);
	}
}

void verdict_make(const struct project_status *status, const struct string_list *names,
		  struct verdict *ret)
{
	AUTO(strbuf_clear) struct strbuf missing = STRBUF_INIT;
	bool is_any = false;

	*ret = (struct verdict){.is_reached = true, .has_ended = true, .is_at_work = true};
	for (size_t i = 0; i < status->pod_count; i++) {
		const struct pod_status *pod = &status->pods[i];
		const struct instance_status *instance = NULL;
		/* A CronJob's runs come and go: who waits for all does not mean them. */
		if (!is_named(status, pod, names) ||
		    (pod->cron_of != NULL && (names == NULL || names->count == 0)))
			continue;
		is_any = true;
		ret->has_ended = ret->has_ended && has_all_ended(status, pod);
		unsigned count = pod->ready; /* of a Job: those that are done */
		if (pod->is_job && pod->job_end == JOB_FAILED && ret->failure == NULL)
			judge_job(pod, ret);
		if (ret->failure == NULL && (instance = find_failed(status, pod)) != NULL)
			judge_failed(pod, instance, ret);
		if (count >= pod->desired)
			continue;
		ret->is_reached = false;
		ret->is_at_work = ret->is_at_work && is_at_work(status, pod);
		if (ret->failure == NULL && (instance = find_hopeless(status, pod)) != NULL)
			judge_hopeless(pod, instance, ret);
		add_missing(status, pod, count, pod->desired, &missing);
	}
	add_missing_ports(status, names, ret, &missing);
	ret->is_reached = ret->is_reached && is_any && ret->failure == NULL;
	ret->has_ended = ret->has_ended && is_any;
	ret->is_at_work = ret->is_at_work && is_any && !ret->is_reached;
	if (missing.size > 0)
		ret->missing = strbuf_take(&missing);
}

static bool is_selected(const char *name, const struct string_list *selectors)
{
	for (size_t i = 0; i < selectors->count; i++) {
		size_t size = strcspn(selectors->items[i], "/");
		if (strlen(name) == size && strncmp(name, selectors->items[i], size) == 0)
			return true;
	}
	return selectors->count == 0;
}

static bool is_job_over(const struct project_status *status, const char *name)
{
	for (size_t i = 0; i < status->pod_count; i++) {
		const struct pod_status *pod = &status->pods[i];
		if (pod->is_job && strcmp(pod->name, name) == 0)
			return pod->job_end != JOB_RUNNING;
	}
	return true;
}

bool status_has_ended(const struct project_status *status, const struct string_list *selectors)
{
	bool is_any = false;

	for (size_t i = 0; i < status->instance_count; i++) {
		const struct instance_status *instance = &status->instances[i];
		if (!is_selected(instance->name, selectors) &&
		    !is_selected(instance->pod, selectors))
			continue;
		/* Another try of a Job may come after one that is over. */
		if ((instance->state != INSTANCE_SUCCEEDED && instance->state != INSTANCE_FAILED) ||
		    !is_job_over(status, instance->pod))
			return false;
		is_any = true;
	}
	for (size_t i = 0; i < status->pod_count; i++) {
		const struct pod_status *pod = &status->pods[i];
		/* Its next run comes when it is due. */
		if (pod->cron.schedule != NULL && is_selected(pod->name, selectors))
			return false;
		is_any = is_any || (pod->is_job && pod->job_end != JOB_RUNNING &&
				    string_list_has(selectors, pod->name));
	}
	return is_any && status->is_supervised;
}
