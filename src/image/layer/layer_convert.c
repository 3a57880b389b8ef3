/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer/layer_convert.h"

#include <locale.h>
#include <string.h>
#include <sys/stat.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/strbuf.h"
#include "image/layer/layer_stream.h"
#include "image/layer/layer_tree.h"
#include "image/layer/layer_tree_finish.h"
#include "image/layer/squashfs_writer.h"

#define ZEROS_SIZE ((size_t)64 << 10)
/* Of all files together, holes included. */
#define CONTENT_BYTES_MAX ((uint64_t)64 << 30)
/* A layer with less than this gets small blocks. */
#define SMALL_LAYER_BYTES   ((uint64_t)1 << 20)
#define SMALL_LAYER_ENTRIES 4096u

struct converter {
	const struct layer_conversion *conversion;
	struct layer_stream *stream;
	struct squashfs_writer *writer;
	struct layer_tree *tree;
	uint64_t content_bytes;
	unsigned entry_count;
	bool is_trial;	/* stops as soon as the layer is not small */
	bool has_ended; /* with the last file's content, without a header's place behind it */
};

/*
 * libarchive changes UTF-8 names to their composed form in a UTF-8 locale (two files can become
 * one) and leaves them alone in the C locale, with a warning.
 */
static void leave_locale(const locale_t *before)
{
	locale_t ours = uselocale(*before);
	if (ours != LC_GLOBAL_LOCALE && ours != *before)
		freelocale(ours);
}

static bool append_zeros(struct converter *converter, uint64_t size, struct error *err)
{
	static const unsigned char zeros[ZEROS_SIZE];
	while (size > 0) {
		size_t piece = size < ZEROS_SIZE ? (size_t)size : ZEROS_SIZE;
		if (!squashfs_file_append(converter->writer, zeros, piece, err))
			return false;
		size -= piece;
	}
	return true;
}

static bool copy_blocks(struct converter *converter, uint64_t size, struct error *err)
{
	struct archive *tar = layer_stream_tar(converter->stream);
	uint64_t at = 0;
	while (true) {
		const void *bytes;
		size_t count;
		la_int64_t offset;
		int code = archive_read_data_block(tar, &bytes, &count, &offset);
		if (code == ARCHIVE_EOF)
			break;
		/*
		 * Some tools (umoci 0.4) pad nothing behind the last file, and what Docker and Podman
		 * read tars with asks for no padding there. The diff id proves that this is all.
		 */
		converter->has_ended = code < ARCHIVE_WARN && at == size &&
				       layer_stream_is_at_end(converter->stream);
		if (converter->has_ended)
			return true;
		if (code < ARCHIVE_WARN)
			return layer_stream_error(converter->stream, err);
		if (offset < 0 || (uint64_t)offset < at || (uint64_t)offset > size ||
		    count > size - (uint64_t)offset)
			return error_set(err, ERROR_CORRUPT, "a sparse file's map is wrong");
		if (!append_zeros(converter, (uint64_t)offset - at, err) ||
		    (count > 0 && !squashfs_file_append(converter->writer, bytes, count, err)))
			return false;
		at = (uint64_t)offset + count;
	}
	return append_zeros(converter, size - at, err);
}

static bool is_small(const struct converter *converter)
{
	return converter->content_bytes < SMALL_LAYER_BYTES &&
	       converter->entry_count < SMALL_LAYER_ENTRIES;
}

static bool add_content(struct converter *converter, struct archive_entry *entry,
			struct layer_node *node, struct error *err)
{
	la_int64_t size = archive_entry_size(entry);
	if (size < 0 || (uint64_t)size > CONTENT_BYTES_MAX - converter->content_bytes)
		return error_set(err, ERROR_INVALID, "the layer's files are larger than %llu GiB",
				 (unsigned long long)(CONTENT_BYTES_MAX >> 30));
	converter->content_bytes += (uint64_t)size;
	if (converter->is_trial && !is_small(converter))
		return true;
	return squashfs_file_begin(converter->writer, node, err) &&
	       copy_blocks(converter, (uint64_t)size, err) &&
	       squashfs_file_end(converter->writer, err);
}

static bool add_xattrs(struct converter *converter, struct archive_entry *entry,
		       struct layer_node *node, struct error *err)
{
	const char *name;
	const void *value;
	size_t size;
	archive_entry_xattr_reset(entry);
	while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK)
		if (!layer_tree_add_xattr(converter->tree, node, name, value, size, err))
			return false;
	return true;
}

static bool is_known_type(const struct tree_entry *fields)
{
	return fields->link_to != NULL || S_ISREG(fields->mode) || S_ISDIR(fields->mode) ||
	       S_ISLNK(fields->mode) || S_ISCHR(fields->mode) || S_ISBLK(fields->mode) ||
	       S_ISFIFO(fields->mode);
}

