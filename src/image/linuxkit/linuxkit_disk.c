/* SPDX-License-Identifier: Apache-2.0 */
#include "image/linuxkit/linuxkit_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "image/disk/base_folder.h"
#include "image/disk/disk_writer.h"
#include "image/disk/fat.h"
#include "image/disk/gpt.h"
#include "image/disk/syslinux.h"

enum { FILES = 8, FIRST_OF_DISK = 6, LDLINUX = 0 };

/* The files of the boot partition; the last two are not in memory. */
struct boot_disk {
	struct base_folder base;
	struct fat_file files[FILES];
	char *bytes[FILES];	      /* owned, or NULL */
	const char *paths[FILES];     /* borrowed, or NULL */
	struct digest digests[FILES]; /* of the latter */
	size_t count;
	struct fat_layout fat;
	struct gpt_table table;
	uint8_t head[GPT_HEAD_SIZE];
	uint8_t tail[GPT_TAIL_SIZE];
};

static void boot_disk_free(struct boot_disk *boot)
{
	for (size_t i = 0; i < FILES; i++)
		free(boot->bytes[i]);
	fat_layout_clear(&boot->fat);
	base_folder_clear(&boot->base);
	free(boot);
}
DEFINE_AUTO_PTR(boot_disk, boot_disk_free)

static bool add_loader(struct boot_disk *boot, const char *name, const char *path,
		       struct error *err)
{
	size_t size = 0;
	if (!base_folder_read(&boot->base, name, &boot->bytes[boot->count], &size, err))
		return false;
	boot->files[boot->count++] = (struct fat_file){.path = path, .size = size};
	return true;
}

static void add_text(struct boot_disk *boot, const char *path, char *text)
{
	boot->bytes[boot->count] = text;
	boot->files[boot->count++] = (struct fat_file){.path = path, .size = strlen(text)};
}

