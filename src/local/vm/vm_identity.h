/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_VM_IDENTITY_H
#define I2KIT_LOCAL_VM_VM_IDENTITY_H

/*
 * What a domain is called and what its metadata say of it, so that whoever comes later knows whose
 * it is: one writer, one reader.
 */

#include "base/strbuf.h"
#include "local/vm/vm_plan.h"

#define VM_METADATA_URI "https://i2kit.org/xmlns/domain/1"

/* What a domain's metadata says; read back when domains are adopted. */
struct vm_identity {
	char *project;
	char *project_id;     /* NULL: of a release from before */
	char *project_folder; /* or NULL */
	unsigned owner_uid;   /* with project_id */
	char *pod;
	char *instance;
	unsigned replica;
	unsigned grace_s;
	char *address; /* or NULL */
	struct release_id release;
	bool is_dirty;
	bool is_kvm;
	bool is_warm;
	bool maps_memory;
	int64_t created_ns;
	uint64_t memory_bytes;
	uint64_t scratch_bytes;
	unsigned cpu_count;
	enum vm_firmware firmware;
	char *agent_socket;
	char *egress; /* session mode: what its QEMU lets pass; or NULL */
};
void vm_identity_clear(struct vm_identity *identity);
/* From the one element `metadata` holds in our namespace. */
bool vm_identity_parse(const char *xml, struct vm_identity *ret);
/* That element, for a VM that is made now. */
void vm_identity_write(const struct vm_plan *plan, int64_t created_ns, struct strbuf *out);

/*
 * Whether the domain is this user's project's: by owner and name; one of a release from before,
 * which said neither owner nor id, by its channel's socket, which lies in the owner's own folder.
 */
bool vm_identity_is_of(const struct vm_identity *identity, const char *project, unsigned owner_uid);

/* Same project and instance, same UUID: version 8 from SHA-256. */
void vm_uuid_make(const char *project_id, const char *instance, char out[UUID_SIZE]);
void vm_mac_make(const char *uuid, char out[MAC_SIZE]);
void vm_serial_make(const char *name, char out[SERIAL_SIZE]);

#endif
