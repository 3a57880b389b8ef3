/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files beside images: what a reference stood for, what was made of what, the lock file, the
 * index of a base, a daemon's answer, a registry's certificates. The first byte says which. What is
 * taken can be written again, and is the same then.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fuzz_folder.h"
#include "image/disk/base_folder.h"
#include "image/layer/build_record.h"
#include "image/oci/image_ref.h"
#include "image/oci/lock_file.h"
#include "image/oci/registry_certificates.h"
#include "image/oci/source_daemon.h"

static void check_ref(const char *text, size_t size)
{
	AUTO(image_ref_clear) struct image_ref ref = {0};
	AUTO(image_ref_clear) struct image_ref again = {0};
	if (!image_ref_parse(text, size, &ref, NULL))
		return;
	AUTO_FREE char *written = image_ref_format(&ref);
	if (!image_ref_parse(written, strlen(written), &again, NULL) ||
	    !digest_equal(&ref.digest, &again.digest) ||
	    strcmp(ref.reference, again.reference) != 0 || strcmp(ref.source, again.source) != 0 ||
	    ref.time_ns != again.time_ns)
		abort();
}

static void check_record(const char *text, size_t size)
{
	AUTO(build_record_clear) struct build_record record = {0};
	AUTO(build_record_clear) struct build_record again = {0};
	if (!build_record_parse(text, size, &record, NULL))
		return;
	AUTO_FREE char *written = build_record_format(&record);
	if (!build_record_parse(written, strlen(written), &again, NULL) ||
	    !digest_equal(&record.digest, &again.digest) || record.layer_count != again.layer_count)
		abort();
}

static void check_lock(const char *text, size_t size)
{
	AUTO(lock_file_clear) struct lock_file file = {0};
	AUTO(lock_file_clear) struct lock_file again = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (!lock_file_parse(text, size, "i2kit.lock", &file, &err)) {
		if (err.message == NULL)
			abort();
		return;
	}
	AUTO_FREE char *written = lock_file_format(&file);
	if (!lock_file_parse(written, strlen(written), "i2kit.lock", &again, NULL) ||
	    file.count != again.count)
		abort();
}

static void check_base(const uint8_t *bytes, size_t size)
{
	AUTO(base_folder_clear) struct base_folder base = {0};
	AUTO_FREE char *path = fuzz_file("base.json", bytes, size);
	if (base_folder_load(fuzz_folder(), &base, NULL) && strstr(base.kernel, "..") != NULL)
		abort();
}

static void check_daemon(const char *text, size_t size)
{
	AUTO_FREE char *id = NULL;
	if (daemon_parse_image(text, size, &id, NULL) && strchr(id, '\n') != NULL)
		abort();
}

static void check_certificates(const uint8_t *bytes, size_t size)
{
	AUTO(registry_certificates_clear) struct registry_certificates found = {0};
	AUTO_FREE char *path = fuzz_file("i2kit/certs.d/h.example/a.crt", bytes, size);
	if (setenv("XDG_CONFIG_HOME", fuzz_folder(), 1) != 0 ||
	    setenv("XDG_CACHE_HOME", fuzz_folder(), 1) != 0)
		abort();
	(void)!registry_certificates_find("h.example", &found, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size == 0)
		return 0;
	const char *text = (const char *)bytes + 1;
	size--;
	switch (bytes[0] % 6) {
	case 0:
		check_ref(text, size);
		break;
	case 1:
		check_record(text, size);
		break;
	case 2:
		check_lock(text, size);
		break;
	case 3:
		check_base(bytes + 1, size);
		break;
	case 4:
		check_daemon(text, size);
		break;
	default:
		check_certificates(bytes + 1, size);
		break;
	}
	return 0;
}
