/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer/squashfs_writer.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include <sqfs/block.h>
#include <sqfs/block_processor.h>
#include <sqfs/block_writer.h>
#include <sqfs/compressor.h>
#include <sqfs/dir_writer.h>
#include <sqfs/error.h>
#include <sqfs/frag_table.h>
#include <sqfs/id_table.h>
#include <sqfs/inode.h>
#include <sqfs/io.h>
#include <sqfs/meta_writer.h>
#include <sqfs/super.h>
#include <sqfs/xattr.h>
#include <sqfs/xattr_writer.h>
#include <zstd.h>

#include "base/alloc.h"
#include "image/layer/layer_tree_finish.h"

#define DEVICE_BLOCK	 4096u
#define ZSTD_LEVEL	 3u
#define WORKERS_MAX	 16u
#define BACKLOG_PER_CORE 10u
#define NO_XATTR	 0xffffffffu

struct squashfs_writer {
	sqfs_file_t *file;
	sqfs_compressor_t *compressor;
	sqfs_compressor_t *decompressor;
	sqfs_block_writer_t *blocks;
	sqfs_frag_table_t *fragments;
	sqfs_block_processor_t *processor;
	sqfs_id_table_t *ids;
	sqfs_xattr_writer_t *xattrs;
	sqfs_meta_writer_t *inodes;
	sqfs_meta_writer_t *folders;
	sqfs_dir_writer_t *folder;
	sqfs_super_t super;
	bool is_in_file;
	bool is_finished; /* the processor */
};

const char *squashfs_writer_libraries(void)
{
	return "libsquashfs " I2KIT_SQUASHFS_VERSION ", zstd " ZSTD_VERSION_STRING;
}

static bool set_sqfs_error(struct error *err, int code, const char *what)
{
	switch (code) {
	case SQFS_ERROR_IO:
		return error_set_errno(err, errno != 0 ? errno : EIO, "%s", what);
	case SQFS_ERROR_OVERFLOW:
		return error_set(err, ERROR_INVALID, "%s: more than a squashfs can hold", what);
	case SQFS_ERROR_ALLOC:
		return error_set(err, ERROR_SYSTEM, "%s: out of memory", what);
	case SQFS_ERROR_COMPRESSOR: /* it could not have its memory, ... */
	case SQFS_ERROR_INTERNAL:   /* ... or no thread was given */
		return error_set(err, ERROR_SYSTEM, "%s: out of memory or threads", what);
	default:
		return error_set(err, ERROR_SYSTEM, "%s: libsquashfs error %d", what, code);
	}
}

static unsigned core_count(void)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	int count = CPU_COUNT(&set);
	return count < 1 ? 1 : (unsigned)count > WORKERS_MAX ? WORKERS_MAX : (unsigned)count;
}

static bool make_compressors(struct squashfs_writer *writer, uint32_t block_size, struct error *err)
{
	sqfs_compressor_config_t config;
	int code = sqfs_compressor_config_init(&config, SQFS_COMP_ZSTD, block_size, 0);
	if (code == 0) {
		config.level = ZSTD_LEVEL;
		code = sqfs_compressor_create(&config, &writer->compressor);
	}
	if (code == 0) {
		config.flags |= SQFS_COMP_FLAG_UNCOMPRESS;
		code = sqfs_compressor_create(&config, &writer->decompressor);
	}
	return code == 0 || set_sqfs_error(err, code, "zstd");
}

static bool make_processor(struct squashfs_writer *writer, unsigned workers, struct error *err)
{
	sqfs_block_processor_desc_t desc = {
		.size = sizeof(desc),
		.max_block_size = writer->super.block_size,
		.num_workers = workers,
		.max_backlog = workers * BACKLOG_PER_CORE,
		.cmp = writer->compressor,
		.wr = writer->blocks,
		.tbl = writer->fragments,
		.file = writer->file,
		.uncmp = writer->decompressor,
	};
	int code = sqfs_block_processor_create_ex(&desc, &writer->processor);
	return code == 0 || set_sqfs_error(err, code, "squashfs");
}

