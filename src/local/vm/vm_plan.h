/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_VM_PLAN_H
#define I2KIT_LOCAL_VM_VM_PLAN_H

/*
 * One VM as a value: everything its domain XML says. Made by instance.c from the project's plan and
 * the place the VM gets; written by domain_xml_write().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/release_id.h"

#define MAC_SIZE    18
#define SERIAL_SIZE 21 /* virtio serial numbers have at most 20 characters */

struct vm_disk {
	char *path;
	char *former_path;    /* where an older release had it, or NULL (volume_disk.h) */
	bool has_other_heirs; /* former_path is not this disk's alone */
	char serial[SERIAL_SIZE];
	uint64_t size_bytes; /* of a disk that is to be made when absent */
	bool is_read_only;   /* for the guest as a whole, whatever runs in it */
	bool is_scratch;     /* scratch_file.h */
	bool has_quota;	     /* of one: parts of it are limited */
};

struct vm_mount {
	char *path;
	char *tag;
	char *socket; /* of the virtiofsd that serves it (share.h) */
	bool is_read_only;
};

enum vm_firmware { FIRMWARE_DIRECT, FIRMWARE_BIOS, FIRMWARE_UEFI };

const char *vm_firmware_name(enum vm_firmware firmware);

struct vm_plan {
	char *domain;	      /* name of the libvirt domain */
	char *project;	      /* NULL: a template, which is nobody's (local/template) */
	char *project_id;     /* plan/project_identity.h */
	char *project_folder; /* for people */
	char *pod;
	char *instance;
	unsigned replica;
	unsigned grace_s;
	char uuid[UUID_SIZE];
	struct release_id release;
	bool is_kvm;
	bool is_dirty;		  /* a live mount: not for promote */
	bool may_be_warm;	  /* it may go on from a template, where there is one */
	bool is_warm;		  /* and does */
	bool maps_memory;	  /* its template's, which others map, too: so it has no balloon */
	bool memory_is_read_only; /* for QEMU, whatever the guest does */
	char *memory_file;	  /* that memory; NULL: it is about to be made, or not mapped */
	uint64_t memory_bytes;
	unsigned cpu_count;
	enum vm_firmware firmware;
	char *kernel_path; /* direct */
	char *initrd_path;
	char *cmdline;
	char *disk_path;
	uint64_t scratch_bytes; /* 0: none */
	struct vm_disk *disks;	/* volumes and scratch */
	size_t disk_count;
	struct vm_mount *mounts; /* virtiofs */
	size_t mount_count;
	char *network; /* libvirt network; NULL: QEMU's user network */
	char *address; /* "10.77.1.10" */
	char mac[MAC_SIZE];
	char tap[16]; /* name of its interface on this machine; "": libvirt's choice */
	char *filter; /* of libvirt, with the address as IP; or NULL */
	char *fence;  /* session mode: the library of slirp_guard.h, and what it lets pass; or NULL
		       */
	char *egress;
	char *agent_socket;
	char *console_log;
	unsigned owner_uid; /* system mode: whom QEMU runs as, so that it can read the user's files
			     */
	unsigned owner_gid;
	bool is_session;
};

void vm_plan_clear(struct vm_plan *plan);

#endif
