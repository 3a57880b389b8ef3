/* SPDX-License-Identifier: Apache-2.0 */
#include "local/template/template_store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/folder_list.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/path.h"
#include "base/sha256.h"
#include "local/template/memory_file.h"
#include "local/template/save_file.h"
#include "wire/document.h"

#define MAX_JSON      ((size_t)64 << 10)
#define VERSION	      1
#define COPY_BYTES    ((size_t)1 << 20)
#define DRAFT_END     ".draft"
#define PART_END      ".part"
#define FAILED_END    ".failed"
#define MEMORY_FOLDER "warm-memory"

static char *folder(void)
{
	return path_folder(PATH_CACHE, "warm");
}

static char *place_of(const char *key, const char *end)
{
	AUTO_FREE char *top = folder();

	return xasprintf("%s/%s%s", top, key, end);
}

uint64_t template_budget_read(const char *text_or_null)
{
	uint64_t bytes = 0;

	return text_or_null != NULL && parse_size_bytes(text_or_null, &bytes) ? bytes
									      : TEMPLATE_BUDGET;
}

uint64_t template_budget(void)
{
	return template_budget_read(getenv("I2KIT_WARM_BUDGET"));
}

/* ---- key.json ---- */

static char *entry_write(const struct template_entry *entry, const char *text)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, JSON_PRETTY);

	json_open_object(&json, NULL);
	json_write_number(&json, "version", VERSION);
	json_write_unsigned(&json, "streamBytes", entry->size_bytes);
	json_write_text(&json, "streamDigest", DIGEST_TEXT(&entry->digest));
	if (entry->memory_bytes > 0) {
		json_write_unsigned(&json, "memoryBytes", entry->memory_bytes);
		json_write_unsigned(&json, "memoryUsedBytes", entry->memory_used_bytes);
		json_write_text(&json, "memoryDigest", DIGEST_TEXT(&entry->memory_digest));
	}
	json_write_number(&json, "madeNs", entry->made_ns);
	json_write_text(&json, "of", text);
	json_close(&json);
	strbuf_append_char(&out, '\n');
	return strbuf_take(&out);
}

static void entry_read_memory(struct json_view root, struct template_entry *entry)
{
	entry->memory_bytes =
		(uint64_t)json_view_number(json_view_get(root, "memoryBytes"), 1, INT64_MAX, 0);
	if (entry->memory_bytes == 0)
		return;
	entry->memory_used_bytes = (uint64_t)json_view_number(
		json_view_require(root, "memoryUsedBytes"), 0, INT64_MAX / 2, 0);
	entry->memory_digest = json_view_digest(json_view_require(root, "memoryDigest"));
}