static bool start_file(struct squashfs_writer *writer, uint32_t block_size, struct error *err)
{
	int code = sqfs_super_init(&writer->super, block_size, 0, SQFS_COMP_ZSTD);
	if (code == 0)
		code = sqfs_super_write(&writer->super, writer->file);
	if (code == 0) {
		code = writer->compressor->write_options(writer->compressor, writer->file);
		if (code > 0)
			writer->super.flags |= SQFS_FLAG_COMPRESSOR_OPTIONS;
	}
	return code >= 0 || set_sqfs_error(err, code, "squashfs");
}

struct squashfs_writer *squashfs_writer_new(const char *path, uint32_t block_size, unsigned workers,
					    struct error *err)
{
	AUTO_PTR(squashfs_writer) struct squashfs_writer *writer = xcalloc(1, sizeof(*writer));
	errno = 0;
	writer->file = sqfs_open_file(path, SQFS_FILE_OPEN_OVERWRITE);
	if (writer->file == NULL) {
		(void)error_set_errno(err, errno, "cannot open '%s'", path);
		return NULL;
	}
	if (!make_compressors(writer, block_size, err) || !start_file(writer, block_size, err))
		return NULL;
	writer->blocks = sqfs_block_writer_create(writer->file, DEVICE_BLOCK, 0);
	writer->fragments = sqfs_frag_table_create(0);
	writer->ids = sqfs_id_table_create(0);
	writer->xattrs = sqfs_xattr_writer_create(0);
	if (writer->blocks == NULL || writer->fragments == NULL || writer->ids == NULL ||
	    writer->xattrs == NULL) {
		(void)set_sqfs_error(err, SQFS_ERROR_ALLOC, "squashfs");
		return NULL;
	}
	if (!make_processor(writer, workers == 0 ? core_count() : workers, err))
		return NULL;
	return TAKE_PTR(writer);
}

void squashfs_writer_free(struct squashfs_writer *writer)
{
	if (writer == NULL)
		return;
	/* libsquashfs 1.2 leaks the block it was filling when it is destroyed before its end. */
	if (writer->processor != NULL && !writer->is_finished) {
		if (writer->is_in_file)
			(void)sqfs_block_processor_end_file(writer->processor);
		(void)sqfs_block_processor_finish(writer->processor);
	}
	/* Those that use others first. */
	sqfs_destroy(writer->processor);
	sqfs_destroy(writer->folder);
	sqfs_destroy(writer->folders);
	sqfs_destroy(writer->inodes);
	sqfs_destroy(writer->xattrs);
	sqfs_destroy(writer->ids);
	sqfs_destroy(writer->fragments);
	sqfs_destroy(writer->blocks);
	sqfs_destroy(writer->decompressor);
	sqfs_destroy(writer->compressor);
	sqfs_destroy(writer->file);
	free(writer);
}

bool squashfs_file_begin(struct squashfs_writer *writer, struct layer_node *node, struct error *err)
{
	/* A node's address holds until the tree goes, which is what the processor asks for. */
	int code = sqfs_block_processor_begin_file(
		writer->processor, (sqfs_inode_generic_t **)(void *)&node->content, NULL, 0);
	writer->is_in_file = code == 0;
	return code == 0 || set_sqfs_error(err, code, "squashfs");
}

bool squashfs_file_append(struct squashfs_writer *writer, const void *bytes, size_t size,
			  struct error *err)
{
	errno = 0;
	int code = sqfs_block_processor_append(writer->processor, bytes, size);
	return code == 0 || set_sqfs_error(err, code, "cannot write the squashfs");
}

bool squashfs_file_end(struct squashfs_writer *writer, struct error *err)
{
	errno = 0;
	writer->is_in_file = false;
	int code = sqfs_block_processor_end_file(writer->processor);
	return code == 0 || set_sqfs_error(err, code, "cannot write the squashfs");
}

static bool write_xattrs(struct squashfs_writer *writer, const struct layer_node *node,
			 uint32_t *ret, struct error *err)
{
	*ret = NO_XATTR;
	if (node->xattrs == NULL)
		return true;
	int code = sqfs_xattr_writer_begin(writer->xattrs, 0);
	for (const struct layer_xattr *xattr = node->xattrs; code == 0 && xattr != NULL;
	     xattr = xattr->next)
		code = sqfs_xattr_writer_add(writer->xattrs, xattr->name, xattr->value,
					     xattr->size);
	if (code == 0)
		code = sqfs_xattr_writer_end(writer->xattrs, ret);
	return code == 0 || set_sqfs_error(err, code, "extended attributes");
}

