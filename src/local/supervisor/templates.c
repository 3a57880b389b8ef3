/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/templates.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/loop_timer.h"
#include "base/string_list.h"
#include "local/agent/agent.h"
#include "local/supervisor/converge.h"
#include "local/supervisor/hypervisor.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/instance_vm.h"
#include "local/supervisor/supervisor_parts.h"

enum { QUIET_MS = 10000, NEXT_MS = 1000, ANSWER_MS = 180000, CLOSE_MS = 50 };

enum step { IDLE, BOOTING, TALKING, CLOSING, SAVING, ENDING };

struct templates {
	struct supervisor *supervisor;
	struct loop_timer *timer;
	enum step step;
	bool is_armed;		    /* IDLE: the timer runs */
	struct template_work *work; /* NULL: IDLE */
	char *pod;		    /* whose like it is */
	char *failure;		    /* why nothing comes of it; or NULL */
	struct agent *agent;
	struct string_list handled; /* names of machines that were seen to */
};

/* What tells one pod's machine from another's, as far as a plan knows. Owned. */
static char *name_of(const struct supervisor *supervisor, const struct pod_plan *pod)
{
	return xasprintf("%s %s %llu %u %llu %d", pod->name, DIGEST_TEXT(&pod->release.image),
			 (unsigned long long)pod->memory_bytes, pod->cpu_count,
			 (unsigned long long)pod->scratch_bytes, supervisor->accel.is_kvm);
}

static struct instance *instance_of(const struct supervisor *supervisor, const struct pod_plan *pod)
{
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		struct instance *instance = supervisor->instances[i];
		if (strcmp(instance->status.pod, pod->name) == 0 && instance->status.is_ready &&
		    instance_is_current(instance, pod))
			return instance;
	}
	return NULL;
}

/* The next pod without a template, with an instance to be like; NULL: all were seen to. */
static const struct pod_plan *next_pod(const struct templates *templates,
				       struct instance **ret_instance)
{
	const struct supervisor *supervisor = templates->supervisor;

	for (size_t i = 0; i < supervisor->plan.pod_count; i++) {
		const struct pod_plan *pod = &supervisor->plan.pods[i];
		AUTO_FREE char *name = name_of(supervisor, pod);
		struct instance *instance = instance_of(supervisor, pod);
		if (pod->is_dirty || pod->run_container != NULL || instance == NULL ||
		    string_list_has(&templates->handled, name))
			continue;
		*ret_instance = instance;
		return pod;
	}
	return NULL;
}

static bool is_wanted(const struct templates *templates)
{
	const struct supervisor *supervisor = templates->supervisor;
	struct instance *instance = NULL;

	return !supervisor->plan.is_cold && !supervisor->is_going_down &&
	       next_pod(templates, &instance) != NULL;
}

static void become_idle(struct templates *templates)
{
	template_work_free(TAKE_PTR(templates->work));
	free(TAKE_PTR(templates->pod));
	free(TAKE_PTR(templates->failure));
	templates->step = IDLE;
	templates->is_armed = false;
	loop_timer_cancel(templates->timer);
	if (is_wanted(templates)) {
		loop_timer_set(templates->timer, NEXT_MS);
		templates->is_armed = true;
	}
	supervisor_changed(templates->supervisor);
}

static void on_ended(struct error *err_or_null, void *arg)
{
	struct templates *templates = arg;

	(void)err_or_null;
	if (templates->failure != NULL)
		supervisor_say(templates->supervisor, false, "NoTemplate", templates->pod, "%s",
			       templates->failure);
	become_idle(templates);
}

/* failure_or_null: nothing comes of it. */
static void end(struct templates *templates, const char *failure_or_null)
{
	free(templates->failure);
	templates->failure = xstrdup_or_null(failure_or_null);
	agent_free(TAKE_PTR(templates->agent));
	loop_timer_cancel(templates->timer);
	templates->step = ENDING;
	hypervisor_template(templates->supervisor->hypervisor, template_vm_end, templates->work,
			    on_ended, templates);
}

static void on_saved(struct error *err_or_null, void *arg)
{
	struct templates *templates = arg;
	const struct template_entry *made = &templates->work->made;

	if (err_or_null == NULL)
		supervisor_say(templates->supervisor, false, "Template", templates->pod,
			       "saved as template %.12s, %llu MiB: its next VMs start warm",
			       made->key, (unsigned long long)(template_entry_bytes(made) >> 20));
	end(templates, err_or_null != NULL ? err_or_null->message : NULL);
}