static bool entry_read(const char *key, struct template_entry *ret, struct error *err)
{
	AUTO_FREE char *path = place_of(key, "/key.json");
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	struct stat st;

	if (!file_read(path, MAX_JSON, &text, &size, err))
		return false;
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(text, size, path, 0, err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	document_check_version(root, VERSION);
	struct template_entry entry = {
		.size_bytes = (uint64_t)json_view_number(json_view_require(root, "streamBytes"), 1,
							 INT64_MAX, 0),
		.digest = json_view_digest(json_view_require(root, "streamDigest")),
		.made_ns = json_view_number(json_view_require(root, "madeNs"), 0, INT64_MAX, 0)};
	entry_read_memory(root, &entry);
	/* The key is what it is called by, or its name is a lie. */
	const char *of = json_view_peek(json_view_require(root, "of"));
	struct digest digest = sha256_digest(of != NULL ? of : "", of != NULL ? strlen(of) : 0);
	if (!json_document_check(document, err))
		return false;
	if (strcmp(DIGEST_HEX(&digest), key) != 0)
		return error_set(err, ERROR_CORRUPT, "%s is of another machine", path);
	entry.used_ns = stat(path, &st) == 0
				? (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec
				: entry.made_ns;
	memcpy(entry.key, key, sizeof(entry.key));
	*ret = entry;
	return true;
}

/* ---- those there are ---- */

void template_list_clear(struct template_list *list)
{
	free(list->items);
	*list = (struct template_list){0};
}

uint64_t template_entry_bytes(const struct template_entry *entry)
{
	return entry->size_bytes + entry->memory_used_bytes;
}

static int by_use(const void *a, const void *b)
{
	const struct template_entry *x = a, *y = b;

	return x->used_ns < y->used_ns ? -1 : x->used_ns > y->used_ns;
}

static bool is_key(const char *name)
{
	struct digest digest;

	return digest_parse_hex(name, &digest);
}

void template_list_read(struct template_list *ret)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO_FREE char *top = folder();

	(void)folder_list(top, &names, NULL);
	for (size_t i = 0; i < names.count; i++) {
		struct template_entry entry;
		if (!is_key(names.items[i]) || !entry_read(names.items[i], &entry, NULL))
			continue;
		*ARRAY_APPEND(ret->items, ret->count) = entry;
		ret->total_bytes += template_entry_bytes(&entry);
	}
	if (ret->count > 0)
		qsort(ret->items, ret->count, sizeof(*ret->items), by_use);
}

bool template_remove(const char *key, struct error *err)
{
	AUTO_FREE char *place = place_of(key, "");
	AUTO_FREE char *gone = xasprintf("%s.%ld" PART_END, place, (long)gettid());

	if (rename(place, gone) < 0)
		return errno == ENOENT || error_set_errno(err, errno, "%s", place);
	return path_remove_tree(gone, err);
}

static uint64_t failures_of(const char *key)
{
	AUTO_FREE char *path = place_of(key, FAILED_END);
	AUTO_FREE char *text = NULL;
	uint64_t count = 0;

	if (!file_read(path, 32, &text, NULL, NULL))
		return 0;
	text[strcspn(text, "\n")] = '\0';
	/* What cannot be read is no reason to try again and again. */
	return parse_u64(text, 0, UINT32_MAX, &count) ? count : TEMPLATE_MAX_FAILED;
}

/* name: a key's, or "map". */
static void count_failure(const char *name)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;
	AUTO_FREE char *path = place_of(name, FAILED_END);
	AUTO_FREE char *text = xasprintf("%" PRIu64 "\n", failures_of(name) + 1);

	if (!file_write_atomic(path, text, strlen(text), 0600, &problem))
		log_verbose("a template that failed: %s", problem.message);
}

bool template_map_has_failed(void)
{
	AUTO_FREE char *path = place_of("map", FAILED_END);

	return path_exists(path);
}

void template_fail(const struct digest *key)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;
	struct template_entry entry = {0};
	AUTO_FREE char *top = folder();
	AUTO_FREE char *path = path_join(top, DIGEST_HEX(key));
	bool is_mapped = entry_read(DIGEST_HEX(key), &entry, NULL) && entry.memory_bytes > 0;

	/* Several that started from it fail at once: what counts is the template. */
	if (!path_exists(path))
		return;
	if (template_remove(DIGEST_HEX(key), &problem))
		count_failure(is_mapped ? "map" : DIGEST_HEX(key));
	else
		log_verbose("a template that failed: %s", problem.message);
}

void template_sweep(void)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO_FREE char *top = folder();

	(void)folder_list(top, &names, NULL);
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *path = path_join(top, names.items[i]);
		if (!is_key(names.items[i]) && !path_remove_tree(path, NULL))
			log_verbose("%s stays", path);
	}
}

/* ---- using one ---- */

