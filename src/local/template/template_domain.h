/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_TEMPLATE_TEMPLATE_DOMAIN_H
#define I2KIT_LOCAL_TEMPLATE_TEMPLATE_DOMAIN_H

/*
 * What libvirt does about templates: a VM is booted as nobody's, saved when its guest waits for a
 * release, and others go on from what was saved, by virDomainRestore() from a file that says who
 * they are. All of it blocks.
 */

#include <libvirt/libvirt.h>

#include "base/digest.h"
#include "base/strbuf.h"
#include "local/template/template_store.h"
#include "local/vm/vm_plan.h"

/* How a VM was started. */
struct template_use {
	bool is_warm;
	bool is_mapped;	   /* its memory is the template's until it writes to it */
	bool has_failed;   /* there was a template, and nothing came of it */
	struct digest key; /* none: it can be of no template */
	char *why_cold;	   /* owned; NULL: warm, or nobody asked */
};
void template_use_clear(struct template_use *use);

/*
 * Lets the VM of a plan, whose files are there, go on from a template. False: there is none, or
 * nothing came of it; ret says why, nothing of it is left, and it can be started as any other.
 */
MUST_CHECK bool template_vm_start(virConnectPtr connection, struct vm_plan *plan,
				  struct template_use *ret);

/* A template that is being made. */
struct template_work {
	struct vm_plan vm; /* of one whose like it is to be for; then the template's own */
	char *scope;	   /* project_scope() */
	bool is_there;	   /* nothing is to be done */
	struct digest key;
	struct strbuf text; /* of the key */
	struct template_entry made;
};
void template_work_free(struct template_work *work);

/*
 * Boots it, without a release to come. Its name, disks, console and channel are its own; the last
 * one's socket is vm.agent_socket. libvirt ends it when this connection does.
 */
MUST_CHECK bool template_vm_boot(virConnectPtr connection, struct template_work *work,
				 struct error *err);
/* Its guest is ready: saves it, which ends it. */
MUST_CHECK bool template_vm_save(virConnectPtr connection, struct template_work *work,
				 struct error *err);
/* Ends it, and removes all but what was saved. */
MUST_CHECK bool template_vm_end(virConnectPtr connection, struct template_work *work,
				struct error *err);

#endif
