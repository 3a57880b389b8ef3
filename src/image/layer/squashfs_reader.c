/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer/squashfs_reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sqfs/compressor.h>
#include <sqfs/data_reader.h>
#include <sqfs/dir.h>
#include <sqfs/dir_reader.h>
#include <sqfs/error.h>
#include <sqfs/inode.h>
#include <sqfs/io.h>
#include <sqfs/super.h>
#include <sqfs/xattr.h>
#include <sqfs/xattr_reader.h>

#include "base/alloc.h"
#include "base/string_list.h"
#include "image/unpack/lzo.h"

#define MAX_FRAGMENTS (1u << 20)
#define MAX_XATTRS    64u
#define READ_SIZE     65536u
#define OPAQUE_NAME   "trusted.overlay.opaque"
#define NO_XATTR      0xffffffffu

/* The piece of the file that is the squashfs. */
struct piece {
	sqfs_file_t file; /* first: libsquashfs has a pointer to it */
	int fd;
	uint64_t offset;
	uint64_t size;
};

struct squashfs_reader {
	struct piece piece;
	sqfs_super_t super;
	sqfs_compressor_t *compressor;
	sqfs_dir_reader_t *folders;
	sqfs_data_reader_t *data;
	sqfs_xattr_reader_t *xattrs; /* NULL: it has none */
};

static int read_piece(sqfs_file_t *file, sqfs_u64 offset, void *buffer, size_t size)
{
	const struct piece *piece = (const struct piece *)(const void *)file;
	char *at = buffer;

	if (offset > piece->size || size > piece->size - offset)
		return SQFS_ERROR_OUT_OF_BOUNDS;
	while (size > 0) {
		ssize_t count = pread(piece->fd, at, size, (off_t)(piece->offset + offset));
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return SQFS_ERROR_IO;
		at += count;
		offset += (sqfs_u64)count;
		size -= (size_t)count;
	}
	return 0;
}

static sqfs_u64 size_of_piece(const sqfs_file_t *file)
{
	return ((const struct piece *)(const void *)file)->size;
}

static bool set_sqfs_error(struct error *err, int code)
{
	if (code == SQFS_ERROR_IO)
		return error_set_errno(err, errno != 0 ? errno : EIO, "cannot read the squashfs");
	if (code == SQFS_ERROR_ALLOC)
		return error_set(err, ERROR_SYSTEM, "out of memory");
	return error_set(err, ERROR_CORRUPT, "the squashfs is malformed (libsquashfs: %d)", code);
}

static sqfs_s32 unpack_lzo(sqfs_compressor_t *compressor, const sqfs_u8 *in, sqfs_u32 size,
			   sqfs_u8 *out, sqfs_u32 room)
{
	size_t count = 0;

	(void)compressor;
	return lzo_unpack(in, size, out, room, &count) ? (sqfs_s32)count : SQFS_ERROR_CORRUPTED;
}

static void free_lzo(sqfs_object_t *object)
{
	free(object);
}

/* libsquashfs is built without it. */
static int open_compressor(struct squashfs_reader *reader)
{
	sqfs_compressor_config_t config;
	SQFS_COMPRESSOR id = (SQFS_COMPRESSOR)reader->super.compression_id;

	if (id == SQFS_COMP_LZO) {
		reader->compressor = xcalloc(1, sizeof(*reader->compressor));
		reader->compressor->base.destroy = free_lzo;
		reader->compressor->do_block = unpack_lzo;
		return 0;
	}
	int code = sqfs_compressor_config_init(&config, id, reader->super.block_size,
					       SQFS_COMP_FLAG_UNCOMPRESS);
	return code != 0 ? code : sqfs_compressor_create(&config, &reader->compressor);
}

