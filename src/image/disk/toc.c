/* SPDX-License-Identifier: Apache-2.0 */
#include "image/disk/toc.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "image/disk/fat.h"

#define FILES_MAX ((size_t)16)

void toc_clear(struct toc *toc)
{
	for (size_t i = 0; i < toc->partition_count; i++)
		free(toc->partitions[i].source);
	free(toc->partitions);
	free(toc->files);
	free(toc->pod_json);
	free(toc->cmdline);
	free(toc->linuxkit);
	free(toc->builder);
	*toc = (struct toc){0};
}

static void write_files(struct json_writer *json, const struct toc *toc)
{
	json_open_list(json, "files");
	for (size_t i = 0; i < toc->file_count; i++) {
		json_open_object(json, NULL);
		json_write_text(json, "name", toc->files[i].name);
		json_write_unsigned(json, "offset", toc->files[i].offset);
		json_write_unsigned(json, "size", toc->files[i].size);
		json_write_text(json, "digest", DIGEST_TEXT(&toc->files[i].digest));
		json_close(json);
	}
	json_close(json);
}

static void write_partition(struct json_writer *json, const struct toc_partition *partition)
{
	json_open_object(json, NULL);
	json_write_unsigned(json, "number", partition->number);
	json_write_text(json, "name", partition->name);
	if (partition->uuid[0] != '\0')
		json_write_text(json, "uuid", partition->uuid);
	json_write_unsigned(json, "offset", partition->offset);
	json_write_unsigned(json, "size", partition->size);
	if (digest_is_set(&partition->digest))
		json_write_text(json, "digest", DIGEST_TEXT(&partition->digest));
	json_write_text(json, "source", partition->source);
	json_close(json);
}

char *toc_make(const struct toc *toc)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);
	json_open_object(&json, NULL);
	json_write_number(&json, "version", 1);
	json_write_raw(&json, "pod", toc->pod_json);
	json_write_text(&json, "cmdline", toc->cmdline);
	write_files(&json, toc);
	json_open_list(&json, "partitions");
	for (size_t i = 0; i < toc->partition_count; i++)
		write_partition(&json, &toc->partitions[i]);
	json_close(&json);
	if (toc->linuxkit != NULL)
		json_write_text(&json, "linuxkit", toc->linuxkit);
	json_write_text(&json, "builder", toc->builder);
	json_close(&json);
	return strbuf_take(&text);
}

static void take_text(struct json_view view, char *out, size_t size)
{
	const char *text = json_view_peek(view);
	if (text != NULL && strlen(text) < size)
		memcpy(out, text, strlen(text) + 1);
	else if (text != NULL)
		json_view_complain(view, "is too long");
}

static void take_range(struct json_view item, uint64_t disk_size, uint64_t *ret_offset,
		       uint64_t *ret_size)
{
	int64_t most = disk_size < INT64_MAX ? (int64_t)disk_size : INT64_MAX;
	*ret_offset = (uint64_t)json_view_number(json_view_require(item, "offset"), 0, most, 0);
	*ret_size = (uint64_t)json_view_number(json_view_require(item, "size"), 0, most, 0);
	if (*ret_size > disk_size - *ret_offset)
		json_view_complain(item, "ends behind the disk");
}

static void take_files(struct json_view list, uint64_t disk_size, struct toc *toc)
{
	size_t count = json_view_count(list, FILES_MAX);
	for (size_t i = 0; i < count; i++) {
		struct json_view item = json_view_at(list, i);
		struct toc_file *file = ARRAY_APPEND(toc->files, toc->file_count);
		take_text(json_view_require(item, "name"), file->name, sizeof(file->name));
		file->digest = json_view_digest(json_view_require(item, "digest"));
		take_range(item, disk_size, &file->offset, &file->size);
	}
}

static void take_partition(struct json_view item, uint64_t disk_size,
			   struct toc_partition *partition)
{
	struct json_view digest = json_view_get(item, "digest");
	partition->number = (unsigned)json_view_number(json_view_require(item, "number"), 1,
						       GPT_PARTITIONS_MAX, 1);
	partition->source = json_view_text(json_view_require(item, "source"));
	take_text(json_view_require(item, "name"), partition->name, sizeof(partition->name));
	take_range(item, disk_size, &partition->offset, &partition->size);
	if (!json_view_exists(digest))
		return;
	partition->digest = json_view_digest(digest);
	take_text(json_view_require(item, "uuid"), partition->uuid, sizeof(partition->uuid));
}

