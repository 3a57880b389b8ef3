/* SPDX-License-Identifier: Apache-2.0 */
#include "image/disk/toc.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "image/disk/fat.h"

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

static void append_number(struct strbuf *text, const char *key, uint64_t number)
{
	strbuf_appendf(text, "\"%s\":%llu,", key, (unsigned long long)number);
}

static void append_text(struct strbuf *text, const char *key, const char *value)
{
	strbuf_appendf(text, "\"%s\":", key);
	strbuf_append_json(text, value);
	strbuf_append_char(text, ',');
}

static void end_object(struct strbuf *text, bool is_last)
{
	text->data[text->size - 1] = '}'; /* in place of the comma */
	if (!is_last)
		strbuf_append_char(text, ',');
}

static void append_files(struct strbuf *text, const struct toc *toc)
{
	strbuf_append(text, "\"files\":[");
	for (size_t i = 0; i < toc->file_count; i++) {
		strbuf_append_char(text, '{');
		append_text(text, "name", toc->files[i].name);
		append_number(text, "offset", toc->files[i].offset);
		append_number(text, "size", toc->files[i].size);
		append_text(text, "digest", toc->files[i].digest);
		end_object(text, i + 1 == toc->file_count);
	}
	strbuf_append(text, "],");
}

static void append_partitions(struct strbuf *text, const struct toc *toc)
{
	strbuf_append(text, "\"partitions\":[");
	for (size_t i = 0; i < toc->partition_count; i++) {
		const struct toc_partition *partition = &toc->partitions[i];
		strbuf_append_char(text, '{');
		append_number(text, "number", partition->number);
		append_text(text, "name", partition->name);
		if (partition->uuid[0] != '\0')
			append_text(text, "uuid", partition->uuid);
		append_number(text, "offset", partition->offset);
		append_number(text, "size", partition->size);
		if (partition->digest[0] != '\0')
			append_text(text, "digest", partition->digest);
		append_text(text, "source", partition->source);
		end_object(text, i + 1 == toc->partition_count);
	}
	strbuf_append(text, "],");
}

char *toc_make(const struct toc *toc)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	strbuf_append_char(&text, '{');
	append_number(&text, "version", 1);
	strbuf_appendf(&text, "\"pod\":%s,", toc->pod_json);
	append_text(&text, "cmdline", toc->cmdline);
	append_files(&text, toc);
	append_partitions(&text, toc);
	if (toc->linuxkit != NULL)
		append_text(&text, "linuxkit", toc->linuxkit);
	append_text(&text, "builder", toc->builder);
	end_object(&text, true);
	return strbuf_take(&text);
}

static bool get_text(const json_t *object, const char *key, char *out, size_t size)
{
	const char *text = json_string_value(json_object_get(object, key));
	if (text == NULL || strlen(text) >= size)
		return false;
	memcpy(out, text, strlen(text) + 1);
	return true;
}

static bool get_range(const json_t *object, uint64_t disk_size, uint64_t *ret_offset,
		      uint64_t *ret_size)
{
	json_int_t offset = json_integer_value(json_object_get(object, "offset"));
	json_int_t size = json_integer_value(json_object_get(object, "size"));
	if (offset < 0 || size < 0 || (uint64_t)offset > disk_size ||
	    (uint64_t)size > disk_size - (uint64_t)offset)
		return false;
	*ret_offset = (uint64_t)offset;
	*ret_size = (uint64_t)size;
	return true;
}

static bool parse_files(const json_t *list, uint64_t disk_size, struct toc *toc)
{
	size_t i;
	json_t *item;
	if (json_array_size(list) > 16)
		return false;
	json_array_foreach(list, i, item)
	{
		struct toc_file *file = ARRAY_APPEND(toc->files, toc->file_count);
		if (!get_text(item, "name", file->name, sizeof(file->name)) ||
		    !get_text(item, "digest", file->digest, sizeof(file->digest)) ||
		    !digest_is_valid(file->digest) ||
		    !get_range(item, disk_size, &file->offset, &file->size))
			return false;
	}
	return true;
}

static bool parse_partition(const json_t *item, uint64_t disk_size, struct toc_partition *partition)
{
	json_int_t number = json_integer_value(json_object_get(item, "number"));
	const char *source = json_string_value(json_object_get(item, "source"));
	if (number < 1 || number > (json_int_t)GPT_PARTITIONS_MAX || source == NULL ||
	    !get_text(item, "name", partition->name, sizeof(partition->name)) ||
	    !get_range(item, disk_size, &partition->offset, &partition->size))
		return false;
	partition->number = (unsigned)number;
	partition->source = xstrdup(source);
	if (json_object_get(item, "digest") == NULL)
		return true;
	return get_text(item, "digest", partition->digest, sizeof(partition->digest)) &&
	       digest_is_valid(partition->digest) &&
	       get_text(item, "uuid", partition->uuid, sizeof(partition->uuid));
}

static bool parse_partitions(const json_t *list, uint64_t disk_size, struct toc *toc)
{
	size_t i;
	json_t *item;
	if (json_array_size(list) > GPT_PARTITIONS_MAX)
		return false;
	json_array_foreach(list, i, item)
	{
		if (!parse_partition(item, disk_size,
				     ARRAY_APPEND(toc->partitions, toc->partition_count)))
			return false;
	}
	return true;
}

static bool fill_toc(const json_t *root, uint64_t disk_size, struct toc *toc)
{
	const char *cmdline = json_string_value(json_object_get(root, "cmdline"));
	const char *builder = json_string_value(json_object_get(root, "builder"));
	const char *linuxkit = json_string_value(json_object_get(root, "linuxkit"));
	const json_t *pod = json_object_get(root, "pod");
	if (json_integer_value(json_object_get(root, "version")) != 1 || cmdline == NULL ||
	    builder == NULL || !json_is_object(pod))
		return false;
	toc->cmdline = xstrdup(cmdline);
	toc->builder = xstrdup(builder);
	toc->linuxkit = xstrdup_or_null(linuxkit);
	toc->pod_json = json_dumps(pod, JSON_COMPACT);
	return toc->pod_json != NULL &&
	       parse_files(json_object_get(root, "files"), disk_size, toc) &&
	       parse_partitions(json_object_get(root, "partitions"), disk_size, toc);
}

bool toc_parse(const char *text, size_t size, uint64_t disk_size, struct toc *ret,
	       struct error *err)
{
	AUTO(toc_clear) struct toc toc = {0};
	json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	bool is_good = root != NULL && fill_toc(root, disk_size, &toc);
	json_decref(root);
	if (!is_good)
		return error_set(err, ERROR_CORRUPT, "the disk's i2kit.json is malformed");
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
