/* SPDX-License-Identifier: Apache-2.0 */
/* An image's files in the tree: what a running container has of its own is put in their place. */
#include "image/linuxkit/linuxkit_unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "image/linuxkit/image_flatten.h"
#include "image/linuxkit/linuxkit_tree.h"
#include "image/unpack/uncompress.h"

enum { CHUNK_SIZE = 256 << 10, XATTRS_MAX = 64 };

static const char hosts[] = "127.0.0.1       localhost\n"
			    "::1     localhost ip6-localhost ip6-loopback\n"
			    "fe00::0 ip6-localnet\n"
			    "ff00::0 ip6-mcastprefix\n"
			    "ff02::1 ip6-allnodes\n"
			    "ff02::2 ip6-allrouters\n";
static const char resolv[] = "\n# no resolv.conf configured\n";

struct unpacking {
	struct linuxkit_tree *tree;
	const struct linuxkit_unpack *unpack;
	bool has_mtab;
};

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names != NULL; names++) {
		if (strcmp(name, *names) == 0)
			return true;
	}
	return false;
}

static char *below(const char *prefix, const char *name)
{
	if (prefix[0] == '\0')
		return xstrdup(name);
	return strcmp(name, ".") == 0 ? xstrdup(prefix) : xasprintf("%s/%s", prefix, name);
}

static bool type_of(struct archive_entry *entry, enum tar_type *ret)
{
	if (archive_entry_hardlink(entry) != NULL) {
		*ret = TAR_HARD_LINK;
		return true;
	}
	switch (archive_entry_filetype(entry)) {
	case AE_IFREG:
		*ret = TAR_FILE;
		return true;
	case AE_IFDIR:
		*ret = TAR_FOLDER;
		return true;
	case AE_IFLNK:
		*ret = TAR_SYMLINK;
		return true;
	case AE_IFCHR:
		*ret = TAR_CHARACTER;
		return true;
	case AE_IFBLK:
		*ret = TAR_BLOCK;
		return true;
	case AE_IFIFO:
		*ret = TAR_FIFO;
		return true;
	default:
		return false;
	}
}

/* Extended attributes (capabilities) as star and GNU tar write them. */
static size_t make_xattrs(struct archive_entry *entry, struct tar_record *records,
			  struct string_list *keys)
{
	size_t count = 0;
	const char *name = NULL;
	const void *value = NULL;
	size_t size = 0;
	(void)archive_entry_xattr_reset(entry);
	while (count < XATTRS_MAX &&
	       archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
		string_list_addf(keys, "SCHILY.xattr.%s", name);
		records[count].value = value;
		records[count].size = size;
		count++;
	}
	for (size_t i = 0; i < count; i++)
		records[i].key = keys->items[i];
	return count;
}

static bool copy_data(struct unpacking *unpacking, struct archive *archive, uint64_t size,
		      bool is_apk, struct error *err)
{
	AUTO_FREE char *chunk = xmalloc(CHUNK_SIZE);
	while (size > 0) {
		la_ssize_t got = archive_read_data(archive, chunk,
						   size < CHUNK_SIZE ? (size_t)size : CHUNK_SIZE);
		if (got <= 0)
			return error_set(err, ERROR_CORRUPT, "the layer is cut: %s",
					 got < 0 ? archive_error_string(archive) : "ends early");
		if (is_apk)
			strbuf_append_bytes(unpacking->unpack->apk_database, chunk, (size_t)got);
		if (!tar_writer_data(unpacking->tree->writer, chunk, (size_t)got, err))
			return false;
		size -= (uint64_t)got;
	}
	if (is_apk) {
		strbuf_append(unpacking->unpack->apk_database, "\n\n");
		++*unpacking->unpack->apk_count;
	}
	return true;
}

