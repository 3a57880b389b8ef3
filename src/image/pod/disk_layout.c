/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pod/disk_layout.h"
#include "image/layer/squashfs_writer.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "image/disk/syslinux.h"
#include "image/oci/reference.h"
#include "image/pod/pod_document.h"

#define POD_PATH  "etc/i2kit/pod.json"
#define TOC_UNIT  4096u
#define CPIO_SIZE 110u /* of a header */

static const char base_hint[] = "make the base again (scripts/make-base), or give another: --base";
static const char loader_conf[] = "default i2kit.conf\ntimeout 0\neditor no\n";

struct disk_layout *disk_layout_new(void)
{
	return xcalloc(1, sizeof(struct disk_layout));
}

void disk_layout_free(struct disk_layout *layout)
{
	if (layout == NULL)
		return;
	for (size_t i = 0; i < layout->file_count; i++)
		free(layout->bytes[i]);
	for (size_t i = 0; i < layout->file_count; i++)
		free(layout->paths[i]);
	fat_layout_clear(&layout->boot);
	toc_clear(&layout->toc);
	free(layout->base_path);
	free(layout->pieces);
	free(layout);
}

static uint64_t align(uint64_t offset)
{
	return (offset + DISK_ALIGNMENT - 1) / DISK_ALIGNMENT * DISK_ALIGNMENT;
}

static void add_file(struct disk_layout *layout, const char *path, char *bytes, size_t size)
{
	layout->bytes[layout->file_count] = bytes;
	layout->files[layout->file_count++] = (struct fat_file){.path = path, .size = size};
}

static void add_text_file(struct disk_layout *layout, const char *path, char *text)
{
	add_file(layout, path, text, strlen(text));
}

static bool add_base_file(struct disk_layout *layout, const struct base_folder *base,
			  const char *name, const char *path, struct error *err)
{
	char *bytes = NULL;
	size_t size = 0;
	if (!base_folder_read(base, name, &bytes, &size, err))
		return false;
	add_file(layout, path, bytes, size);
	return true;
}

static void append_padding(struct strbuf *out)
{
	while (out->size % 4 != 0)
		strbuf_append_char(out, '\0');
}

/* One entry of a "newc" cpio, the kernel's initramfs format. */
static void append_cpio(struct strbuf *out, const char *name, uint32_t mode, const char *content,
			size_t size)
{
	strbuf_appendf(out, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 0u, mode,
		       0u, 0u, 1u, 0u, (unsigned)size, 0u, 0u, 0u, 0u, (unsigned)strlen(name) + 1,
		       0u);
	strbuf_append_bytes(out, name, strlen(name) + 1);
	append_padding(out);
	strbuf_append_bytes(out, content, size);
	append_padding(out);
}

/* By far the largest: copied and checked with the layers, without passing through memory. */
static bool add_kernel(struct disk_layout *layout, const struct base_folder *base,
		       struct error *err)
{
	const struct base_file *file = base_folder_find(base, base->kernel);
	if (file == NULL)
		return error_set(err, ERROR_INVALID, "base '%s' has no '%s'", base->path,
				 base->kernel);
	layout->digests[layout->file_count] = &file->digest;
	layout->paths[layout->file_count] = path_join(base->path, base->kernel);
	add_file(layout, "kernel", NULL, (size_t)file->size_bytes);
	return true;
}

/* The base's initrd with pod.json behind it. */
static bool add_initrd(struct disk_layout *layout, const struct disk_request *request,
		       struct error *err)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	AUTO_FREE char *base = NULL;
	size_t size;
	if (!base_folder_read(request->base, request->base->initrd, &base, &size, err))
		return false;
	strbuf_append_bytes(&out, base, size);
	append_padding(&out);
	append_cpio(&out, POD_PATH, S_IFREG | 0644, request->pod_json, strlen(request->pod_json));
	append_cpio(&out, "TRAILER!!!", 0, "", 0);
	size = out.size;
	add_file(layout, "initrd", strbuf_take(&out), size);
	return true;
}