static bool fill_toc(struct json_document *document, uint64_t disk_size, struct toc *toc,
		     struct error *err)
{
	struct json_view root = json_document_root(document);
	struct json_view pod = json_view_require(root, "pod");
	struct json_view partitions = json_view_get(root, "partitions");
	(void)json_view_number(json_view_require(root, "version"), 1, 1, 1);
	toc->cmdline = json_view_text(json_view_require(root, "cmdline"));
	toc->builder = json_view_text(json_view_require(root, "builder"));
	toc->linuxkit = json_view_text(json_view_get(root, "linuxkit"));
	toc->pod_json = json_view_dump(pod, 0);
	take_files(json_view_get(root, "files"), disk_size, toc);
	size_t count = json_view_count(partitions, GPT_PARTITIONS_MAX);
	for (size_t i = 0; i < count; i++)
		take_partition(json_view_at(partitions, i), disk_size,
			       ARRAY_APPEND(toc->partitions, toc->partition_count));
	return json_document_check(document, err) &&
	       (json_view_is_object(pod) || error_set(err, ERROR_INVALID, "'pod' is no object"));
}

bool toc_parse(const char *text, size_t size, uint64_t disk_size, struct toc *ret,
	       struct error *err)
{
	AUTO(toc_clear) struct toc toc = {0};
	AUTO(error_clear) struct error why = ERROR_INIT;
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(text, size, TOC_NAME, 0, &why);
	if (document == NULL || !fill_toc(document, disk_size, &toc, &why))
		return error_set(err, ERROR_CORRUPT, "the disk's i2kit.json is malformed: %s",
				 why.message);
	*ret = toc;
	toc = (struct toc){0};
	return true;
}

const struct toc_file *toc_find_file(const struct toc *toc, const char *name)
{
	for (size_t i = 0; i < toc->file_count; i++)
		if (strcmp(toc->files[i].name, name) == 0)
			return &toc->files[i];
	return NULL;
}

/* As many bytes as there are, up to size; -1 with an error. */
static ssize_t read_at(int fd, void *bytes, size_t size, uint64_t offset, struct error *err)
{
	size_t done = 0;
	while (done < size) {
		ssize_t count =
			pread(fd, (char *)bytes + done, size - done, (off_t)(offset + done));
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0) {
			(void)error_set_errno(err, errno, "cannot read the disk");
			return -1;
		}
		if (count == 0)
			break;
		done += (size_t)count;
	}
	return (ssize_t)done;
}

static bool find_boot_partition(int fd, uint64_t disk_size, struct gpt_partition *ret,
				struct error *err)
{
	uint8_t head[GPT_HEAD_SIZE];
	AUTO_FREE struct gpt_table *table = xcalloc(1, sizeof(*table));
	ssize_t size = read_at(fd, head, sizeof(head), 0, err);
	if (size < 0 || !gpt_parse(head, (size_t)size, disk_size, table, err))
		return false;
	for (size_t i = 0; i < table->partition_count; i++) {
		if (strcmp(table->partitions[i].name, "i2kit-boot") == 0) {
			*ret = table->partitions[i];
			return true;
		}
	}
	return error_set(err, ERROR_INVALID, "the disk has no i2kit-boot partition");
}

bool toc_read_disk(int fd, char **ret, size_t *ret_size, struct error *err)
{
	struct gpt_partition boot;
	struct stat st;
	uint64_t offset, size;
	if (fstat(fd, &st) != 0)
		return error_set_errno(err, errno, "cannot read the disk");
	if (!find_boot_partition(fd, (uint64_t)st.st_size, &boot, err))
		return false;
	AUTO_FREE uint8_t *head = xmalloc(FAT_READ_SIZE);
	ssize_t count = read_at(fd, head, FAT_READ_SIZE, boot.offset, err);
	if (count < 0 || !fat_find(head, (size_t)count, TOC_NAME, &offset, &size, err))
		return false;
	if (size > TOC_MAX_BYTES || offset > boot.size || size > boot.size - offset)
		return error_set(err, ERROR_CORRUPT, "i2kit.json lies outside its partition");
	AUTO_FREE char *text = xcalloc(1, (size_t)size + 1);
	count = read_at(fd, text, (size_t)size, boot.offset + offset, err);
	if (count < 0)
		return false;
	if ((uint64_t)count != size)
		return error_set(err, ERROR_CORRUPT, "the disk is cut short");
	while (size > 0 && text[size - 1] == '\n') /* room that was kept for it */
		size--;
	text[size] = '\0';
	*ret = TAKE_PTR(text);
	*ret_size = (size_t)size;
	return true;
}