static void on_templated(struct agent *agent, const char *refusal_or_null, void *arg)
{
	struct templates *templates = arg;

	(void)agent;
	if (templates->step != TALKING)
		return;
	if (refusal_or_null != NULL) {
		end(templates, refusal_or_null);
		return;
	}
	/* Its channel is closed first, and its guest gets to know: those that go on find it so. */
	agent_free(TAKE_PTR(templates->agent));
	templates->step = CLOSING;
	loop_timer_set(templates->timer, CLOSE_MS);
}

static void on_up(struct agent *agent, const char *state, const char *boot_id, void *arg)
{
	struct templates *templates = arg;
	AUTO(error_clear) struct error problem = ERROR_INIT;

	(void)state;
	(void)boot_id;
	if (!agent_send_template(agent, &problem))
		end(templates, problem.message);
}

static void on_refused(struct agent *agent, const char *why, void *arg)
{
	(void)agent;
	end(arg, why);
}

static void on_booted(struct error *err_or_null, void *arg)
{
	static const struct agent_handler handler = {
		.up = on_up, .refused = on_refused, .templated = on_templated};
	struct templates *templates = arg;

	/* What can be of no template says so where somebody asks: why. */
	if (err_or_null != NULL)
		log_verbose("%s: no template: %s", templates->pod, err_or_null->message);
	if (err_or_null != NULL || templates->work->is_there ||
	    templates->supervisor->is_going_down) {
		bool is_fault = err_or_null != NULL && err_or_null->kind != ERROR_UNSUPPORTED;
		end(templates, is_fault ? err_or_null->message : NULL);
		return;
	}
	templates->step = TALKING;
	templates->agent = agent_new(templates->supervisor->loop, "template",
				     templates->work->vm.agent_socket, &handler, templates);
	loop_timer_set(templates->timer, ANSWER_MS);
}

/* Another VM for a while: never at the cost of those that are wanted. */
static bool has_memory(const struct pod_plan *pod)
{
	return converge_available_memory() / 3 > pod->memory_bytes;
}

static void begin(struct templates *templates)
{
	struct supervisor *supervisor = templates->supervisor;
	struct instance *instance = NULL;
	const struct pod_plan *pod = next_pod(templates, &instance);

	templates->is_armed = false;
	if (pod == NULL || !is_wanted(templates) || !has_memory(pod) ||
	    !hypervisor_is_connected(supervisor->hypervisor))
		return;
	string_list_take(&templates->handled, name_of(supervisor, pod));
	templates->pod = xstrdup(pod->name);
	templates->work = xcalloc(1, sizeof(*templates->work));
	templates->work->scope = xstrdup(supervisor->scope);
	instance_vm_plan(instance, pod, &templates->work->vm);
	templates->step = BOOTING;
	hypervisor_template(supervisor->hypervisor, template_vm_boot, templates->work, on_booted,
			    templates);
}

static void on_timer(struct loop_timer *timer, void *arg)
{
	struct templates *templates = arg;

	(void)timer;
	if (templates->step == IDLE) {
		begin(templates);
	} else if (templates->step == TALKING) {
		end(templates, "its guest does not answer");
	} else if (templates->step == CLOSING) {
		templates->step = SAVING;
		hypervisor_template(templates->supervisor->hypervisor, template_vm_save,
				    templates->work, on_saved, templates);
	}
}

void templates_update(struct supervisor *supervisor)
{
	struct templates *templates = supervisor->templates;

	if (templates->step == TALKING && supervisor->is_going_down) {
		end(templates, NULL);
	} else if (templates->step == IDLE && !converge_is_quiet(supervisor)) {
		loop_timer_cancel(templates->timer);
		templates->is_armed = false;
	} else if (templates->step == IDLE && !templates->is_armed && is_wanted(templates)) {
		loop_timer_set(templates->timer, QUIET_MS);
		templates->is_armed = true;
	}
}

void templates_used(struct supervisor *supervisor, const struct template_use *use)
{
	/* What was there may be gone. */
	if (!use->is_warm && digest_is_set(&use->key))
		string_list_clear(&supervisor->templates->handled);
}

bool templates_are_idle(const struct supervisor *supervisor)
{
	return supervisor->templates->step == IDLE;
}

struct templates *templates_new(struct supervisor *supervisor)
{
	struct templates *templates = xcalloc(1, sizeof(*templates));

	templates->supervisor = supervisor;
	templates->timer = loop_add_timer(supervisor->loop, QUIET_MS, on_timer, templates);
	loop_timer_cancel(templates->timer);
	return templates;
}

void templates_free(struct templates *templates)
{
	if (templates == NULL)
		return;
	agent_free(templates->agent);
	loop_timer_remove(templates->timer);
	template_work_free(templates->work);
	string_list_clear(&templates->handled);
	free(templates->pod);
	free(templates->failure);
	free(templates);
}
