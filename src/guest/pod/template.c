/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/template.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "guest/machine/machine.h"
#include "guest/machine/rootfs.h"
#include "guest/pod/linuxkit.h"
#include "wire/request.h"

#define RUNTIME	     "/usr/bin/crun"
#define MOST_PRELOAD ((size_t)24 << 20)
#define KEPT_FREE    ((uint64_t)8 << 20)

static const char *refusal(const struct guest *guest)
{
	if (guest->has_release || guest->kubelet != NULL)
		return "it has a release already";
	if (linuxkit_has_components())
		return "its base has components of its own, which ran already";
	return NULL;
}

/* What each start reads is in memory already. */
static size_t preload(int fd, size_t most)
{
	static char buffer[65536];
	size_t total = 0;
	ssize_t size;
	while (fd >= 0 && total < most && (size = read(fd, buffer, sizeof(buffer))) > 0)
		total += (size_t)size;
	return total;
}

static size_t preload_path(const struct container_image *container, const char *path, size_t most)
{
	for (size_t i = container->layer_count; i-- > 0;) {
		AUTO_FREE char *root = xasprintf(ROOTFS_LAYERS "/%zu", container->layers[i]);
		AUTO_CLOSE int fd = rootfs_open(root, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0)
			return preload(fd, most);
	}
	return 0;
}

/* The program of a container, as far as its image alone tells. */
static size_t preload_program(const struct container_image *container, size_t most)
{
	static const char *const folders[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					      "/usr/bin",	 "/sbin",	   "/bin"};
	const struct string_list *words = container->has_command	    ? &container->command
					  : container->entrypoint.count > 0 ? &container->entrypoint
									    : &container->cmd;
	size_t total = 0;
	if (words->count == 0)
		return 0;
	const char *program = words->items[0];
	if (strchr(program, '/') != NULL)
		return preload_path(container, program, most);
	for (size_t i = 0; i < ARRAY_SIZE(folders) && total == 0; i++) {
		AUTO_FREE char *path = xasprintf("%s/%s", folders[i], program);
		total = preload_path(container, path, most);
	}
	return total;
}

/*
 * Free memory becomes zeros, which take no room in a saved state. The kernel zeroes what it gives
 * out (init_on_alloc).
 */
static void zero_free_memory(void)
{
	uint64_t size = machine_free_bytes();
	if (size <= KEPT_FREE)
		return;
	size -= KEPT_FREE;
	void *at = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (at != MAP_FAILED)
		(void)munmap(at, (size_t)size);
}

static void make_ready(struct guest *guest)
{
	/* The host's source of randomness and the balloon: before the state is saved, not after. */
	machine_load_for_devices("");
	(void)!machine_write("/proc/sys/vm/drop_caches", "3", NULL);
	AUTO_CLOSE int runtime = open(RUNTIME, O_RDONLY | O_CLOEXEC);
	size_t left = MOST_PRELOAD;
	left -= preload(runtime, left);
	for (size_t i = 0; i < guest->pod.container_count; i++) {
		size_t size = preload_program(&guest->pod.containers[i], left);
		left -= size < left ? size : left;
	}
	zero_free_memory();
	guest->is_template = true;
	guest->life[0] = '\0';
	log_ring_forget(guest->logs);
	events_forget(guest->events);
}

void template_take(struct guest *guest)
{
	const char *why = refusal(guest);
	if (why == NULL)
		make_ready(guest);
	AUTO_FREE char *answer = template_answer_write(why);
	channel_send_text(guest->channel, WIRE_TEMPLATE, 0, answer);
}

void template_wake(struct guest *guest, const uint8_t *nonce)
{
	if (guest->life[0] != '\0')
		return;
	for (size_t i = 0; i < WIRE_NONCE_SIZE; i++)
		(void)snprintf(guest->life + 2 * i, 3, "%02x", nonce[i]);
	guest->is_waking = guest->is_template;
	if (guest->is_waking)
		events_rebase(guest->events);
}

void template_woke(struct guest *guest)
{
	if (!guest->is_waking)
		return;
	guest->is_waking = false;
	events_boot(guest->events, "restored");
}
