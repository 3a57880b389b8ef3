/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer/squashfs_reader.h"

#include <string.h>

#include <sqfs/compressor.h>
#include <sqfs/dir_reader.h>
#include <sqfs/error.h>
#include <sqfs/id_table.h>
#include <sqfs/inode.h>
#include <sqfs/io.h>
#include <sqfs/super.h>
#include <sqfs/xattr.h>
#include <sqfs/xattr_reader.h>

#include "base/alloc.h"

#define NO_XATTR 0xffffffffu

struct squashfs_reader {
	sqfs_file_t *file;
	sqfs_super_t super;
	sqfs_compressor_t *compressor;
	sqfs_dir_reader_t *folders;
	sqfs_id_table_t *ids;
	sqfs_xattr_reader_t *xattrs; /* or NULL: the file has none */
};

void squashfs_stat_clear(struct squashfs_stat *stat)
{
	for (size_t i = 0; i < stat->xattr_count; i++) {
		free(stat->xattrs[i].name);
		free(stat->xattrs[i].value);
	}
	free(stat->xattrs);
	*stat = (struct squashfs_stat){0};
}

const struct squashfs_xattr *squashfs_stat_xattr(const struct squashfs_stat *stat, const char *name)
{
	for (size_t i = 0; i < stat->xattr_count; i++) {
		if (strcmp(stat->xattrs[i].name, name) == 0)
			return &stat->xattrs[i];
	}
	return NULL;
}

static bool fail(int code, struct error *err)
{
	return code == SQFS_ERROR_ALLOC
		       ? error_set(err, ERROR_SYSTEM, "out of memory")
		       : error_set(err, ERROR_CORRUPT, "not a sound squashfs (%d)", code);
}

static int open_tables(struct squashfs_reader *reader)
{
	sqfs_compressor_config_t config;
	int code = sqfs_super_read(&reader->super, reader->file);
	if (code == 0)
		code = sqfs_compressor_config_init(
			&config, (SQFS_COMPRESSOR)reader->super.compression_id,
			reader->super.block_size, SQFS_COMP_FLAG_UNCOMPRESS);
	if (code == 0)
		code = sqfs_compressor_create(&config, &reader->compressor);
	if (code != 0)
		return code;
	reader->folders =
		sqfs_dir_reader_create(&reader->super, reader->compressor, reader->file, 0);
	reader->ids = sqfs_id_table_create(0);
	if (reader->folders == NULL || reader->ids == NULL)
		return SQFS_ERROR_ALLOC;
	code = sqfs_id_table_read(reader->ids, reader->file, &reader->super, reader->compressor);
	if (code != 0 || (reader->super.flags & SQFS_FLAG_NO_XATTRS) != 0)
		return code;
	reader->xattrs = sqfs_xattr_reader_create(0);
	return reader->xattrs == NULL ? SQFS_ERROR_ALLOC
				      : sqfs_xattr_reader_load(reader->xattrs, &reader->super,
							       reader->file, reader->compressor);
}

struct squashfs_reader *squashfs_reader_new(const char *path, struct error *err)
{
	AUTO_PTR(squashfs_reader) struct squashfs_reader *reader = xcalloc(1, sizeof(*reader));
	reader->file = sqfs_open_file(path, SQFS_FILE_OPEN_READ_ONLY);
	if (reader->file == NULL) {
		(void)error_set(err, ERROR_NOT_FOUND, "cannot read '%s'", path);
		return NULL;
	}
	int code = open_tables(reader);
	if (code != 0) {
		(void)fail(code, err);
		(void)error_prefix(err, "'%s'", path);
		return NULL;
	}
	return TAKE_PTR(reader);
}

void squashfs_reader_free(struct squashfs_reader *reader)
{
	if (reader == NULL)
		return;
	sqfs_destroy(reader->xattrs);
	sqfs_destroy(reader->folders);
	sqfs_destroy(reader->ids);
	sqfs_destroy(reader->compressor);
	sqfs_destroy(reader->file);
	free(reader);
}

static int read_xattr(struct squashfs_reader *reader, struct squashfs_stat *ret)
{
	AUTO_FREE sqfs_xattr_entry_t *name = NULL;
	AUTO_FREE sqfs_xattr_value_t *value = NULL;
	int code = sqfs_xattr_reader_read_key(reader->xattrs, &name);
	if (code == 0)
		code = sqfs_xattr_reader_read_value(reader->xattrs, name, &value);
	if (code != 0)
		return code;
	struct squashfs_xattr *xattr = ARRAY_APPEND(ret->xattrs, ret->xattr_count);
	xattr->name = xstrdup((const char *)name->key);
	xattr->size = value->size;
	xattr->value = xmalloc(value->size + 1);
	memcpy(xattr->value, value->value, value->size);
	return 0;
}

static int read_xattrs(struct squashfs_reader *reader, const sqfs_inode_generic_t *inode,
		       struct squashfs_stat *ret)
{
	sqfs_xattr_id_t place;
	sqfs_u32 index = NO_XATTR;
	int code = sqfs_inode_get_xattr_index(inode, &index);
	if (code != 0 || index == NO_XATTR || reader->xattrs == NULL)
		return code;
	code = sqfs_xattr_reader_get_desc(reader->xattrs, index, &place);
	if (code == 0)
		code = sqfs_xattr_reader_seek_kv(reader->xattrs, &place);
	for (sqfs_u32 i = 0; code == 0 && i < place.count; i++)
		code = read_xattr(reader, ret);
	return code;
}

bool squashfs_reader_find(struct squashfs_reader *reader, const char *path, bool *ret_is_there,
			  struct squashfs_stat *ret, struct error *err)
{
	AUTO(squashfs_stat_clear) struct squashfs_stat stat = {0};
	AUTO_FREE sqfs_inode_generic_t *inode = NULL;
	int code = path[0] == '\0'
			   ? sqfs_dir_reader_get_root_inode(reader->folders, &inode)
			   : sqfs_dir_reader_find_by_path(reader->folders, NULL, path, &inode);
	*ret_is_there = code == 0;
	if (code == SQFS_ERROR_NO_ENTRY || code == SQFS_ERROR_NOT_DIR)
		return true;
	if (code == 0)
		code = sqfs_id_table_index_to_id(reader->ids, inode->base.uid_idx, &stat.uid);
	if (code == 0)
		code = sqfs_id_table_index_to_id(reader->ids, inode->base.gid_idx, &stat.gid);
	if (code == 0)
		code = read_xattrs(reader, inode, &stat);
	if (code != 0)
		return fail(code, err);
	stat.mode = inode->base.mode;
	stat.mtime = inode->base.mod_time;
	*ret = stat;
	stat = (struct squashfs_stat){0};
	return true;
}
