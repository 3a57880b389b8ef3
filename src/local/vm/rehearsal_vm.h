/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_REHEARSAL_VM_H
#define I2KIT_LOCAL_VM_REHEARSAL_VM_H

/*
 * A machine as EC2 would give it to a disk: the firmware finds the boot loader on an NVMe disk that
 * ends at a whole GiB, the network is given by DHCP, 169.254.169.254 answers on port 80, the
 * console is a serial line, and there is no agent channel. QEMU is started directly, with its user
 * network: no root, no libvirt, nothing that outlives this process.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

struct rehearsal_disk {
	const char *serial;
	uint64_t size_bytes;
};

struct rehearsal_port {
	uint16_t here; /* on 127.0.0.1 */
	uint16_t pod;
};

/* OVMF's two files. Without the second, its empty variable store, it keeps its variables in a file on the
 * boot partition, and the guest finds other bytes than were stored. Neither is ever written. */
struct rehearsal_firmware {
	const char *code;
	const char *variables;
};

/* All borrowed. */
struct rehearsal_vm {
	const char *disk; /* the raw disk: read, never written */
	uint64_t disk_bytes;
	const struct rehearsal_firmware *firmware; /* NULL: BIOS */
	bool is_kvm;
	uint64_t memory_bytes;
	const struct rehearsal_disk *volumes; /* empty disks */
	size_t volume_count;
	const struct rehearsal_port *ports;
	size_t port_count;
	const char *program; /* this program: `PROGRAM relay SOCKET` joins a socket to its stdio */
};

/* As cloud_rehearsal_answer(). */
typedef bool rehearsal_answer_fn(const char *bytes, size_t size, struct strbuf *answer, void *arg);
enum rehearsal_verdict {
	REHEARSAL_GOES_ON,
	REHEARSAL_HOLDS, /* goes on, without a limit of time */
	REHEARSAL_IS_OVER,
};

struct rehearsal_run {
	rehearsal_answer_fn *answer;
	/* Asked after each answer, and a few times a second. */
	enum rehearsal_verdict (*judge)(void *arg);
	void *arg;
	uint64_t timeout_ms;
	char *console; /* out, owned: the console's last lines, printable */
};

/*
 * Boots it and answers until judge() says that it is over; then the machine is cut off.
 * ERROR_TIMEOUT when that takes too long, ERROR_SYSTEM when the machine ended by itself.
 */
MUST_CHECK bool rehearsal_vm_run(const struct rehearsal_vm *vm, struct rehearsal_run *run,
				 struct error *err);
/* The first OVMF found on this machine, or NULL. */
const struct rehearsal_firmware *rehearsal_find_uefi(void);

#endif