static int open_parts(struct squashfs_reader *reader)
{
	sqfs_file_t *file = &reader->piece.file;
	int code = sqfs_super_read(&reader->super, file);

	/* libsquashfs makes room for as many as there are said to be. */
	if (code == 0 && reader->super.fragment_entry_count > MAX_FRAGMENTS)
		code = SQFS_ERROR_CORRUPTED;
	if (code == 0)
		code = open_compressor(reader);
	if (code != 0)
		return code;
	reader->folders = sqfs_dir_reader_create(&reader->super, reader->compressor, file, 0);
	reader->data =
		sqfs_data_reader_create(file, reader->super.block_size, reader->compressor, 0);
	if (reader->folders == NULL || reader->data == NULL)
		return SQFS_ERROR_ALLOC;
	code = sqfs_data_reader_load_fragment_table(reader->data, &reader->super);
	if (code != 0 || (reader->super.flags & SQFS_FLAG_NO_XATTRS) != 0 ||
	    reader->super.xattr_id_table_start == UINT64_MAX)
		return code;
	reader->xattrs = sqfs_xattr_reader_create(0);
	return reader->xattrs == NULL ? SQFS_ERROR_ALLOC
				      : sqfs_xattr_reader_load(reader->xattrs, &reader->super, file,
							       reader->compressor);
}

struct squashfs_reader *squashfs_reader_new(int fd, uint64_t offset, uint64_t size,
					    struct error *err)
{
	AUTO_PTR(squashfs_reader) struct squashfs_reader *reader = xcalloc(1, sizeof(*reader));

	reader->piece = (struct piece){.file = {.read_at = read_piece, .get_size = size_of_piece},
				       .fd = fd,
				       .offset = offset,
				       .size = size};
	errno = 0;
	int code = open_parts(reader);
	if (code != 0) {
		(void)set_sqfs_error(err, code);
		return NULL;
	}
	return TAKE_PTR(reader);
}

void squashfs_reader_free(struct squashfs_reader *reader)
{
	if (reader == NULL)
		return;
	sqfs_destroy(reader->xattrs);
	sqfs_destroy(reader->data);
	sqfs_destroy(reader->folders);
	sqfs_destroy(reader->compressor);
	free(reader);
}

void squashfs_place_clear(struct squashfs_place *place)
{
	sqfs_free(place->inode);
	*place = (struct squashfs_place){0};
}

static bool is_folder(const sqfs_inode_generic_t *inode)
{
	return inode->base.type == SQFS_INODE_DIR || inode->base.type == SQFS_INODE_EXT_DIR;
}

static bool is_whiteout(const sqfs_inode_generic_t *inode)
{
	return (inode->base.type == SQFS_INODE_CDEV && inode->data.dev.devno == 0) ||
	       (inode->base.type == SQFS_INODE_EXT_CDEV && inode->data.dev_ext.devno == 0);
}

/* Reads past one attribute: is it the one? */
static int read_opaque(struct squashfs_reader *reader, bool *ret)
{
	sqfs_xattr_entry_t *key = NULL;
	sqfs_xattr_value_t *value = NULL;
	int code = sqfs_xattr_reader_read_key(reader->xattrs, &key);

	if (code == 0)
		code = sqfs_xattr_reader_read_value(reader->xattrs, key, &value);
	*ret = code == 0 && strcmp((const char *)key->key, OPAQUE_NAME) == 0 && value->size == 1 &&
	       value->value[0] == 'y';
	sqfs_free(key);
	sqfs_free(value);
	return code;
}

static int find_opaque(struct squashfs_reader *reader, const sqfs_inode_generic_t *inode, bool *ret)
{
	sqfs_u32 index = NO_XATTR;
	sqfs_xattr_id_t list;
	bool is_found = false;

	if (reader->xattrs == NULL || sqfs_inode_get_xattr_index(inode, &index) != 0 ||
	    index == NO_XATTR)
		return 0;
	int code = sqfs_xattr_reader_get_desc(reader->xattrs, index, &list);
	if (code == 0)
		code = sqfs_xattr_reader_seek_kv(reader->xattrs, &list);
	for (sqfs_u32 i = 0; code == 0 && i < list.count && i < MAX_XATTRS && !is_found; i++)
		code = read_opaque(reader, &is_found);
	*ret = *ret || is_found;
	return code;
}

static void describe(struct squashfs_place *place, sqfs_inode_generic_t *inode)
{
	place->kind = SQUASHFS_OTHER;
	if (is_folder(inode))
		place->kind = SQUASHFS_FOLDER;
	else if (is_whiteout(inode))
		place->kind = SQUASHFS_GONE;
	else if (sqfs_inode_get_file_size(inode, &place->size) == 0)
		place->kind = SQUASHFS_FILE;
	place->inode = inode;
}

