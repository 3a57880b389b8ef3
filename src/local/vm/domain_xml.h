/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_DOMAIN_XML_H
#define I2KIT_LOCAL_VM_DOMAIN_XML_H

#include "base/strbuf.h"
#include "local/vm/vm_plan.h"

/* The domain of a plan, as https://libvirt.org/formatdomain.html has it. Pure but for the time in
 * its metadata. */
/* The name of the block of memory that is plan->memory_file. */
#define VM_MEMORY_BLOCK "pc.map"

void domain_xml_write(const struct vm_plan *plan, struct strbuf *out);

#endif
