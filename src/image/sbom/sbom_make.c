/* SPDX-License-Identifier: Apache-2.0 */
#include "image/sbom/sbom_make.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "image/pod/image_process.h"
#include "image/sbom/provenance.h"
#include "image/sbom/sbom.h"
#include "image/sbom/sbom_cyclonedx.h"
#include "image/sbom/sbom_packages.h"
#include "image/sbom/sbom_spdx.h"

#define MAX_TEXT ((size_t)256 << 20)

const char *const sbom_format_words[SBOM_FORMAT_COUNT] = {[SBOM_PACKAGES] = "packages",
							  [SBOM_SPDX] = "spdx",
							  [SBOM_CYCLONEDX] = "cyclonedx",
							  [SBOM_PROVENANCE] = "provenance"};

struct making {
	const char *path;
	enum sbom_format format;
	int out; /* in memory, the same in both processes */
};

static bool make_apart(void *arg, const struct progress *progress, struct string_list *words,
		       struct error *err)
{
	static void (*const writers[SBOM_FORMAT_COUNT])(struct json_writer * json,
							const struct sbom *sbom) = {
		[SBOM_PACKAGES] = sbom_packages_write,
		[SBOM_SPDX] = sbom_spdx_write,
		[SBOM_CYCLONEDX] = sbom_cyclonedx_write,
		[SBOM_PROVENANCE] = provenance_write,
	};
	const struct making *making = arg;
	AUTO(sbom_clear) struct sbom sbom = {0};
	AUTO(strbuf_clear) struct strbuf text = STRBUF_MAX(MAX_TEXT);
	struct json_writer json = JSON_WRITER(&text, JSON_PRETTY);
	AUTO_CLOSE int fd = open(making->path, O_RDONLY | O_CLOEXEC);

	(void)progress;
	(void)words;
	if (fd < 0)
		return error_set_errno(err, errno, "cannot read '%s'", making->path);
	if (!sbom_read(fd, making->path, &sbom, err))
		return false;
	writers[making->format](&json, &sbom);
	if (text.is_cut)
		return error_set(err, ERROR_FULL, "'%s': the document is over 256 MiB",
				 making->path);
	return fd_write_all(making->out, text.data, text.size, err);
}

static bool take_text(int fd, struct strbuf *ret, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || st.st_size < 0 || (uint64_t)st.st_size > MAX_TEXT)
		return error_set(err, ERROR_CORRUPT,
				 "the process that reads images wrote too much");
	char *room = strbuf_reserve(ret, (size_t)st.st_size);
	if (room == NULL || pread(fd, room, (size_t)st.st_size, 0) != st.st_size)
		return error_set_errno(err, EIO, "cannot read what was made");
	ret->size += (size_t)st.st_size;
	ret->data[ret->size] = '\0';
	return true;
}

bool sbom_make(struct store *store, const char *path, enum sbom_format format,
	       const struct progress *progress, struct strbuf *ret, struct error *err)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	AUTO_CLOSE int out = memfd_create("sbom", MFD_CLOEXEC);
	struct making making = {.path = path, .format = format, .out = out};
	const struct image_process process = {.store = store, .file = path, .progress = progress};

	if (out < 0)
		return error_set_errno(err, errno, "memfd_create");
	return image_process_run(&process, make_apart, &making, &words, err) &&
	       take_text(out, ret, err);
}
