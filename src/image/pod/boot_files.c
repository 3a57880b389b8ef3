/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pod/boot_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/path.h"
#include "image/disk/disk_image.h"
#include "image/disk/kernel_unpack.h"
#include "image/disk/toc.h"
#include "image/pod/image_process.h"

#define BOOT_FILE_MAX ((uint64_t)512 << 20)

void boot_files_clear(struct boot_files *files)
{
	free(files->kernel_path);
	free(files->initrd_path);
	free(files->cmdline);
	*files = (struct boot_files){0};
}

/* The file's bytes out of the disk, which must be what the table of contents says. Owned. */
static bool read_from_disk(int fd, const struct toc_file *file, uint8_t **ret, struct error *err)
{
	if (file->size > BOOT_FILE_MAX)
		return error_set(err, ERROR_INVALID, "%s is too large", file->name);
	AUTO_FREE uint8_t *bytes = xmalloc((size_t)file->size + 1);
	for (uint64_t done = 0; done < file->size;) {
		ssize_t count = pread(fd, bytes + done, (size_t)(file->size - done),
				      (off_t)(file->offset + done));
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return error_set_errno(err, count < 0 ? errno : EIO,
					       "cannot read the disk");
		done += (uint64_t)count;
	}
	struct digest digest = sha256_digest(bytes, (size_t)file->size);
	if (!digest_equal(&digest, &file->digest))
		return error_set(err, ERROR_CORRUPT, "the disk's %s is not %s any more", file->name,
				 DIGEST_TEXT(&file->digest));
	*ret = TAKE_PTR(bytes);
	return true;
}

enum { HEX_LENGTH = DIGEST_HEX_SIZE - 1 };

/* The digest that the name ends with; false: none. */
static bool digest_in_name(const char *path, struct digest *ret)
{
	char hex[DIGEST_HEX_SIZE];
	const char *name = strrchr(path, '/');
	const char *dot = strrchr(path, '.');

	name = name != NULL ? name + 1 : path;
	if (dot == NULL || dot - name < HEX_LENGTH)
		return false;
	/* A kernel that was unpacked has two: what it came from, and what it is. */
	if (strcmp(dot, ".vmlinux") == 0 && dot - name == HEX_LENGTH)
		return false;
	(void)snprintf(hex, sizeof(hex), "%s", dot - HEX_LENGTH);
	return digest_parse_hex(hex, ret);
}

bool boot_file_check(const char *path, struct error *err)
{
	struct digest wanted;
	struct digest found;
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(err, errno, "%s", path);
	if (!digest_in_name(path, &wanted))
		return true;
	if (!sha256_fd(fd, &found, err))
		return error_prefix(err, "%s", path);
	if (digest_equal(&wanted, &found))
		return true;
	error_set(err, ERROR_CORRUPT, "%s is damaged: what is in it is not what its name says",
		  path);
	return error_hint(err, "i2kit up takes it out of the disk again");
}

static char *cached_path(const char *hex, const char *suffix)
{
	AUTO_FREE char *folder = path_folder(PATH_CACHE, "boot");
	return xasprintf("%s/%s%s", folder, hex, suffix);
}

/* One that is there and is what it should be; what is not goes away. */
static bool is_usable(const char *path)
{
	if (!path_exists(path))
		return false;
	if (boot_file_check(path, NULL))
		return true;
	(void)unlink(path);
	return false;
}

static bool write_cached(const char *path, const uint8_t *bytes, size_t size, struct error *err)
{
	AUTO_FREE char *folder = path_folder(PATH_CACHE, "boot");
	return path_make_folders(folder, 0755, err) &&
	       file_write_atomic(path, bytes, size, 0644, err);
}

/* The kernel that was unpacked from that one, or NULL. */
static char *find_unpacked(const char *hex)
{
	AUTO_FREE char *folder = path_folder(PATH_CACHE, "boot");
	AUTO_FREE char *found = NULL;
	DIR *dir = opendir(folder);
	if (dir == NULL)
		return NULL;
	for (struct dirent *entry = readdir(dir); entry != NULL && found == NULL;
	     entry = readdir(dir)) {
		AUTO_FREE char *path = path_join(folder, entry->d_name);
		const char *end = strrchr(entry->d_name, '.');
		if (strncmp(entry->d_name, hex, HEX_LENGTH) == 0 &&
		    entry->d_name[HEX_LENGTH] == '-' && end != NULL &&
		    strcmp(end, ".vmlinux") == 0 && is_usable(path))
			found = TAKE_PTR(path);
	}
	(void)closedir(dir);
	return TAKE_PTR(found);
}