static bool add_boot_files(struct disk_layout *layout, const struct disk_request *request,
			   struct error *err)
{
	const struct base_folder *base = request->base;
	if (!add_base_file(layout, base, "boot/ldlinux.sys", "ldlinux.sys", err) ||
	    !add_base_file(layout, base, "boot/ldlinux.c32", "ldlinux.c32", err) ||
	    !add_base_file(layout, base, "boot/bootx64.efi", "EFI/BOOT/BOOTX64.EFI", err))
		return false;
	add_text_file(layout, "syslinux.cfg",
		      xasprintf("DEFAULT i2kit\nPROMPT 0\nTIMEOUT 0\nLABEL i2kit\n"
				"\tLINUX /kernel\n\tINITRD /initrd\n\tAPPEND %s\n",
				base->cmdline));
	add_text_file(layout, "loader/loader.conf", xstrdup(loader_conf));
	add_text_file(layout, "loader/entries/i2kit.conf",
		      xasprintf("title i2kit\nlinux /kernel\ninitrd /initrd\noptions %s\n",
				base->cmdline));
	return add_kernel(layout, base, err) && add_initrd(layout, request, err);
}

static size_t find_boot_file(const struct disk_layout *layout, const char *path)
{
	size_t i = 0;
	while (strcmp(layout->files[i].path, path) != 0)
		i++;
	return i;
}

static struct gpt_partition *add_partition(struct disk_layout *layout, const char *name,
					   uint64_t size, const struct digest *digest, char *source)
{
	struct gpt_table *table = &layout->table;
	struct gpt_partition *before =
		table->partition_count == 0 ? NULL : &table->partitions[table->partition_count - 1];
	struct gpt_partition *partition = &table->partitions[table->partition_count++];
	struct toc_partition *entry =
		ARRAY_APPEND(layout->toc.partitions, layout->toc.partition_count);
	partition->offset = before == NULL ? DISK_ALIGNMENT : align(before->offset + before->size);
	partition->size = size;
	partition->type = GPT_LINUX;
	memcpy(partition->name, name, strlen(name) + 1);
	if (digest != NULL) {
		digest_uuid(digest, partition->uuid);
		entry->digest = *digest;
		memcpy(entry->uuid, partition->uuid, UUID_SIZE);
	}
	memcpy(entry->name, name, strlen(name) + 1);
	entry->number = (unsigned)table->partition_count;
	entry->offset = partition->offset;
	entry->size = partition->size;
	entry->source = source;
	return partition;
}

static bool add_partitions(struct disk_layout *layout, const struct disk_request *request,
			   struct error *err)
{
	const struct base_folder *base = request->base;
	const struct base_file *file = base_folder_find(base, base->partition);
	if (request->layer_count + 2 > GPT_PARTITIONS_MAX) {
		(void)error_set(err, ERROR_UNSUPPORTED,
				"the pod's images have %zu different layers together; %u are "
				"possible",
				request->layer_count, GPT_PARTITIONS_MAX - 2);
		return error_hint(err, "build one of them with fewer layers (docker build "
				       "--squash, or a last stage of its own)");
	}
	if (file == NULL || file->size_bytes % SECTOR_SIZE != 0)
		return error_set(err, ERROR_INVALID, "the base's partition '%s' is unusable",
				 base->partition);
	struct gpt_partition *boot = add_partition(layout, "i2kit-boot", layout->boot.size, NULL,
						   xasprintf("base '%s'", base->name));
	boot->type = GPT_EFI_SYSTEM;
	boot->is_bios_bootable = true;
	(void)add_partition(layout, "i2kit-base", file->size_bytes, &file->digest,
			    xasprintf("base '%s', see sbom.spdx.json in it", base->name));
	for (size_t i = 0; i < request->layer_count; i++) {
		const struct disk_layer *layer = &request->layers[i];
		char name[PARTITION_NAME_SIZE];
		AUTO_FREE char *image = reference_portable(layer->image);
		pod_layer_name(i, name);
		(void)add_partition(
			layout, name, layer->size_bytes, &layer->digest,
			xasprintf("%s layer %s", image, DIGEST_TEXT(&layer->blob->diff_id)));
	}
	struct gpt_partition *last = &layout->table.partitions[layout->table.partition_count - 1];
	layout->table.disk_size = align(last->offset + last->size) + DISK_ALIGNMENT;
	return true;
}

