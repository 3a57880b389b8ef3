/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_HYPERVISOR_H
#define I2KIT_LOCAL_SUPERVISOR_HYPERVISOR_H

/*
 * The supervisor's libvirt. Every call that talks to it is made on a thread: while libvirtd hangs
 * or is away, published ports and logs go on. It is looked at every few seconds and after each
 * event, so that nothing that was missed stays missed; a connection that breaks is made again.
 */

#include <libvirt/libvirt.h>

#include "base/loop.h"
#include "base/string_list.h"
#include "local/supervisor/network_guard.h"
#include "local/template/template_domain.h"
#include "local/vm/network.h"
#include "local/vm/vm_identity.h"

struct hypervisor;

/* One VM that runs, of any project: who it is says its metadata. */
struct hypervisor_domain {
	char uuid[UUID_SIZE];
	char *metadata; /* vm_identity_parse(); NULL: not this project's, or one that is known */
	bool is_paused;
	bool is_paused_by_disk;	  /* libvirt stopped it because its disk cannot be written */
	struct string_list disks; /* with metadata: paths of those it writes */
};

/* What there is. Borrowed for the call. */
struct hypervisor_view {
	uint64_t number; /* hypervisor_look() */
	const struct hypervisor_domain *domains;
	size_t count;
	struct project_network network; /* system mode; is_new: was made, maybe again */
	bool has_clean_traffic;		/* libvirt has its filter of that name */
};

struct hypervisor_handler {
	/* False: what is there cannot be this supervisor's; hypervisor_connect() fails with it. */
	bool (*seen)(const struct hypervisor_view *view, void *arg, struct error *err);
	/* It could not be looked at; why is said once for each outage. */
	void (*lost)(const char *why, void *arg);
	void (*found)(void *arg); /* after lost */
	/* A domain's event of libvirt: enum virDomainEventType and its detail. */
	void (*event)(const char *uuid, int event, int detail, void *arg);
	/* UUIDs of domains that need not be asked who they are; NULL: there are none. */
	void (*known)(struct string_list *ret, void *arg);
};

/* scope: project_scope(), what the network is called by. NULL on failure. */
MUST_CHECK struct hypervisor *hypervisor_new(struct loop *loop, const char *scope, const char *uri,
					     const struct hypervisor_handler *handler, void *arg,
					     struct error *err);
/* The first connection, here and now: blocks, and calls `seen`. */
MUST_CHECK bool hypervisor_connect(struct hypervisor *hypervisor, struct error *err);
/* False: a thread hangs in libvirt and what it uses must stay. NULL is fine. */
bool hypervisor_free(struct hypervisor *hypervisor);

bool hypervisor_is_connected(const struct hypervisor *hypervisor);
/* Looks soon; a view of this number or a later one is of after this call. */
uint64_t hypervisor_look(struct hypervisor *hypervisor);

/*
 * Acts; `done` is called once, on the loop, unless the hypervisor is freed before. Without a
 * connection it gets ERROR_NETWORK.
 */
typedef void hypervisor_done_fn(struct error *err_or_null, void *arg);
/* use: how it was started, borrowed. */
typedef void hypervisor_created_fn(const struct template_use *use, struct error *err_or_null,
				   void *arg);
/* Takes the plan over. Makes disks, folders, the rules of guard (may be NULL), the domain. */
void hypervisor_create(struct hypervisor *hypervisor, struct vm_plan *plan,
		       struct network_guard *guard, hypervisor_created_fn *done, void *arg);
/* A step of a template's making, on what is the caller's and must stay until it is done. */
typedef bool hypervisor_template_fn(virConnectPtr connection, struct template_work *work,
				    struct error *err);
void hypervisor_template(struct hypervisor *hypervisor, hypervisor_template_fn *step,
			 struct template_work *work, hypervisor_done_fn *done, void *arg);
void hypervisor_destroy(struct hypervisor *hypervisor, const char *uuid, hypervisor_done_fn *done,
			void *arg);
void hypervisor_suspend(struct hypervisor *hypervisor, const char *uuid, hypervisor_done_fn *done,
			void *arg);
void hypervisor_resume(struct hypervisor *hypervisor, const char *uuid, hypervisor_done_fn *done,
		       void *arg);
void hypervisor_remove_network(struct hypervisor *hypervisor, hypervisor_done_fn *done, void *arg);

#endif
