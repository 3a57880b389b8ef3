/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/accel.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/process.h"
#include "base/process_run.h"
#include "local/vm/starter.h"

#define TRY_TIMEOUT_MS 5000
/* isa-debug-exit turns the written byte v into exit status 2v + 1. */
#define ANSWER	    0x2a
#define ANSWER_EXIT (ANSWER * 2 + 1)

/*
 * A multiboot image (https://www.gnu.org/software/grub/manual/multiboot/) loaded at 1 MiB: its
 * header, then mov $0xf4,%dx; mov $0x2a,%al; out %al,(%dx); hlt.
 */
static const uint8_t tiny_guest[] = {
	0x02, 0xb0, 0xad, 0x1b, /* magic */
	0x00, 0x00, 0x01, 0x00, /* flags: addresses follow */
	0xfe, 0x4f, 0x51, 0xe4, /* checksum */
	0x00, 0x00, 0x10, 0x00, /* header_addr */
	0x00, 0x00, 0x10, 0x00, /* load_addr */
	0x00, 0x00, 0x00, 0x00, /* load_end_addr: the whole file */
	0x00, 0x00, 0x00, 0x00, /* bss_end_addr */
	0x20, 0x00, 0x10, 0x00, /* entry_addr */
	0x66, 0xba, 0xf4, 0x00, 0xb0, ANSWER, 0xee, 0xf4,
};

void accel_clear(struct accel *accel)
{
	free(accel->reason);
	*accel = (struct accel){0};
}

static bool run_guest(const char *accelerator, struct error *err)
{
	AUTO_FREE char *folder = path_folder(PATH_CACHE, "accel");
	AUTO_FREE char *guest = path_join(folder, "guest");
	AUTO(process_output_clear) struct process_output output = {0};
	const char *argv[] = {"qemu-system-x86_64",
			      "-nodefaults",
			      "-no-user-config",
			      "-nographic",
			      "-machine",
			      "q35",
			      "-accel",
			      accelerator,
			      "-m",
			      "16",
			      "-no-reboot",
			      "-device",
			      "isa-debug-exit,iobase=0xf4,iosize=0x01",
			      "-kernel",
			      guest,
			      NULL};
	const struct process_run run = {
		.argv = argv, .timeout_ms = TRY_TIMEOUT_MS, .accept_failure = true};

	if (!path_make_folders(folder, 0700, err) ||
	    !file_write_atomic(guest, tiny_guest, sizeof(tiny_guest), 0600, err) ||
	    !process_run(&run, &output, err))
		return false;
	if (WIFEXITED(output.status) && WEXITSTATUS(output.status) == ANSWER_EXIT)
		return true;
	return error_set(err, ERROR_SYSTEM, "the test guest did not answer%s%s",
			 output.stderr_tail != NULL && output.stderr_tail[0] != '\0' ? ": " : "",
			 output.stderr_tail != NULL ? output.stderr_tail : "");
}

bool accel_try(const char *accelerator, struct error *err)
{
	if (starter_is_there() && strcmp(accelerator, "kvm") == 0)
		return starter_ask(&(struct starter_request){.kind = STARTER_TEST_KVM}, err);
	return run_guest(accelerator, err);
}

static bool cpu_has_virtualisation(void)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;

	if (!file_read("/proc/cpuinfo", (size_t)4 << 20, &text, &size, NULL))
		return true; /* unknown: the test guest will tell */
	return strstr(text, " vmx") != NULL || strstr(text, " svm") != NULL;
}

static char *cache_key(void)
{
	AUTO_FREE char *boot_id = NULL;
	AUTO_FREE char *qemu = process_find_program("qemu-system-x86_64");
	struct stat status = {0};
	struct utsname kernel;
	size_t size = 0;

	if (!file_read("/proc/sys/kernel/random/boot_id", 64, &boot_id, &size, NULL) ||
	    uname(&kernel) < 0 || qemu == NULL || stat(qemu, &status) < 0)
		return NULL;
	boot_id[strcspn(boot_id, "\n")] = '\0';
	return xasprintf("%s %s %lld.%ld\n", boot_id, kernel.release,
			 (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

/* The cached text is the key's line, then "works" or the reason. */
static bool read_cache(const char *path, const char *key, struct accel *ret)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;

	if (key == NULL || !file_read(path, 4096, &text, &size, NULL) ||
	    strncmp(text, key, strlen(key)) != 0)
		return false;
	ret->is_kvm = strcmp(text + strlen(key), "works") == 0;
	ret->reason = ret->is_kvm ? NULL : xstrdup(text + strlen(key));
	return true;
}

static void write_cache(const char *path, const char *key, const struct accel *accel)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *folder = path_folder(PATH_CACHE, "accel");

	if (key == NULL || !path_make_folders(folder, 0700, NULL))
		return;
	text = xasprintf("%s%s", key, accel->is_kvm ? "works" : accel->reason);
	/* Without a cache the test is made again: no harm. */
	if (!file_write_atomic(path, text, strlen(text), 0600, NULL))
		(void)unlink(path);
}

static void test_kvm(struct accel *ret)
{
	AUTO_FREE char *path = path_folder(PATH_CACHE, "accel/kvm");
	AUTO_FREE char *key = cache_key();
	AUTO(error_clear) struct error problem = ERROR_INIT;

	if (access("/dev/kvm", R_OK | W_OK) < 0) {
		ret->reason =
			xstrdup(path_exists("/dev/kvm") ? "no permission to open /dev/kvm: sudo "
							  "usermod -aG kvm $USER, and log in again"
							: "there is no /dev/kvm");
		return;
	}
	if (!cpu_has_virtualisation()) {
		ret->reason = xstrdup("the CPU shows neither vmx nor svm");
		return;
	}
	if (read_cache(path, key, ret))
		return;
	ret->is_kvm = accel_try("kvm", &problem);
	if (!ret->is_kvm)
		ret->reason = xstrdup(problem.kind == ERROR_TIMEOUT
					      ? "/dev/kvm opens, but a test guest hangs"
					      : problem.message);
	write_cache(path, key, ret);
}

bool accel_choose(const char *wanted, struct accel *ret, struct error *err)
{
	AUTO(accel_clear) struct accel found = {0};

	if (strcmp(wanted, "tcg") == 0) {
		ret->is_kvm = false;
		ret->reason = xstrdup("--accel tcg");
		return true;
	}
	test_kvm(&found);
	if (!found.is_kvm && strcmp(wanted, "kvm") == 0) {
		(void)error_set(err, ERROR_UNSUPPORTED, "KVM does not work here: %s", found.reason);
		return error_hint(err, "--accel tcg emulates (slower)");
	}
	*ret = found;
	found = (struct accel){0};
	return true;
}
