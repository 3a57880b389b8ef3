/* SPDX-License-Identifier: Apache-2.0 */
/* What `i2kit sbom` reads out of a disk's layers; the first byte says which. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "image/layer/squashfs_reader.h"
#include "image/sbom/layer_view.h"
#include "image/sbom/package_files.h"
#include "image/sbom/package_rpm.h"
#include "image/unpack/lzo.h"

static bool take_file(const char *name, const char *text, void *arg, struct error *err)
{
	size_t *sum = arg;

	(void)err;
	*sum += strlen(name) + strlen(text);
	return true;
}

static bool read_squashfs(const uint8_t *bytes, size_t size, struct error *err)
{
	AUTO_CLOSE int fd = memfd_create("squashfs", MFD_CLOEXEC);
	if (fd < 0 || !fd_write_all(fd, bytes, size, NULL))
		abort();
	AUTO_PTR(squashfs_reader)
	struct squashfs_reader *reader = squashfs_reader_new(fd, 0, size, err);
	AUTO(strbuf_clear) struct strbuf text = STRBUF_MAX(1 << 20);
	size_t sum = 0;
	bool is_found;
	if (reader == NULL)
		return false;
	struct squashfs_reader *layers[] = {reader};
	const struct layer_view view = {.layers = layers, .count = 1};
	return layer_view_read(&view, "etc/os-release", &text, &is_found, err) &&
	       layer_view_each(&view, "etc", take_file, &sum, err);
}

static void read_lzo(const uint8_t *bytes, size_t size)
{
	size_t room = 131072, count = 0;
	AUTO_FREE uint8_t *out = xmalloc(room);
	if (lzo_unpack(bytes, size, out, room, &count) && count > room)
		abort();
}

static bool read_packages(unsigned which, const uint8_t *bytes, size_t size,
			  struct package_list *list, struct error *err)
{
	AUTO_FREE char *text = xstrndup((const char *)bytes, size);
	AUTO(package_clear) struct package package = {0};

	switch (which) {
	case 'd':
		return package_files_read_dpkg(text, list, err);
	case 'a':
		return package_files_read_apk(text, list, err);
	case 'r':
		return package_rpm_read(bytes, size, list, err);
	default:
		if (!package_rpm_read_header(bytes, size, &package, err))
			return false;
		package_list_take(list, &package);
		return true;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO(package_list_clear) struct package_list list = {0};
	AUTO(distribution_clear) struct distribution distribution = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	bool is_read = true;

	if (size == 0)
		return 0;
	AUTO_FREE char *text = xstrndup((const char *)bytes + 1, size - 1);
	if (bytes[0] == 'o') {
		distribution_read(text, &distribution);
	} else if (bytes[0] == 'l') {
		read_lzo(bytes + 1, size - 1);
	} else if (bytes[0] == 's') {
		is_read = read_squashfs(bytes + 1, size - 1, &err);
	} else {
		is_read = read_packages(bytes[0], bytes + 1, size - 1, &list, &err);
		package_list_finish(&list, &distribution);
	}
	if (!is_read && err.message == NULL)
		abort();
	return 0;
}