static bool add_entry(struct converter *converter, struct archive_entry *entry, struct error *err)
{
	struct tree_entry fields = {
		.path = archive_entry_pathname(entry),
		.link_to = archive_entry_hardlink(entry),
		.target = archive_entry_symlink(entry),
		.mode = (uint32_t)archive_entry_mode(entry),
		.uid = (uint32_t)archive_entry_uid(entry),
		.gid = (uint32_t)archive_entry_gid(entry),
		.mtime = archive_entry_mtime(entry),
		.device = archive_entry_rdev(entry),
	};
	struct layer_node *node;
	if (fields.path == NULL || (S_ISLNK(fields.mode) && fields.target == NULL))
		return error_set(err, ERROR_CORRUPT, "an entry without a name");
	if (archive_entry_uid(entry) < 0 || archive_entry_uid(entry) > UINT32_MAX ||
	    archive_entry_gid(entry) < 0 || archive_entry_gid(entry) > UINT32_MAX)
		return error_set(err, ERROR_INVALID, "an owner that is no 32-bit number");
	if (!is_known_type(&fields))
		return error_set(err, ERROR_INVALID, "an unknown kind of file");
	if (!layer_tree_add(converter->tree, &fields, &node, err))
		return false;
	if (node == NULL)
		return true;
	if (!add_xattrs(converter, entry, node, err))
		return false;
	return !S_ISREG(node->mode) || add_content(converter, entry, node, err);
}

static bool prefix_with_name(struct error *err, const char *path)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_MAX(200);
	strbuf_append_printable(&text, path == NULL ? "?" : path,
				path == NULL ? 1 : strnlen(path, 150));
	return error_prefix(err, "'%s'", strbuf_text(&text));
}

static bool add_entries(struct converter *converter, struct error *err)
{
	const struct layer_conversion *conversion = converter->conversion;
	struct archive *tar = layer_stream_tar(converter->stream);
	struct archive_entry *entry;
	for (unsigned count = 0;; count++) {
		converter->entry_count = count;
		int code = archive_read_next_header(tar, &entry);
		if (code == ARCHIVE_EOF)
			return true;
		if (code < ARCHIVE_WARN)
			return layer_stream_error(converter->stream, err);
		if (count > 4 * LAYER_ENTRIES_MAX)
			return error_set(err, ERROR_INVALID, "more than %u entries",
					 4 * LAYER_ENTRIES_MAX);
		if (!add_entry(converter, entry, err))
			return prefix_with_name(err, archive_entry_pathname(entry));
		if (converter->has_ended)
			return true;
		if (converter->is_trial && !is_small(converter))
			return true;
		if (count % 64 != 0)
			continue;
		progress_update(conversion->progress, "layer", conversion->what, PROGRESS_BYTES,
				layer_stream_blob_bytes(converter->stream), conversion->size_bytes);
		if (progress_is_cancelled(conversion->progress))
			return error_set(err, ERROR_CANCELLED, "cancelled");
	}
}

/* *ret_fits: the layer is small exactly where it was to be. If not, there is no result. */
static bool convert(const struct layer_conversion *conversion, bool as_small, bool *ret_fits,
		    struct digest *out_diff_id, struct error *err)
{
	AUTO(layer_tree_clear) struct layer_tree tree;
	layer_tree_init(&tree);
	AUTO_PTR(layer_stream) struct layer_stream *stream = layer_stream_new(conversion->fd, err);
	if (stream == NULL)
		return false;
	AUTO_PTR(squashfs_writer)
	struct squashfs_writer *writer = squashfs_writer_new(
		conversion->path, as_small ? SQUASHFS_BLOCK_SMALL : SQUASHFS_BLOCK_LARGE,
		conversion->workers, err);
	if (writer == NULL)
		return false;
	struct converter converter = {.conversion = conversion,
				      .stream = stream,
				      .writer = writer,
				      .tree = &tree,
				      .is_trial = as_small};
	if (!add_entries(&converter, err))
		return false;
	*ret_fits = is_small(&converter) == as_small;
	return !*ret_fits || (layer_stream_finish(stream, out_diff_id, err) &&
			      squashfs_writer_finish(writer, &tree, err));
}

/*
 * Only the end tells how much there is: the size of the blob depends on how it was compressed. What
 * looks small is tried as such, and that ends where the layer is not; the other way round a small
 * layer is done twice, which takes next to nothing.
 */
bool layer_convert_blob(const struct layer_conversion *conversion, struct digest *out_diff_id,
			struct error *err)
{
	bool as_small = conversion->size_bytes < SMALL_LAYER_BYTES / 2, fits = false;
	locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (plain == (locale_t)0)
		return error_set(err, ERROR_SYSTEM, "no C locale");
	AUTO(leave_locale) locale_t before __attribute__((unused)) = uselocale(plain);
	if (!convert(conversion, as_small, &fits, out_diff_id, err) ||
	    (!fits && !convert(conversion, !as_small, &fits, out_diff_id, err)))
		return false;
	return fits || error_set(err, ERROR_CORRUPT, "the blob changed while it was read");
}