static bool unpack_kernel(int fd, const struct toc_file *file, char **ret, struct error *err)
{
	const char *hex = DIGEST_HEX(&file->digest);
	AUTO_FREE char *whole_path = cached_path(hex, ".bzimage");
	AUTO_FREE uint8_t *bytes = NULL;
	*ret = find_unpacked(hex);
	if (*ret != NULL)
		return true;
	if (is_usable(whole_path)) {
		*ret = TAKE_PTR(whole_path);
		return true;
	}
	if (!read_from_disk(fd, file, &bytes, err))
		return false;
	size_t size;
	AUTO_FREE uint8_t *elf = kernel_unpack(bytes, (size_t)file->size, &size);
	if (elf == NULL) {
		*ret = TAKE_PTR(whole_path);
		return write_cached(*ret, bytes, (size_t)file->size, err);
	}
	struct digest digest = sha256_digest(elf, size);
	AUTO_FREE char *name = xasprintf("%s-%s", hex, DIGEST_HEX(&digest));
	*ret = cached_path(name, ".vmlinux");
	return write_cached(*ret, elf, size, err);
}

static bool copy_initrd(int fd, const struct toc_file *file, char **ret, struct error *err)
{
	AUTO_FREE uint8_t *bytes = NULL;
	*ret = cached_path(DIGEST_HEX(&file->digest), ".initrd");
	if (is_usable(*ret))
		return true;
	return read_from_disk(fd, file, &bytes, err) &&
	       write_cached(*ret, bytes, (size_t)file->size, err);
}

/* In a process of its own: a kernel is unpacked that may come from anywhere. */
struct boot_job {
	const struct disk_image *image;
};

static bool find_apart(void *arg, const struct progress *progress, struct string_list *words,
		       struct error *err)
{
	const struct boot_job *job = arg;
	const struct disk_image *image = job->image;
	AUTO(boot_files_clear) struct boot_files files = {0};
	AUTO(toc_clear) struct toc toc = {0};
	(void)progress;
	if (!toc_parse(image->toc_json, strlen(image->toc_json), image->size_bytes, &toc, err))
		return false;
	const struct toc_file *kernel = toc_find_file(&toc, "kernel");
	const struct toc_file *initrd = toc_find_file(&toc, "initrd");
	if (kernel == NULL || initrd == NULL)
		return error_set(err, ERROR_CORRUPT, "the disk names no kernel or no initrd");
	AUTO_CLOSE int fd = open(image->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(err, errno, "cannot read '%s'", image->path);
	if (!unpack_kernel(fd, kernel, &files.kernel_path, err) ||
	    !copy_initrd(fd, initrd, &files.initrd_path, err))
		return error_prefix(err, "disk %.19s", DIGEST_TEXT(&image->digest));
	string_list_add(words, strrchr(files.kernel_path, '/') + 1);
	string_list_add(words, strrchr(files.initrd_path, '/') + 1);
	string_list_add(words, toc.cmdline);
	return true;
}

static bool is_file_name(const char *name)
{
	return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL;
}

bool image_boot_files(struct store *store, const struct disk_image *image, struct boot_files *ret,
		      struct error *err)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	struct boot_job job = {.image = image};
	const struct image_process process = {.store = store, .file = image->path};
	if (!image_process_run(&process, find_apart, &job, &words, err))
		return false;
	if (words.count != 3 || !is_file_name(words.items[0]) || !is_file_name(words.items[1]))
		return error_set(err, ERROR_INVALID, "disk %.19s: no boot files were handed back",
				 DIGEST_TEXT(&image->digest));
	*ret = (struct boot_files){.kernel_path = cached_path(words.items[0], ""),
				   .initrd_path = cached_path(words.items[1], ""),
				   .cmdline = xstrdup(words.items[2])};
	return true;
}