static bool fill_common(struct squashfs_writer *writer, const struct layer_node *node,
			sqfs_inode_generic_t *inode, struct error *err)
{
	int code = sqfs_id_table_id_to_index(writer->ids, node->uid, &inode->base.uid_idx);
	if (code == 0)
		code = sqfs_id_table_id_to_index(writer->ids, node->gid, &inode->base.gid_idx);
	inode->base.mode = (sqfs_u16)node->mode;
	inode->base.mod_time = node->mtime;
	inode->base.inode_number = node->number;
	return code == 0 || set_sqfs_error(err, code, "owners");
}

/* Symbolic links, devices and pipes; owned result. */
static sqfs_inode_generic_t *make_special(const struct layer_node *node)
{
	size_t target_size = S_ISLNK(node->mode) ? strlen(node->target) : 0;
	sqfs_inode_generic_t *inode = xcalloc(1, sizeof(*inode) + target_size + 1);
	if (S_ISLNK(node->mode)) {
		inode->base.type = SQFS_INODE_SLINK;
		inode->data.slink.nlink = node->link_count;
		inode->data.slink.target_size = (sqfs_u32)target_size;
		memcpy(inode->extra, node->target, target_size);
		inode->payload_bytes_used = (sqfs_u32)target_size;
		inode->payload_bytes_available = (sqfs_u32)target_size;
	} else if (S_ISCHR(node->mode) || S_ISBLK(node->mode)) {
		inode->base.type = S_ISCHR(node->mode) ? SQFS_INODE_CDEV : SQFS_INODE_BDEV;
		inode->data.dev.nlink = node->link_count;
		inode->data.dev.devno = (sqfs_u32)node->device;
	} else {
		inode->base.type = SQFS_INODE_FIFO;
		inode->data.ipc.nlink = node->link_count;
	}
	return inode;
}

static bool add_children(struct squashfs_writer *writer, const struct layer_node *folder,
			 struct error *err)
{
	int code = sqfs_dir_writer_begin(writer->folder, 0);
	for (struct layer_node *node = folder->first; code == 0 && node != NULL;
	     node = node->next) {
		const struct layer_node *file = layer_node_file(node);
		code = sqfs_dir_writer_add_entry(writer->folder, node->name, file->number,
						 file->reference, (sqfs_u16)file->mode);
	}
	if (code == 0)
		code = sqfs_dir_writer_end(writer->folder);
	return code == 0 || set_sqfs_error(err, code, "folders");
}

/* The inode of a folder whose children are written. Owned result; NULL on failure. */
static sqfs_inode_generic_t *make_folder(struct squashfs_writer *writer,
					 const struct layer_node *node, uint32_t xattr,
					 uint32_t root_parent, struct error *err)
{
	if (!add_children(writer, node, err))
		return NULL;
	uint32_t parent = node->parent != NULL ? node->parent->number : root_parent;
	sqfs_inode_generic_t *inode =
		sqfs_dir_writer_create_inode(writer->folder, 0, xattr, parent);
	if (inode == NULL) {
		(void)set_sqfs_error(err, SQFS_ERROR_ALLOC, "folders");
		return NULL;
	}
	if (inode->base.type == SQFS_INODE_EXT_DIR)
		inode->data.dir_ext.nlink = node->link_count;
	else
		inode->data.dir.nlink = node->link_count;
	return inode;
}

static bool finish_file(sqfs_inode_generic_t *inode, const struct layer_node *node, uint32_t xattr,
			struct error *err)
{
	int code = 0;
	if (xattr != NO_XATTR)
		code = sqfs_inode_set_xattr_index(inode, xattr);
	if (code == 0 && S_ISREG(node->mode) && node->link_count > 1)
		code = sqfs_inode_make_extended(inode);
	if (code == 0 && inode->base.type == SQFS_INODE_EXT_FILE)
		inode->data.file_ext.nlink = node->link_count;
	return code == 0 || set_sqfs_error(err, code, "inodes");
}

