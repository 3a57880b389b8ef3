/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libvirt has against what we know: looked at every few seconds and after each event, so that
 * an event that was missed, or came while nobody looked, makes a difference of seconds at most.
 */
#include "local/supervisor/domains.h"

#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "local/supervisor/control.h"
#include "local/supervisor/hypervisor.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/supervisor_network.h"
#include "local/supervisor/supervisor_parts.h"
#include "local/supervisor/supervisor_watch.h"
#include "local/vm/vm_identity.h"

static const char *gone_reason(int detail)
{
	switch (detail) {
	case VIR_DOMAIN_EVENT_STOPPED_CRASHED:
		return "the guest crashed";
	case VIR_DOMAIN_EVENT_STOPPED_FAILED:
		return "QEMU was killed or failed";
	case VIR_DOMAIN_EVENT_STOPPED_DESTROYED:
		return "the VM was destroyed from outside";
	default:
		return "the guest powered off";
	}
}

/* libvirt tells what it did; what else is so shows in the next view. */
static void on_event(const char *uuid, int event, int detail, void *arg)
{
	struct supervisor *supervisor = arg;
	struct instance *instance = supervisor_find_uuid(supervisor, uuid);

	if (instance == NULL)
		return;
	if (event == VIR_DOMAIN_EVENT_SUSPENDED && detail == VIR_DOMAIN_EVENT_SUSPENDED_IOERROR)
		watch_paused(supervisor, instance);
	else if (event == VIR_DOMAIN_EVENT_SUSPENDED)
		instance_set_suspended(instance, true);
	else if (event == VIR_DOMAIN_EVENT_RESUMED)
		instance_set_suspended(instance, false);
	else if (event == VIR_DOMAIN_EVENT_STOPPED)
		instance_domain_gone(instance, gone_reason(detail));
}

/* The same name and user, and not this project: what runs was started by another state of i2kit. */
static bool check_owner(const struct supervisor *supervisor, const struct vm_identity *identity,
			struct error *err)
{
	if (identity->project_id == NULL ||
	    strcmp(identity->project_id, supervisor->identity.id) == 0)
		return true;
	(void)error_set(err, ERROR_EXISTS, "project '%s' runs already, from %s; this one is of %s",
			supervisor->project,
			identity->project_folder != NULL ? identity->project_folder : "elsewhere",
			supervisor->identity.folder);
	return error_hint(err, "-p OTHER names this one");
}

static bool adopt(struct supervisor *supervisor, const struct hypervisor_domain *domain,
		  struct error *err)
{
	AUTO(vm_identity_clear) struct vm_identity identity = {0};
	struct instance *instance;

	if (domain->metadata == NULL || !vm_identity_parse(domain->metadata, &identity) ||
	    !vm_identity_is_of(&identity, supervisor->project, geteuid()))
		return true;
	if (!check_owner(supervisor, &identity, err))
		return false;
	instance = instance_adopt(supervisor, &identity, domain);
	*ARRAY_APPEND(supervisor->instances, supervisor->instance_count) = instance;
	supervisor_say(supervisor, false, "Adopted", identity.instance, "it was running already");
	return true;
}

static const struct hypervisor_domain *find_domain(const struct hypervisor_view *view,
						   const char *uuid)
{
	for (size_t i = 0; i < view->count; i++) {
		if (strcmp(view->domains[i].uuid, uuid) == 0)
			return &view->domains[i];
	}
	return NULL;
}

static void compare(struct supervisor *supervisor, struct instance *instance,
		    const struct hypervisor_domain *domain_or_null)
{
	if (instance->is_job_running)
		return;
	if (domain_or_null == NULL) {
		if (instance_is_alive(instance) || instance->is_leaving)
			instance_domain_gone(instance, "its VM ended, and libvirt did not say why");
		return;
	}
	instance_set_suspended(instance,
			       domain_or_null->is_paused && !domain_or_null->is_paused_by_disk);
	if (domain_or_null->is_paused_by_disk)
		watch_paused(supervisor, instance);
	else if (!domain_or_null->is_paused)
		instance->is_paused = false;
}

/*
 * VMs of a network that went are on none: one that is made again in its place does not have them.
 * They come again, on it.
 */
static void restart_unconnected(struct supervisor *supervisor)
{
	supervisor_say(supervisor, true, "NetworkLost", supervisor->project,
		       "the project's network had been removed; it is there again, and VMs that "
		       "were on it start anew");
	for (size_t i = supervisor->instance_count; i-- > 0;) {
		if (instance_is_alive(supervisor->instances[i]))
			instance_restart(supervisor->instances[i], "its network was removed");
	}
}

static bool take_network(struct supervisor *supervisor, const struct hypervisor_view *view,
			 struct error *err)
{
	bool has_moved = supervisor->network.name != NULL &&
			 supervisor->network.subnet != view->network.subnet;
	bool are_plugged = false;

	if (view->network.name == NULL)
		return true;
	if (!supervisor_network_take(supervisor, &view->network, view->has_clean_traffic,
				     &are_plugged, err))
		return false;
	/* Their addresses are other ones now. */
	if (has_moved) {
		services_close(supervisor);
		services_apply(supervisor);
	}
	if (view->network.is_new && !are_plugged && supervisor->instance_count > 0)
		restart_unconnected(supervisor);
	return true;
}

static bool on_seen(const struct hypervisor_view *view, void *arg, struct error *err)
{
	struct supervisor *supervisor = arg;
	bool is_good = true;

	for (size_t i = supervisor->instance_count; i-- > 0;) {
		struct instance *instance = supervisor->instances[i];
		compare(supervisor, instance, find_domain(view, instance->status.uuid));
	}
	for (size_t i = 0; i < view->count; i++) {
		if (supervisor_find_uuid(supervisor, view->domains[i].uuid) == NULL)
			is_good = adopt(supervisor, &view->domains[i], err) && is_good;
	}
	/* Last, when it is known which VMs are on it. */
	is_good = is_good && take_network(supervisor, view, err);
	for (size_t i = 0; i < supervisor->instance_count; i++)
		instance_take_dirt(supervisor->instances[i]);
	control_seen(supervisor->control, view->number);
	return is_good;
}

static void on_lost(const char *why, void *arg)
{
	struct supervisor *supervisor = arg;

	supervisor_say(supervisor, true, "LibvirtLost", supervisor->project, "%s", why);
}

static void on_found(void *arg)
{
	struct supervisor *supervisor = arg;

	supervisor_say(supervisor, false, "LibvirtBack", supervisor->project,
		       "libvirt answers again");
	supervisor_changed(supervisor);
}

static void list_known(struct string_list *ret, void *arg)
{
	const struct supervisor *supervisor = arg;

	for (size_t i = 0; i < supervisor->instance_count; i++)
		string_list_add(ret, supervisor->instances[i]->status.uuid);
}

bool domains_open(struct supervisor *supervisor, struct error *err)
{
	static const struct hypervisor_handler handler = {
		.seen = on_seen,
		.lost = on_lost,
		.found = on_found,
		.event = on_event,
		.known = list_known,
	};

	supervisor->hypervisor = hypervisor_new(supervisor->loop, supervisor->scope,
						supervisor->uri, &handler, supervisor, err);
	return supervisor->hypervisor != NULL && hypervisor_connect(supervisor->hypervisor, err);
}
