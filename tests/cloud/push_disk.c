/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests against fake clouds: one disk to a cloud by the provider's own functions.
 *	push-disk PROJECT POD DISK DIGEST [full|sample|none]
 *	push-disk --whoami
 * prints who it is on stderr, and "IMAGE there|new SENT TOTAL VERIFIED BASE", counted in
 * blocks.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "cloud/providers/providers.h"

#define BLOCK 524288

static enum verify_kind verify_kind(const char *name)
{
	if (strcmp(name, "sample") == 0)
		return VERIFY_SAMPLE;
	return strcmp(name, "none") == 0 ? VERIFY_NONE : VERIFY_FULL;
}

static bool whoami(const struct cloud_provider *provider, struct cloud *cloud, struct error *err)
{
	AUTO_FREE char *who = provider->identify(cloud, err);
	if (who != NULL)
		printf("%s\n", who);
	return who != NULL;
}

static bool push(const struct cloud_provider *provider, struct cloud *cloud, char **argv, int argc,
		 struct error *err)
{
	struct stat status;
	if (stat(argv[3], &status) != 0)
		return error_set(err, ERROR_NOT_FOUND, "%s", argv[3]);
	struct cloud_upload upload = {.project = argv[1],
				      .pod = argv[2],
				      .path = argv[3],

				      .size_bytes = (uint64_t)status.st_size,
				      .verify = verify_kind(argc > 5 ? argv[5] : "full")};
	(void)!digest_parse(argv[4], &upload.digest);
	AUTO(cloud_image_clear) struct cloud_image image = {0};
	AUTO_FREE char *who = provider->identify(cloud, err);
	if (who == NULL)
		return false;
	(void)fprintf(stderr, "%s\n", who);
	if (!provider->ensure_image(cloud, &upload, NULL, &image, err))
		return false;
	printf("%s %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n", image.id,
	       image.is_present ? "there" : "new", image.bytes_sent / BLOCK,
	       image.bytes_total / BLOCK, image.bytes_verified / BLOCK,
	       image.base != NULL ? image.base : "-");
	return true;
}

int main(int argc, char **argv)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	bool only_who = argc == 2 && strcmp(argv[1], "--whoami") == 0;
	if (argc < 5 && !only_who)
		return 2;
	(void)signal(SIGPIPE, SIG_IGN);
	if (getenv("PUSH_LOG") != NULL)
		(void)!log_open(LOG_LEVEL_DEBUG, NULL, NULL);
	const char *name = getenv("PUSH_PROVIDER");
	const struct cloud_provider *provider =
		cloud_provider_find(name != NULL ? name : "aws", &err);
	struct cloud_options options = {.parallel = getenv("PUSH_ALONE") != NULL ? 1 : 0};
	struct cloud *cloud = provider != NULL ? provider->open(&options, &err) : NULL;
	bool is_ok = cloud != NULL && (only_who ? whoami(provider, cloud, &err)
						: push(provider, cloud, argv, argc, &err));
	if (cloud != NULL)
		provider->close(cloud);
	if (!is_ok)
		(void)fprintf(stderr, "%s\n%s\n", err.message, err.hint != NULL ? err.hint : "");
	return is_ok ? 0 : 1;
}