static bool write_node(struct squashfs_writer *writer, struct layer_node *node,
		       uint32_t root_parent, struct error *err)
{
	AUTO_FREE sqfs_inode_generic_t *made = NULL;
	sqfs_inode_generic_t *inode = S_ISREG(node->mode) ? node->content : NULL;
	uint32_t xattr;
	if (node->is_written)
		return true;
	if (!write_xattrs(writer, node, &xattr, err))
		return false;
	if (S_ISDIR(node->mode))
		made = make_folder(writer, node, xattr, root_parent, err);
	else if (!S_ISREG(node->mode))
		made = make_special(node);
	if (made != NULL)
		inode = made;
	if (inode == NULL)
		return false;
	if (!fill_common(writer, node, inode, err))
		return false;
	if (!S_ISDIR(node->mode) && !finish_file(inode, node, xattr, err))
		return false;
	sqfs_u64 block;
	sqfs_u32 offset;
	sqfs_meta_writer_get_position(writer->inodes, &block, &offset);
	node->reference = block << 16 | offset;
	node->is_written = true;
	int code = sqfs_meta_writer_write_inode(writer->inodes, inode);
	return code == 0 || set_sqfs_error(err, code, "inodes");
}

/* Every file before the folder it is in; the walk needs no stack. */
static bool write_nodes(struct squashfs_writer *writer, struct layer_tree *tree, uint32_t count,
			struct error *err)
{
	struct layer_node *node = tree->root;
	while (true) {
		while (node->first != NULL)
			node = node->first;
		while (true) {
			if (!write_node(writer, layer_node_file(node), count + 1, err))
				return false;
			if (node->next != NULL || node->parent == NULL)
				break;
			node = node->parent;
		}
		if (node->parent == NULL)
			return true;
		node = node->next;
	}
}

static bool write_tables(struct squashfs_writer *writer, struct error *err)
{
	sqfs_super_t *super = &writer->super;
	int code = sqfs_meta_writer_flush(writer->inodes);
	if (code == 0)
		code = sqfs_meta_writer_flush(writer->folders);
	super->directory_table_start = writer->file->get_size(writer->file);
	if (code == 0)
		code = sqfs_meta_write_write_to_file(writer->folders);
	if (code == 0)
		code = sqfs_frag_table_write(writer->fragments, writer->file, super,
					     writer->compressor);
	if (code == 0)
		code = sqfs_id_table_write(writer->ids, writer->file, super, writer->compressor);
	if (code == 0)
		code = sqfs_xattr_writer_flush(writer->xattrs, writer->file, super,
					       writer->compressor);
	super->bytes_used = writer->file->get_size(writer->file);
	if (code == 0)
		code = sqfs_super_write(super, writer->file);
	uint64_t padded = (super->bytes_used + DEVICE_BLOCK - 1) / DEVICE_BLOCK * DEVICE_BLOCK;
	if (code == 0)
		code = writer->file->truncate(writer->file, padded);
	return code == 0 || set_sqfs_error(err, code, "cannot write the squashfs");
}

bool squashfs_writer_finish(struct squashfs_writer *writer, struct layer_tree *tree,
			    struct error *err)
{
	errno = 0;
	writer->is_finished = true;
	int code = sqfs_block_processor_finish(writer->processor);
	if (code != 0)
		return set_sqfs_error(err, code, "cannot write the squashfs");
	uint32_t count = layer_tree_finish(tree);
	writer->super.inode_count = count;
	writer->super.inode_table_start = writer->file->get_size(writer->file);
	writer->inodes = sqfs_meta_writer_create(writer->file, writer->compressor, 0);
	writer->folders = sqfs_meta_writer_create(writer->file, writer->compressor,
						  SQFS_META_WRITER_KEEP_IN_MEMORY);
	if (writer->inodes == NULL || writer->folders == NULL)
		return set_sqfs_error(err, SQFS_ERROR_ALLOC, "squashfs");
	writer->folder = sqfs_dir_writer_create(writer->folders, 0);
	if (writer->folder == NULL)
		return set_sqfs_error(err, SQFS_ERROR_ALLOC, "squashfs");
	if (!write_nodes(writer, tree, count, err))
		return false;
	writer->super.root_inode_ref = tree->root->reference;
	return write_tables(writer, err);
}
