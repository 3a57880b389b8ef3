/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `i2kit cp` and `i2kit watch` send into a container: a tar, read by the guest as root. Whatever
 * is in it, a file beside the working folder is as before, nothing new is beside it, and no folder is
 * entered by a link. The tree that came is removed after each input.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz_folder.h"
#include "guest/copy/tree_receive.h"
#include "guest/copy/tree_sync.h"

static struct stat secret_before;

/* PLACE/secret, PLACE/outside and PLACE/inside, the working folder. */
static void prepare(const char *inside)
{
	AUTO_FREE char *outside = path_join(fuzz_folder(), "outside");
	AUTO_FREE char *secret = fuzz_file("secret", (const uint8_t *)"secret", 6);
	if (!path_make_folders(inside, 0755, NULL) || !path_make_folders(outside, 0755, NULL) ||
	    stat(secret, &secret_before) != 0)
		abort();
}

static size_t count_entries(const char *folder)
{
	struct stat status;
	return stat(folder, &status) == 0 ? status.st_nlink : 0;
}

static void check_outside(void)
{
	AUTO_FREE char *secret = path_join(fuzz_folder(), "secret");
	AUTO_FREE char *outside = path_join(fuzz_folder(), "outside");
	struct stat now;
	if (stat(secret, &now) != 0 || now.st_nlink != 1 || now.st_size != 6 ||
	    now.st_mode != secret_before.st_mode || now.st_uid != secret_before.st_uid ||
	    now.st_mtime != secret_before.st_mtime || rmdir(outside) != 0)
		abort();
	/* ".", "..", and inside's "..": a folder more would be one that came. */
	if (count_entries(fuzz_folder()) != 3)
		abort();
}

/* A batch, over what came before: links of that lead nowhere, either. */
static void sync_over(int fd, const char *inside)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_CLOSE int root = open(inside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || lseek(fd, 0, SEEK_SET) != 0)
		return; /* the tar made the folder one that nobody may read */
	if (tree_sync(fd, root, geteuid(), getegid(), &err) == (err.message != NULL))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO_FREE char *inside = path_join(fuzz_folder(), "inside");
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_CLOSE int fd = memfd_create("tar", MFD_CLOEXEC);
	AUTO_CLOSE int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	prepare(inside);
	if (fd < 0 || here < 0 || !fd_write_all(fd, bytes, size, NULL) ||
	    lseek(fd, 0, SEEK_SET) != 0 || chdir(inside) != 0)
		abort();
	bool is_received = tree_receive(fd, &err);
	if (fchdir(here) != 0 || is_received == (err.message != NULL))
		abort();
	sync_over(fd, inside);
	check_outside();
	(void)chmod(inside, 0700);
	if (!path_remove_tree(inside, NULL))
		abort();
	return 0;
}