/* One step down; place becomes what is there. */
static int step(struct squashfs_reader *reader, const char *name, struct squashfs_place *place)
{
	sqfs_inode_generic_t *child = NULL;
	bool is_opaque = place->is_opaque;
	int code = find_opaque(reader, place->inode, &is_opaque);

	if (code == 0)
		code = sqfs_dir_reader_find_by_path(reader->folders, place->inode, name, &child);
	squashfs_place_clear(place);
	place->is_opaque = is_opaque;
	if (code == SQFS_ERROR_NO_ENTRY)
		return 0;
	if (code == 0)
		describe(place, child);
	return code;
}

bool squashfs_reader_find(struct squashfs_reader *reader, const char *path,
			  struct squashfs_place *ret, struct error *err)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	sqfs_inode_generic_t *root = NULL;
	int code = sqfs_dir_reader_get_root_inode(reader->folders, &root);

	if (code != 0)
		return set_sqfs_error(err, code);
	describe(ret, root);
	string_list_split(&names, path, '/');
	for (size_t i = 0; i < names.count && ret->kind == SQUASHFS_FOLDER; i++) {
		code = step(reader, names.items[i], ret);
		if (code != 0)
			return set_sqfs_error(err, code);
		if (ret->kind == SQUASHFS_FILE && i + 1 < names.count)
			ret->kind = SQUASHFS_OTHER;
	}
	if (ret->kind == SQUASHFS_FOLDER &&
	    (code = find_opaque(reader, ret->inode, &ret->is_opaque)) != 0)
		return set_sqfs_error(err, code);
	return true;
}

bool squashfs_reader_read(struct squashfs_reader *reader, const struct squashfs_place *place,
			  struct strbuf *ret, struct error *err)
{
	for (uint64_t done = 0; done < place->size;) {
		uint64_t rest = place->size - done;
		uint32_t wanted = rest < READ_SIZE ? (uint32_t)rest : READ_SIZE;
		char *room = strbuf_reserve(ret, wanted);
		if (room == NULL)
			return error_set(err, ERROR_FULL, "a file of %llu bytes is too large",
					 (unsigned long long)place->size);
		sqfs_s32 count =
			sqfs_data_reader_read(reader->data, place->inode, done, room, wanted);
		if (count <= 0)
			return set_sqfs_error(err, count < 0 ? count : SQFS_ERROR_OUT_OF_BOUNDS);
		ret->size += (size_t)count;
		ret->data[ret->size] = '\0';
		done += (uint64_t)count;
	}
	return true;
}

/* The entry that was read last. */
static int take_entry(struct squashfs_reader *reader, struct squashfs_place *ret)
{
	sqfs_inode_generic_t *inode = NULL;
	int code = sqfs_dir_reader_get_inode(reader->folders, &inode);

	if (code == 0)
		describe(ret, inode);
	return code;
}

static bool tell_entry(struct squashfs_reader *reader, const sqfs_dir_entry_t *entry,
		       squashfs_entry_fn *fn, void *arg, struct error *err)
{
	AUTO(squashfs_place_clear) struct squashfs_place place = {0};
	AUTO_FREE char *name = xstrndup((const char *)entry->name, (size_t)entry->size + 1);
	int code = take_entry(reader, &place);

	return code == 0 ? fn(name, &place, arg, err) : set_sqfs_error(err, code);
}

bool squashfs_reader_each(struct squashfs_reader *reader, const struct squashfs_place *folder,
			  size_t most, squashfs_entry_fn *fn, void *arg, struct error *err)
{
	int code = sqfs_dir_reader_open_dir(reader->folders, folder->inode, 0);
	bool is_told = true;

	for (size_t i = 0; code == 0 && is_told; i++) {
		sqfs_dir_entry_t *entry = NULL;
		code = sqfs_dir_reader_read(reader->folders, &entry);
		if (code != 0)
			break;
		is_told = i < most ? tell_entry(reader, entry, fn, arg, err)
				   : error_set(err, ERROR_FULL, "a folder has more than %zu names",
					       most);
		sqfs_free(entry);
	}
	return is_told && (code >= 0 || set_sqfs_error(err, code));
}