static void fill_toc_files(struct disk_layout *layout, const struct base_folder *base)
{
	static const char *const names[] = {"kernel", "initrd"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t index = find_boot_file(layout, names[i]);
		struct toc_file *file = ARRAY_APPEND(layout->toc.files, layout->toc.file_count);
		memcpy(file->name, names[i], strlen(names[i]) + 1);
		file->size = layout->files[index].size;
		file->offset = DISK_ALIGNMENT + layout->files[index].offset;
		if (i == 0)
			file->digest = base_folder_find(base, base->kernel)->digest;
		else
			file->digest = sha256_digest(layout->bytes[index], (size_t)file->size);
	}
}

static size_t rounded_toc_size(const struct disk_layout *layout, const struct disk_request *request)
{
	/* Offsets are not known yet; this is more than they can take. */
	size_t most = strlen(request->pod_json) + 4096 +
		      (request->linuxkit == NULL ? 0 : 6 * strlen(request->linuxkit)) +
		      6 * strlen(request->base->cmdline);
	for (size_t i = 0; i < request->layer_count; i++)
		most += 512 + 6 * strlen(request->layers[i].image);
	(void)layout;
	return (most + TOC_UNIT - 1) / TOC_UNIT * TOC_UNIT;
}

char *disk_layout_builder(void)
{
	return xasprintf("i2kit %s, %s", I2KIT_VERSION, squashfs_writer_libraries());
}

/* i2kit.json in the place that was kept for it, filled up with newlines. */
static void write_toc(struct disk_layout *layout, const struct disk_request *request)
{
	size_t index = layout->file_count - 1;
	layout->toc.pod_json = xstrdup(request->pod_json);
	layout->toc.cmdline = xstrdup(request->base->cmdline);
	layout->toc.linuxkit = xstrdup_or_null(request->linuxkit);
	layout->toc.builder = disk_layout_builder();
	fill_toc_files(layout, request->base);
	AUTO_FREE char *text = toc_make(&layout->toc);
	size_t size = strlen(text);
	memset(layout->bytes[index], '\n', (size_t)layout->files[index].size);
	memcpy(layout->bytes[index], text, size);
}

static bool install_syslinux(struct disk_layout *layout, const struct base_folder *base,
			     struct error *err)
{
	AUTO_FREE char *code = NULL;
	size_t size;
	size_t index = find_boot_file(layout, "ldlinux.sys");
	if (!base_folder_read(base, "boot/ldlinux.bss", &code, &size, err))
		return false;
	if (size != SECTOR_SIZE)
		return error_set(err, ERROR_INVALID, "the base's ldlinux.bss is no sector");
	return syslinux_install(layout->boot.head, (const uint8_t *)code,
				(uint8_t *)layout->bytes[index], (size_t)layout->files[index].size,
				layout->files[index].offset, err);
}

/*
 * The boot partition's own GUID: of all that is in it, as for the others; but of the files'
 * digests, since the kernel's is known and hashing it once more would take longer than all else
 * here.
 */