static bool write_entry(struct unpacking *unpacking, const char *name, struct archive_entry *entry,
			struct archive *archive, struct error *err)
{
	struct tar_record records[XATTRS_MAX + 2];
	AUTO(string_list_clear) struct string_list keys = STRING_LIST_INIT;
	const struct linuxkit_unpack *unpack = unpacking->unpack;
	enum tar_type type = TAR_FILE;
	if (!type_of(entry, &type))
		return error_set(err, ERROR_UNSUPPORTED, "%s is of a kind that no tar has", name);
	size_t count = make_xattrs(entry, records, &keys);
	records[count++] = (struct tar_record){"LINUXKIT.location", unpack->origin->location,
					       strlen(unpack->origin->location)};
	records[count++] = (struct tar_record){"LINUXKIT.source", unpack->origin->source,
					       strlen(unpack->origin->source)};
	AUTO_FREE char *path = below(unpack->prefix, name);
	AUTO_FREE char *link = NULL;
	if (type == TAR_HARD_LINK) {
		AUTO_FREE char *target = image_clean_name(archive_entry_hardlink(entry));
		if (target == NULL)
			return error_set(err, ERROR_INVALID, "%s links out of the image", name);
		link = below(unpack->prefix, target);
	}
	int64_t size = archive_entry_size(entry);
	bool is_fixed = strcmp(name, "etc/mtab") == 0;
	const struct tar_entry out = {
		.name = path,
		.type = type,
		.mode = archive_entry_perm(entry),
		.uid = (uint32_t)archive_entry_uid(entry),
		.gid = (uint32_t)archive_entry_gid(entry),
		.mtime_s = is_fixed ? LINUXKIT_TIME_S : archive_entry_mtime(entry),
		.mtime_ns = is_fixed ? 0 : (uint32_t)archive_entry_mtime_nsec(entry),
		.size_bytes = type == TAR_FILE && size > 0 ? (uint64_t)size : 0,
		.link = type == TAR_SYMLINK ? archive_entry_symlink(entry) : link,
		.device_major = (uint32_t)archive_entry_rdevmajor(entry),
		.device_minor = (uint32_t)archive_entry_rdevminor(entry),
		.records = records,
		.record_count = count};
	bool is_apk = unpack->apk_database != NULL && type == TAR_FILE &&
		      strcmp(name, "lib/apk/db/installed") == 0;
	return tar_writer_begin(unpacking->tree->writer, &out, err) &&
	       copy_data(unpacking, archive, out.size_bytes, is_apk, err);
}

static bool on_entry(const char *name, struct archive_entry *entry, struct archive *archive,
		     void *arg, struct error *err)
{
	/* What a container engine puts into a container, not what the image has. */
	static const char *const excluded[] = {".dockerenv", "Dockerfile", "dev/console",
					       "dev/pts",    "dev/shm",	   "etc/hostname",
					       NULL};
	static const char *const replaced[] = {"etc/hosts", "etc/resolv.conf", NULL};
	struct unpacking *unpacking = arg;
	if (is_one_of(name, excluded) || is_one_of(name, replaced))
		return true;
	unpacking->has_mtab = unpacking->has_mtab || strcmp(name, "etc/mtab") == 0;
	return write_entry(unpacking, name, entry, archive, err);
}

static bool add_fixed(const struct unpacking *unpacking, struct tar_entry *entry, const char *text,
		      struct error *err)
{
	AUTO_FREE char *path = below(unpacking->unpack->prefix, entry->name);
	entry->name = path;
	entry->mtime_s = LINUXKIT_TIME_S;
	entry->size_bytes = text ? strlen(text) : 0;
	return linuxkit_tree_add(unpacking->tree, entry, text, unpacking->unpack->origin, err);
}

