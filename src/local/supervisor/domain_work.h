/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_DOMAIN_WORK_H
#define I2KIT_LOCAL_SUPERVISOR_DOMAIN_WORK_H

/* What the hypervisor's threads do with a connection. All of it blocks. */

#include "local/supervisor/hypervisor.h"

/*
 * Disks, folders, the domain; in place of one of its UUID that runs unknown. From a template where
 * the plan allows for that and there is one; ret says how.
 */
MUST_CHECK bool domain_create(virConnectPtr connection, struct vm_plan *plan,
			      struct template_use *ret, struct error *err);
/* Absent is success. */
MUST_CHECK bool domain_destroy(virConnectPtr connection, const char *uuid, struct error *err);
MUST_CHECK bool domain_suspend(virConnectPtr connection, const char *uuid, struct error *err);
MUST_CHECK bool domain_resume(virConnectPtr connection, const char *uuid, struct error *err);

struct domain_list {
	struct hypervisor_domain *items;
	size_t count;
};
void domain_list_clear(struct domain_list *list);
/*
 * All that run. Who a domain is is asked of those alone whose UUID is not known, and its disks of
 * those of this project (scope: project_scope()): there may be hundreds, and this is done every few
 * seconds.
 */
MUST_CHECK bool domain_list_make(virConnectPtr connection, const char *scope,
				 const struct string_list *known, struct domain_list *ret,
				 struct error *err);
/* Pure: the files of disks that a domain may write, of its XML. */
void domain_disks_read(const char *xml, struct string_list *ret);

#endif