static void name_boot_partition(struct disk_layout *layout)
{
	AUTO_PTR(sha256) struct sha256 *hash = sha256_new();
	sha256_update(hash, layout->boot.head, layout->boot.head_size);
	for (size_t i = 0; i < layout->file_count; i++) {
		struct digest digest =
			layout->digests[i] != NULL
				? *layout->digests[i]
				: sha256_digest(layout->bytes[i], (size_t)layout->files[i].size);
		sha256_update(hash, DIGEST_TEXT(&digest), DIGEST_SIZE - 1);
	}
	struct digest whole = sha256_finish_digest(hash);
	digest_uuid(&whole, layout->table.partitions[0].uuid);
}

static void add_piece(struct disk_layout *layout, struct disk_piece piece)
{
	*ARRAY_APPEND(layout->pieces, layout->piece_count) = piece;
}

static void add_pieces(struct disk_layout *layout, const struct disk_request *request)
{
	const struct gpt_partition *partitions = layout->table.partitions;
	add_piece(layout, (struct disk_piece){.size = GPT_HEAD_SIZE, .bytes = layout->head});
	add_piece(layout, (struct disk_piece){.offset = partitions[0].offset,
					      .size = layout->boot.head_size,
					      .bytes = layout->boot.head});
	for (size_t i = 0; i < layout->file_count; i++)
		add_piece(layout, (struct disk_piece){.offset = partitions[0].offset +
								layout->files[i].offset,
						      .size = layout->files[i].size,
						      .bytes = layout->bytes[i],
						      .path = layout->paths[i],
						      .digest = layout->digests[i],
						      .hint = base_hint});
	for (size_t i = 1; i < layout->table.partition_count; i++) {
		const struct disk_layer *layer = i == 1 ? NULL : &request->layers[i - 2];
		add_piece(layout,
			  (struct disk_piece){
				  .offset = partitions[i].offset,
				  .size = partitions[i].size,
				  .path = layer == NULL ? layout->base_path : layer->path,
				  .digest = &layout->toc.partitions[i].digest,
				  .checksum = layer == NULL ? NULL : layer->checksum,
				  .was_just_made = layer != NULL && layer->was_made,
				  .hint = layer == NULL ? base_hint
							: "i2kit images --verify --repair"});
	}
	add_piece(layout, (struct disk_piece){.offset = layout->table.disk_size - GPT_TAIL_SIZE,
					      .size = GPT_TAIL_SIZE,
					      .bytes = layout->tail});
}

bool disk_layout_make(struct disk_layout *layout, const struct disk_request *request,
		      struct error *err)
{

	AUTO_FREE char *boot_code = NULL;
	size_t boot_code_size;
	struct digest pod = sha256_digest(request->pod_json, strlen(request->pod_json));
	digest_uuid(&pod, layout->table.disk_uuid);
	if (!add_boot_files(layout, request, err))
		return false;
	size_t toc_size = rounded_toc_size(layout, request);
	add_file(layout, TOC_NAME, xcalloc(1, toc_size), toc_size);
	struct fat_options options = {.serial = bytes_get_u32(pod.bytes + 16),
				      .partition_offset = DISK_ALIGNMENT,
				      .alignment = DISK_ALIGNMENT};
	if (!fat_make(layout->files, layout->file_count, &options, &layout->boot, err) ||
	    !add_partitions(layout, request, err) ||
	    !install_syslinux(layout, request->base, err) ||
	    !base_folder_read(request->base, "boot/gptmbr.bin", &boot_code, &boot_code_size, err))
		return false;
	if (boot_code_size != GPT_BOOT_CODE_SIZE)
		return error_set(err, ERROR_INVALID, "the base's gptmbr.bin has not %u bytes",
				 GPT_BOOT_CODE_SIZE);
	write_toc(layout, request);
	name_boot_partition(layout);
	gpt_make(&layout->table, (const uint8_t *)boot_code, layout->head, layout->tail);
	layout->base_path = request->base->partition_path != NULL
				    ? xstrdup(request->base->partition_path)
				    : path_join(request->base->path, request->base->partition);
	add_pieces(layout, request);
	return true;
}
