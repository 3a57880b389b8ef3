/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/output.h"
#include "cli/progress_view.h"
#include "cli/project.h"
#include "cli/verb.h"
#include "cloud/provider.h"
#include "image/image.h"
#include "image/store.h"

static bool parse_verify(const char *text, enum verify_kind *ret, struct error *err)
{
	if (text == NULL || strcmp(text, "full") == 0)
		*ret = VERIFY_FULL;
	else if (strcmp(text, "sample") == 0)
		*ret = VERIFY_SAMPLE;
	else if (strcmp(text, "none") == 0)
		*ret = VERIFY_NONE;
	else
		return error_set(err, ERROR_USAGE, "--verify is full, sample or none, not '%s'",
				 text);
	return true;
}

/* The pod's name as the disk itself has it. Owned; NULL when the disk has none. */
static char *pod_of(const struct disk_image *image)
{
	json_t *toc = json_loads(image->toc_json, 0, NULL);
	const json_t *pod = json_object_get(toc, "pod");
	char *name = xstrdup_or_null(json_string_value(json_object_get(pod, "pod")));
	json_decref(toc);
	return name;
}

static void print_image(const struct invocation *invocation, const char *pod, const char *digest,
			const struct cloud_image *image)
{
	if (invocation->output == OUTPUT_JSON) {
		json_t *object = json_pack(
			"{s:s, s:s, s:s, s:s*, s:b, s:I, s:I, s:I, s:s*}", "pod", pod, "digest",
			digest, "image", image->id, "snapshot", image->snapshot, "wasThere",
			(int)image->was_there, "blocks", (json_int_t)image->blocks_total,
			"blocksSent", (json_int_t)image->blocks_sent, "blocksVerified",
			(json_int_t)image->blocks_verified, "parent", image->parent);
		json_dumpf(object, stdout, JSON_COMPACT);
		(void)putchar('\n');
		json_decref(object);
		return;
	}
	char sent[OUTPUT_SIZE_SIZE];
	output_format_size(sent, image->bytes_sent);
	printf("%s  %s", pod, image->id);
	if (image->was_there)
		printf("  was there already\n");
	else
		printf("  sent %s in %" PRIu64 " of %" PRIu64 " blocks, %" PRIu64
		       " read back and equal\n",
		       sent, image->blocks_sent, image->blocks_total, image->blocks_verified);
}

struct promotion {
	const struct invocation *invocation;
	const struct cloud_provider *provider;
	struct cloud *cloud; /* owned */
	const struct progress *progress;
	char *project; /* owned */
	enum verify_kind verify;
};

static void promotion_clear(struct promotion *promotion)
{
	if (promotion->cloud != NULL)
		promotion->provider->close(promotion->cloud);
	free(promotion->project);
}

static bool open_cloud(struct promotion *promotion, struct error *err)
{
	const struct arguments *args = promotion->invocation->args;
	struct cloud_options options = {
		.region = arguments_value(args, "region"),
		.profile = arguments_value(args, "profile"),
	};
	promotion->provider = cloud_provider_find("aws", err);
	if (promotion->provider == NULL)
		return false;
	promotion->cloud = promotion->provider->open(&options, err);
	if (promotion->cloud == NULL)
		return false;
	AUTO_FREE char *who = promotion->provider->identify(promotion->cloud, err);
	if (who == NULL)
		return false;
	output_note(promotion->invocation, "%s", who);
	return true;
}

static bool promote_digest(struct promotion *promotion, struct store *store, const char *digest,
			   struct error *err)
{
	AUTO(disk_image_clear) struct disk_image disk = {0};
	if (!image_find(store, digest, &disk, err))
		return false;
	AUTO_FREE char *pod = pod_of(&disk);
	if (pod == NULL)
		return error_set(err, ERROR_CORRUPT, "the image %s does not say whose it is",
				 disk.digest);
	struct cloud_upload upload = {
		.project = promotion->project,
		.pod = pod,
		.digest = disk.digest,
		.path = disk.path,
		.size_bytes = disk.size_bytes,
		.verify = promotion->verify,
	};
	AUTO(cloud_image_clear) struct cloud_image image = {0};
	if (!promotion->provider->ensure_image(promotion->cloud, &upload, promotion->progress,
					       &image, err))
		return error_prefix(err, "pod '%s'", pod);
	print_image(promotion->invocation, pod, disk.digest, &image);
	return true;
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO_PTR(progress_view) struct progress_view *view = progress_view_new(invocation);
	AUTO(promotion_clear)
	struct promotion promotion = {.invocation = invocation,
				      .progress = progress_view_progress(view)};
	const struct string_list *digests = arguments_rest(invocation->args);
	promotion.project = project_resolve(invocation, NULL, err);
	if (promotion.project == NULL ||
	    !parse_verify(arguments_value(invocation->args, "verify"), &promotion.verify, err))
		return 1;
	AUTO_PTR(store) struct store *store = store_open(NULL, err);
	if (store == NULL || !open_cloud(&promotion, err))
		return 1;
	for (size_t i = 0; i < digests->count; i++)
		if (!promote_digest(&promotion, store, digests->items[i], err))
			return 1;
	return 0;
}

static const struct option_spec options[] = {
	{"region", 0, OPTION_VALUE, "REGION", "AWS region", COMPLETE_NONE},
	{"profile", 0, OPTION_VALUE, "NAME", "AWS profile", COMPLETE_NONE},
	{"verify", 0, OPTION_VALUE, "full|sample|none", "how much is read back and compared",
	 COMPLETE_FORMAT},
};

const struct verb verb_promote = {
	.name = "promote",
	.group = VERB_CLOUD,
	.summary = "bring images into the cloud, proved equal",
	.description =
		"Uploads disk images from the local store into the cloud, reads back what was "
		"stored there, compares it with the local bytes, and registers a machine image. "
		"Only what differs from the pod's last promoted image is sent. Interrupted, it "
		"goes on where it stopped when it is run again.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"DIGEST", 1, 0, COMPLETE_IMAGE},
	.has_output = true,
	.example = "i2kit promote --region eu-west-1 sha256:3f2a9c\n",
	.run = run,
};
