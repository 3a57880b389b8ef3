/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/template.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "guest/documents/elf_needed.h"
#include "guest/machine/machine.h"
#include "guest/machine/rootfs.h"
#include "guest/pod/linuxkit.h"
#include "wire/request.h"

#define RUNTIME	     "/usr/bin/crun"
#define MOST_PRELOAD ((size_t)24 << 20)
#define MOST_FILES   64
#define KEPT_FREE    ((uint64_t)8 << 20)

static const char *refusal(const struct guest *guest)
{
	if (guest->has_release || guest->kubelet != NULL)
		return "it has a release already";
	if (linuxkit_has_components())
		return "its base has components of its own, which ran already";
	return NULL;
}

/* Reads a file into the page cache, and adds what it needs. Its size, or 0. */
static size_t preload(int fd, size_t most, struct string_list *needed)
{
	struct stat status;
	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size <= 0 ||
	    (uint64_t)status.st_size > most)
		return 0;
	size_t size = (size_t)status.st_size;
	void *at = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (at == MAP_FAILED)
		return 0;
	elf_needed_add(at, size, needed);
	(void)munmap(at, size);
	return size;
}

/* A file of a container's image, as far as one layer alone tells. */
static size_t preload_path(const struct container_image *container, const char *path, size_t most,
			   struct string_list *needed)
{
	for (size_t i = container->layer_count; i-- > 0;) {
		AUTO_FREE char *root = xasprintf(ROOTFS_LAYERS "/%zu", container->layers[i]);
		AUTO_CLOSE int fd = rootfs_open(root, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0)
			return preload(fd, most, needed);
	}
	return 0;
}

static size_t preload_name(const struct container_image *container, const char *name, size_t most,
			   struct string_list *needed)
{
	static const char *const folders[] = {"/usr/local/sbin",
					      "/usr/local/bin",
					      "/usr/sbin",
					      "/usr/bin",
					      "/sbin",
					      "/bin",
					      "/lib/x86_64-linux-gnu",
					      "/usr/lib/x86_64-linux-gnu",
					      "/usr/local/lib",
					      "/lib64",
					      "/usr/lib64",
					      "/usr/lib",
					      "/lib"};
	size_t total = 0;
	if (strchr(name, '/') != NULL)
		return preload_path(container, name, most, needed);
	for (size_t i = 0; i < ARRAY_SIZE(folders) && total == 0; i++) {
		AUTO_FREE char *path = xasprintf("%s/%s", folders[i], name);
		total = preload_path(container, path, most, needed);
	}
	return total;
}

/* The program of a container and its libraries: what each start reads is in memory already. */
static size_t preload_program(const struct container_image *container, size_t most)
{
	const struct string_list *words = container->has_command	    ? &container->command
					  : container->entrypoint.count > 0 ? &container->entrypoint
									    : &container->cmd;
	AUTO(string_list_clear) struct string_list needed = STRING_LIST_INIT;
	size_t total = 0;
	if (words->count > 0)
		string_list_add(&needed, words->items[0]);
	for (size_t i = 0; i < needed.count && i < MOST_FILES; i++) {
		AUTO_FREE char *name = xstrdup(needed.items[i]);
		total += preload_name(container, name, most - total, &needed);
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
	AUTO(string_list_clear) struct string_list ignored = STRING_LIST_INIT;
	size_t left = MOST_PRELOAD;
	left -= preload(runtime, left, &ignored);
	for (size_t i = 0; i < guest->pod.container_count; i++)
		left -= preload_program(&guest->pod.containers[i], left);
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