static bool check_entry(const struct template_entry *entry, int fd, struct error *err)
{
	int64_t age_ns = clock_wall_ns() - entry->made_ns;
	struct stat st;

	if (fstat(fd, &st) < 0 || (uint64_t)st.st_size != entry->size_bytes)
		return error_set(err, ERROR_CORRUPT, "the template is not whole");
	if (st.st_uid != geteuid() || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return error_set(err, ERROR_DENIED, "the template is not this user's alone");
	if (age_ns < 0 || age_ns / 1000000000 > TEMPLATE_MAX_AGE_S)
		return error_set(err, ERROR_CORRUPT, "the template is too old");
	return true;
}

int template_open(const struct digest *key, struct template_entry *ret, struct error *err)
{
	const char *hex = DIGEST_HEX(key);
	AUTO_FREE char *json = place_of(hex, "/key.json");
	AUTO_FREE char *path = place_of(hex, "/stream");

	if (failures_of(hex) >= TEMPLATE_MAX_FAILED) {
		(void)error_set(err, ERROR_UNSUPPORTED,
				"starts from its templates failed: i2kit prune forgets that");
		return -1;
	}
	if (!path_exists(json)) {
		(void)error_set(err, ERROR_NOT_FOUND, "there is no template of it yet");
		return -1;
	}
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		(void)error_set_errno(err, errno, "the template");
	if (fd < 0 || !entry_read(hex, ret, err) || !check_entry(ret, fd, err)) {
		auto_close(&fd);
		if (!template_remove(hex, NULL))
			log_verbose("a bad template stays");
		return -1;
	}
	(void)utimensat(AT_FDCWD, json, NULL, 0);
	return fd;
}

/* ---- copying ---- */

/* From an offset to the end, and its digest. */
static bool copy_stream(int from, uint64_t offset, int to, struct template_entry *entry,
			struct error *err)
{
	AUTO_FREE char *buffer = xmalloc(COPY_BYTES);
	AUTO_PTR(sha256) struct sha256 *hash = sha256_new();
	ssize_t size;

	while ((size = pread(from, buffer, COPY_BYTES, (off_t)(offset + entry->size_bytes))) > 0) {
		if (!fd_write_all(to, buffer, (size_t)size, err))
			return false;
		sha256_update(hash, buffer, (size_t)size);
		entry->size_bytes += (uint64_t)size;
	}
	entry->digest = sha256_finish_digest(hash);
	return size == 0 || error_set_errno(err, errno, "the saved state");
}

bool template_copy(const struct template_entry *entry, int stream, int to, struct error *err)
{
	struct template_entry copied = {0};

	if (!copy_stream(stream, 0, to, &copied, err))
		return false;
	return (copied.size_bytes == entry->size_bytes &&
		digest_equal(&copied.digest, &entry->digest)) ||
	       error_set(err, ERROR_CORRUPT, "the template is damaged");
}

/* ---- memory that is mapped ---- */

char *template_memory(const struct template_entry *entry, const char *uuid, struct error *err)
{
	AUTO_FREE char *memory = place_of(entry->key, "/memory");
	AUTO_FREE char *folder = path_folder(PATH_CACHE, MEMORY_FOLDER);
	AUTO_FREE char *path = path_join(folder, uuid);

	/* Not below the templates' own folder: QEMU may run as another, and that one stays shut. */
	if (!path_make_folders(folder, 0700, err))
		return NULL;
	(void)unlink(path);
	if (link(memory, path) < 0) {
		(void)error_set_errno(err, errno, "%s", path);
		return NULL;
	}
	if (memory_file_check(path, entry->memory_bytes, &entry->memory_digest, err))
		return TAKE_PTR(path);
	(void)unlink(path);
	return NULL;
}

/* ---- making one ---- */

char *template_draft(const char *name, struct error *err)
{
	AUTO_FREE char *top = folder();
	AUTO_FREE char *path = xasprintf("%s/%s" DRAFT_END, top, name);

	if (!path_make_folders(top, 0700, err))
		return NULL;
	(void)unlink(path);
	/* Made by us: libvirt's would be root's. */
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		return TAKE_PTR(path);
	(void)error_set_errno(err, errno, "%s", path);
	return NULL;
}

/* The memory to a file of its own, the rest of the stream to another. */
static bool divide(const char *place, int from, uint64_t offset, int to,
		   struct template_entry *entry, struct error *err)
{
	AUTO_FREE char *memory = path_join(place, "memory");
	AUTO(strbuf_clear) struct strbuf rest = STRBUF_INIT;

	if (!memory_file_make(memory, from, offset, &rest, &entry->memory_bytes, err)) {
		/* A QEMU that is not known: the next one is copied. */
		if (err != NULL && err->kind == ERROR_CORRUPT)
			count_failure("map");
		return false;
	}
	if (!fd_write_all(to, strbuf_text(&rest), rest.size, err))
		return false;
	entry->size_bytes = rest.size;
	entry->digest = sha256_digest(strbuf_text(&rest), rest.size);
	AUTO_CLOSE int fd = open(memory, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_set_errno(err, errno, "%s", memory);
	return memory_file_digest(fd, &entry->memory_digest, &entry->memory_used_bytes, err);
}

static bool fill(const char *place, const char *text, const char *draft, bool maps_memory,
		 struct template_entry *entry, struct error *err)
{
	AUTO_FREE char *stream = path_join(place, "stream");
	AUTO_FREE char *json = path_join(place, "key.json");
	uint8_t header[SAVE_HEADER_SIZE];
	uint64_t offset = 0;
	struct stat st;
	AUTO_CLOSE int from = open(draft, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (from < 0 || fstat(from, &st) < 0)
		return error_set_errno(err, errno, "%s", draft);
	ssize_t got = pread(from, header, sizeof(header), 0);
	if (!save_header_read(header, got > 0 ? (size_t)got : 0, (uint64_t)st.st_size, &offset,
			      err))
		return false;
	if ((uint64_t)st.st_size - offset > template_budget())
		return error_set(err, ERROR_FULL, "the template is larger than all may be");
	AUTO_CLOSE int to = open(stream, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0)
		return error_set_errno(err, errno, "%s", stream);
	if (!(maps_memory ? divide(place, from, offset, to, entry, err)
			  : copy_stream(from, offset, to, entry, err)))
		return false;
	AUTO_FREE char *written = entry_write(entry, text);
	return file_write_atomic(json, written, strlen(written), 0600, err);
}

static void keep_budget(const char *key)
{
	AUTO(template_list_clear) struct template_list list = {0};
	uint64_t budget = template_budget();

	template_list_read(&list);
	for (size_t i = 0; i < list.count && list.total_bytes > budget; i++) {
		if (strcmp(list.items[i].key, key) == 0)
			continue;
		list.total_bytes -= template_entry_bytes(&list.items[i]);
		if (!template_remove(list.items[i].key, NULL))
			log_verbose("template %.12s stays", list.items[i].key);
	}
}

bool template_add(const struct digest *key, const char *text, const char *draft, bool maps_memory,
		  struct template_entry *ret, struct error *err)
{
	AUTO_FREE char *place = place_of(DIGEST_HEX(key), "");
	AUTO_FREE char *part = xasprintf("%s.%ld" PART_END, place, (long)gettid());
	struct template_entry entry = {.made_ns = clock_wall_ns()};

	memcpy(entry.key, DIGEST_HEX(key), sizeof(entry.key));
	if (!path_remove_tree(part, err) || !path_make_folders(part, 0700, err))
		return false;
	bool is_good = fill(part, text, draft, maps_memory, &entry, err);
	/* Another project may have been first with the same. */
	if (is_good && rename(part, place) < 0)
		is_good = errno == ENOTEMPTY || errno == EEXIST ||
			  error_set_errno(err, errno, "%s", place);
	if (!path_remove_tree(part, NULL))
		log_verbose("%s stays", part);
	if (!is_good)
		return false;
	keep_budget(entry.key);
	*ret = entry;
	return true;
}
