/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "image/oci/archive_find.h"
#include "image/oci/archive_import.h"
#include "image/oci/resolve.h"
#include "image/oci/source_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static char *folder;
static struct store *store;

static void remove_store(void)
{
	store_close(store);
	(void)!path_remove_tree(folder, NULL);
	free(folder);
}

static void open_store(void)
{
	folder = xstrdup("/tmp/i2kit-fuzz-XXXXXX");
	if (mkdtemp(folder) == NULL)
		abort();
	store = store_open(folder, NULL);
	if (store == NULL || atexit(remove_store) != 0)
		abort();
}

struct input {
	const uint8_t *bytes;
	size_t size;
};

static ssize_t read_all(void *arg, const void **ret_bytes, struct error *err)
{
	struct input *input = arg;
	ssize_t size = (ssize_t)input->size;
	(void)err;
	*ret_bytes = input->bytes;
	input->size = 0;
	return size;
}

/* Whatever image is found in the archive is whole in the store. */
static void check(const struct image_ref *ref)
{
	AUTO(oci_image_clear) struct oci_image image = {0};
	if (!oci_image_load(store, "fuzz", &ref->manifest, &image, NULL))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO(archive_listing_clear) struct archive_listing listing = {0};
	AUTO(image_ref_clear) struct image_ref oci = {0};
	AUTO(image_ref_clear) struct image_ref docker = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	char path[] = "/fuzz.tar";
	const struct reference reference = {.transport = TRANSPORT_DOCKER_ARCHIVE, .path = path};
	if (store == NULL)
		open_store();
	const struct source_request request = {.store = store, .reference = &reference};
	struct input input = {bytes, size};
	if (!archive_import(&request, read_all, &input, &listing, &err)) {
		if (err.message == NULL)
			abort();
		return 0;
	}
	if (archive_find_oci(&request, &listing, &oci, &err))
		check(&oci);
	if (archive_find_docker(&request, &listing, &docker, &err))
		check(&docker);
	return 0;
}
