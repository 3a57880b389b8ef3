/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/disk_tool.h"

#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/process_run.h"
#include "local/vm/starter.h"
#include "wire/scratch_format.h"

enum { MAKE_MS = 30000, COPY_MS = 3600000 };

static bool run(const char *const *argv, unsigned timeout_ms, struct error *err)
{
	AUTO(process_output_clear) struct process_output output = {0};
	const struct process_run options = {.argv = argv, .timeout_ms = timeout_ms};

	return process_run(&options, &output, err);
}

static bool ask(enum starter_kind kind, const char *path, const char *other, uint64_t size_bytes,
		struct error *err)
{
	AUTO(starter_request_clear)
	struct starter_request request = {.kind = kind,
					  .path = xstrdup(path),
					  .other = xstrdup_or_null(other),
					  .size_bytes = size_bytes};

	return starter_ask(&request, err);
}

bool disk_tool_make(const char *path, uint64_t size_bytes, struct error *err)
{
	AUTO_FREE char *size = xasprintf("%llu", (unsigned long long)size_bytes);
	const char *const argv[] = {"qemu-img", "create", "-q", "-f", "qcow2", path, size, NULL};

	return starter_is_there() ? ask(STARTER_MAKE_DISK, path, NULL, size_bytes, err)
				  : run(argv, MAKE_MS, err);
}

bool disk_tool_copy(const char *path, const char *from, struct error *err)
{
	const char *const argv[] = {"qemu-img", "convert", "-q", "-f", "qcow2",
				    "-O",	"qcow2",   from, path, NULL};

	return starter_is_there() ? ask(STARTER_COPY_DISK, path, from, 0, err)
				  : run(argv, COPY_MS, err);
}

bool disk_tool_grow(const char *path, uint64_t size_bytes, struct error *err)
{
	AUTO_FREE char *size = xasprintf("%llu", (unsigned long long)size_bytes);
	const char *const argv[] = {"qemu-img", "resize", "-q", "-f", "qcow2", path, size, NULL};

	return starter_is_there() ? ask(STARTER_GROW_DISK, path, NULL, size_bytes, err)
				  : run(argv, MAKE_MS, err);
}

/* No user's PATH has it on Debian. */
static const char *find_mke2fs(void)
{
	static const char *const places[] = {"/usr/sbin/mke2fs", "/sbin/mke2fs"};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (access(places[i], X_OK) == 0)
			return places[i];
	}
	return "mke2fs";
}

static bool run_format(const char *path, bool has_quota, struct error *err)
{
	const char *const argv[] = {
		find_mke2fs(), SCRATCH_MKE2FS,
		"-E",	       has_quota ? "quotatype=prjquota" : "root_owner=0:0",
		"-O",	       has_quota ? SCRATCH_FEATURES_QUOTA : SCRATCH_FEATURES,
		path,	       NULL};

	return run(argv, MAKE_MS, err);
}

bool disk_tool_format(const char *path, bool has_quota, struct error *err)
{
	AUTO(starter_request_clear)
	struct starter_request request = {
		.kind = STARTER_FORMAT_DISK, .path = xstrdup(path), .has_quota = has_quota};

	return starter_is_there() ? starter_ask(&request, err) : run_format(path, has_quota, err);
}