/* What must be there whatever the image has. */
static bool add_all_fixed(const struct unpacking *unpacking, struct error *err)
{
	static const char *const folders[] = {"dev", "dev/pts", "dev/shm", "etc", "proc", "sys"};
	const char *link = unpacking->unpack->resolv_link;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		struct tar_entry folder = {.name = folders[i], .type = TAR_FOLDER, .mode = 0755};
		if (!add_fixed(unpacking, &folder, NULL, err))
			return false;
	}
	struct tar_entry hosts_file = {.name = "etc/hosts", .type = TAR_FILE, .mode = 0644};
	struct tar_entry resolv_file = {.name = "etc/resolv.conf",
					.type = link ? TAR_SYMLINK : TAR_FILE,
					.mode = 0644,
					.link = link};
	struct tar_entry mtab = {
		.name = "etc/mtab", .type = TAR_SYMLINK, .mode = 0755, .link = "/proc/mounts"};
	return add_fixed(unpacking, &hosts_file, hosts, err) &&
	       (unpacking->has_mtab || add_fixed(unpacking, &mtab, NULL, err)) &&
	       add_fixed(unpacking, &resolv_file, link ? NULL : resolv, err);
}

bool linuxkit_tree_unpack(struct linuxkit_tree *tree, const struct linuxkit_unpack *unpack,
			  struct error *err)
{
	struct unpacking unpacking = {.tree = tree, .unpack = unpack};
	const struct linuxkit_build *build = tree->build;
	return image_flatten(build->store, unpack->image, on_entry, &unpacking, build->progress,
			     err) &&
	       add_all_fixed(&unpacking, err);
}

static void free_archive(struct archive **archive)
{
	(void)archive_read_free(*archive);
}

/* The tar of a base, as it is packed. */
struct tar_file {
	int fd;
	struct uncompress *uncompress;
	char *chunk; /* owned */
	struct error failure;
};

static void tar_file_clear(struct tar_file *file)
{
	uncompress_free(file->uncompress);
	free(file->chunk);
	error_clear(&file->failure);
}

static ssize_t read_file(void *arg, const void **ret, struct error *err)
{
	const struct tar_file *file = arg;
	ssize_t size;
	do
		size = read(file->fd, file->chunk, CHUNK_SIZE);
	while (size < 0 && errno == EINTR);
	if (size < 0)
		(void)error_set_errno(err, errno, "read");
	*ret = file->chunk;
	return size;
}

static la_ssize_t on_read(struct archive *archive, void *arg, const void **ret)
{
	struct tar_file *file = arg;
	ssize_t size = uncompress_next(file->uncompress, ret, &file->failure);
	if (size < 0)
		archive_set_error(archive, EIO, "%s", file->failure.message);
	return size;
}

bool linuxkit_tree_add_tar(struct linuxkit_tree *tree, int fd, const struct linuxkit_origin *origin,
			   struct error *err)
{
	struct archive_entry *entry = NULL;
	const struct linuxkit_unpack unpack = {.prefix = "", .origin = origin};
	struct unpacking unpacking = {.tree = tree, .unpack = &unpack};
	AUTO(tar_file_clear) struct tar_file file = {.fd = fd, .chunk = xmalloc(CHUNK_SIZE)};
	AUTO(free_archive) struct archive *archive = archive_read_new();
	file.uncompress = uncompress_new(read_file, &file);
	if (lseek(fd, 0, SEEK_SET) < 0 || archive == NULL ||
	    archive_read_support_format_tar(archive) != ARCHIVE_OK ||
	    archive_read_open(archive, &file, NULL, on_read, NULL) != ARCHIVE_OK)
		return error_set(err, ERROR_INVALID, "not a tar");
	for (;;) {
		int got = archive_read_next_header(archive, &entry);
		if (got == ARCHIVE_EOF)
			return true;
		if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
			return error_set(err, ERROR_INVALID, "not a tar: %s",
					 archive_error_string(archive));
		if (progress_is_cancelled(tree->build->progress))
			return error_set(err, ERROR_CANCELLED, "cancelled");
		const char *path = archive_entry_pathname(entry);
		AUTO_FREE char *name = path ? image_clean_name(path) : NULL;
		if (name == NULL)
			return error_set(err, ERROR_INVALID, "a file has the name '%.200s'",
					 path ? path : "");
		if (!write_entry(&unpacking, name, entry, archive, err))
			return false;
	}
}