static bool add_file(struct boot_disk *boot, const char *source, const char *path,
		     struct error *err)
{
	struct stat st;
	AUTO_CLOSE int fd = open(source, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set_errno(err, errno, "%s", source);
	if (!sha256_fd(fd, &boot->digests[boot->count], err))
		return error_prefix(err, "%s", source);
	boot->paths[boot->count] = source;
	boot->files[boot->count++] = (struct fat_file){.path = path, .size = (uint64_t)st.st_size};
	return true;
}

static bool add_files(struct boot_disk *boot, const struct linuxkit_disk *disk, struct error *err)
{
	if (!add_loader(boot, "boot/ldlinux.sys", "ldlinux.sys", err) ||
	    !add_loader(boot, "boot/ldlinux.c32", "ldlinux.c32", err) ||
	    !add_loader(boot, "boot/bootx64.efi", "EFI/BOOT/BOOTX64.EFI", err))
		return false;
	add_text(boot, "syslinux.cfg",
		 xasprintf("DEFAULT linux\nPROMPT 0\nTIMEOUT 0\nLABEL linux\n"
			   "\tLINUX /kernel\n\tINITRD /initrd\n\tAPPEND %s\n",
			   disk->cmdline));
	add_text(boot, "loader/loader.conf", xstrdup("default linuxkit.conf\ntimeout 0\n"));
	add_text(boot, "loader/entries/linuxkit.conf",
		 xasprintf("title LinuxKit\nlinux /kernel\ninitrd /initrd\noptions %s\n",
			   disk->cmdline));
	return add_file(boot, disk->kernel_path, "kernel", err) &&
	       add_file(boot, disk->initrd_path, "initrd", err);
}

/* Every id follows from what is on the disk. */
static bool lay_out(struct boot_disk *boot, const struct linuxkit_disk *disk, struct error *err)
{
	AUTO_FREE char *names = xasprintf("linuxkit disk\n%s\n%s\n%s\n%s",
					  DIGEST_TEXT(&boot->digests[FIRST_OF_DISK]),
					  DIGEST_TEXT(&boot->digests[FIRST_OF_DISK + 1]),
					  DIGEST_TEXT(&boot->base.digest), disk->cmdline);
	struct digest hash = sha256_digest(names, strlen(names));
	digest_uuid(&hash, boot->table.disk_uuid);
	const struct fat_options options = {.serial = bytes_get_u32(hash.bytes + 16),
					    .partition_offset = DISK_ALIGNMENT,
					    .alignment = DISK_ALIGNMENT};
	if (!fat_make(boot->files, boot->count, &options, &boot->fat, err))
		return false;
	struct gpt_partition *partition = &boot->table.partitions[0];
	*partition = (struct gpt_partition){.name = "linuxkit",
					    .type = GPT_EFI_SYSTEM,
					    .offset = DISK_ALIGNMENT,
					    .size = boot->fat.size,
					    .is_bios_bootable = true};
	hash.bytes[0] ^= 1; /* another id than the disk's */
	digest_uuid(&hash, partition->uuid);
	boot->table.partition_count = 1;
	boot->table.disk_size = partition->offset + partition->size + DISK_ALIGNMENT;
	return true;
}

static bool install_loaders(struct boot_disk *boot, struct error *err)
{
	AUTO_FREE char *sector = NULL;
	AUTO_FREE char *boot_code = NULL;
	size_t sector_size = 0;
	size_t boot_code_size = 0;
	if (!base_folder_read(&boot->base, "boot/ldlinux.bss", &sector, &sector_size, err) ||
	    !base_folder_read(&boot->base, "boot/gptmbr.bin", &boot_code, &boot_code_size, err))
		return false;
	if (sector_size != SECTOR_SIZE || boot_code_size != GPT_BOOT_CODE_SIZE)
		return error_set(err, ERROR_INVALID, "base '%s': its BIOS loader has a wrong size",
				 boot->base.path);
	gpt_make(&boot->table, (const uint8_t *)boot_code, boot->head, boot->tail);
	return syslinux_install(boot->fat.head, (const uint8_t *)sector,
				(uint8_t *)boot->bytes[LDLINUX], (size_t)boot->files[LDLINUX].size,
				boot->files[LDLINUX].offset, err);
}

static bool write_pieces(const struct boot_disk *boot, const struct linuxkit_disk *disk, int fd,
			 struct error *err)
{
	struct digest digest;
	struct disk_piece pieces[FILES + 3];
	size_t count = 0;
	uint64_t start = boot->table.partitions[0].offset;
	pieces[count++] = (struct disk_piece){.size = GPT_HEAD_SIZE, .bytes = boot->head};
	pieces[count++] = (struct disk_piece){
		.offset = start, .size = boot->fat.head_size, .bytes = boot->fat.head};
	for (size_t i = 0; i < boot->count; i++) {
		if (boot->files[i].size == 0)
			continue;
		pieces[count++] =
			(struct disk_piece){.offset = start + boot->files[i].offset,
					    .size = boot->files[i].size,
					    .bytes = boot->bytes[i],
					    .path = boot->paths[i],
					    .digest = boot->paths[i] ? &boot->digests[i] : NULL};
	}
	pieces[count++] = (struct disk_piece){.offset = boot->table.disk_size - GPT_TAIL_SIZE,
					      .size = GPT_TAIL_SIZE,
					      .bytes = boot->tail};
	const struct disk_writing writing = {.fd = fd,
					     .pieces = pieces,
					     .piece_count = count,
					     .size = boot->table.disk_size,
					     .progress = disk->progress,
					     .what = "linuxkit"};
	return disk_write(&writing, &digest, err);
}

bool linuxkit_disk_write(const struct linuxkit_disk *disk, int fd, struct error *err)
{
	/* Large: not for the stack. */
	AUTO_PTR(boot_disk) struct boot_disk *boot = xcalloc(1, sizeof(*boot));
	if (strpbrk(disk->cmdline, "\r\n") != NULL)
		return error_set(err, ERROR_INVALID, "the kernel's cmdline has more than one line");
	return base_folder_load(disk->base, &boot->base, err) && add_files(boot, disk, err) &&
	       lay_out(boot, disk, err) && install_loaders(boot, err) &&
	       write_pieces(boot, disk, fd, err);
}
