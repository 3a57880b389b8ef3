/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/volumes.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/parse.h"
#include "base/xml.h"
#include "cloud/aws/client/pager.h"
#include "cloud/aws/disk/ami.h"
#include "cloud/aws/disk/snapshot.h"
#include "cloud/claims.h"

#define MAX_PAGES     100
#define MAX_GIB	      65536
#define BYTES_PER_GIB (UINT64_C(1) << 30)

void volume_list_clear(struct volume_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].id);
		free(list->items[i].claim);
		free(list->items[i].logical_id);
		free(list->items[i].zone);
		free(list->items[i].snapshot);
		free(list->items[i].kms_key);
	}
	free(list->items);
	*list = (struct volume_list){0};
}

void left_snapshot_list_clear(struct left_snapshot_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].id);
		free(list->items[i].claim);
		free(list->items[i].started);
	}
	free(list->items);
	*list = (struct left_snapshot_list){0};
}

/* --- volumes -------------------------------------------------------------------------------- */

static void add_volume(const struct xml *item, uint64_t gib, char *claim,
		       struct json_view resources, struct volume_list *ret)
{
	const char *logical = ec2_tag_of(item, "aws:cloudformation:logical-id");
	struct json_view properties =
		json_view_get(json_view_get(resources, logical), "Properties");
	struct ebs_volume *added = ARRAY_APPEND(ret->items, ret->count);
	added->id = xstrdup(xml_text(item, "volumeId"));
	added->claim = claim;
	added->logical_id = xstrdup(logical);
	added->zone = xstrdup(xml_text(item, "availabilityZone"));
	added->size_gib = gib;
	added->snapshot = json_view_text(json_view_get(properties, "SnapshotId"));
	added->kms_key = json_view_text(json_view_get(properties, "KmsKeyId"));
}

/*
 * Older releases named the claim in the tag Name alone, "PROJECT/POD CLAIM", whether it was a
 * template of a StatefulSet (POD's CLAIM-POD-0 now) or a claim of its own: it is found as both.
 */
static void take_volume(const struct xml *item, struct json_view resources, struct volume_list *ret)
{
	const char *size = xml_text(item, "size");
	const char *claim = ec2_tag_of(item, "i2kit:claim");
	const char *pod = ec2_tag_of(item, "i2kit:pod");
	const char *name = ec2_tag_of(item, "Name");
	const char *old = name != NULL ? strrchr(name, ' ') : NULL;
	uint64_t gib = 0;
	if (xml_text(item, "volumeId") == NULL || xml_text(item, "availabilityZone") == NULL ||
	    size == NULL || ec2_tag_of(item, "aws:cloudformation:logical-id") == NULL ||
	    !parse_u64(size, 1, MAX_GIB, &gib))
		return;
	if (claim != NULL)
		add_volume(item, gib, xstrdup(claim), resources, ret);
	if (claim != NULL || old == NULL || pod == NULL)
		return;
	add_volume(item, gib, xasprintf("%s-%s-0", old + 1, pod), resources, ret);
	add_volume(item, gib, xstrdup(old + 1), resources, ret);
}

static bool read_volumes(struct aws_client *client, const struct cloud_scope *scope,
			 struct json_view resources, struct volume_list *ret, struct error *err)
{
	AUTO(aws_pager_clear)
	struct aws_pager pager = {.action = "DescribeVolumes", .most = MAX_PAGES};
	do {
		AUTO(aws_query_clear) struct aws_query query;
		aws_query_init(&query, &AWS_EC2, "DescribeVolumes");
		aws_query_add_filter(&query, 1, "tag:aws:cloudformation:stack-name", scope->name);
		aws_query_add_filter(&query, 2, "tag:i2kit:project", scope->project);
		aws_query_add(&query, "NextToken", pager.token);
		AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, err);
		if (root == NULL)
			return false;
		const struct xml *set = xml_find(root, "volumeSet");
		for (const struct xml *item = set != NULL ? set->first : NULL; item != NULL;
		     item = item->next)
			take_volume(item, resources, ret);
		if (!aws_pager_turn(&pager, xml_text(root, "nextToken"), err))
			return false;
	} while (pager.token != NULL);
	return true;
}

bool volume_list_find(struct aws_client *client, const struct cloud_scope *scope,
		      const char *template_text, struct volume_list *ret, struct error *err)
{
	AUTO(volume_list_clear) struct volume_list out = {0};
	AUTO_PTR(json_document) struct json_document *document = NULL;
	struct json_view resources = {0};
	if (template_text != NULL) {
		document = json_document_parse(template_text, strlen(template_text),
					       "the stack's template", 0, err);
		if (document == NULL)
			return false;
		resources = json_view_get(json_document_root(document), "Resources");
	}
	if (!read_volumes(client, scope, resources, &out, err))
		return false;
	*ret = out;
	out = (struct volume_list){0};
	return true;
}

struct stack_volume *volume_list_for_stack(const struct volume_list *list)
{
	struct stack_volume *volumes = xcalloc(list->count + 1, sizeof(*volumes));
	for (size_t i = 0; i < list->count; i++)
		volumes[i] = (struct stack_volume){
			.claim = list->items[i].claim,
			.logical_id = list->items[i].logical_id,
			.zone = list->items[i].zone,
			.size_gib = list->items[i].size_gib,
			.snapshot = list->items[i].snapshot,
			.kms_key = list->items[i].kms_key,
		};
	return volumes;
}

/* --- what removed ones left ----------------------------------------------------------------- */

static bool mark(struct aws_client *client, const struct cloud_scope *scope, const char *snapshot,
		 const char *claim, struct error *err)
{
	return ec2_tag(client, snapshot, "i2kit:project", scope->project, err) &&
	       ec2_tag(client, snapshot, "i2kit:stack", scope->name, err) &&
	       ec2_tag(client, snapshot, "i2kit:claim", claim, err);
}

bool volumes_mark_left(struct aws_client *client, const struct cloud_scope *scope,
		       const struct volume_list *gone, struct error *err)
{
	for (size_t i = 0; i < gone->count; i++) {
		AUTO(aws_query_clear) struct aws_query query;
		aws_query_init(&query, &AWS_EC2, "DescribeSnapshots");
		aws_query_add(&query, "Owner.1", "self");
		aws_query_add_filter(&query, 1, "volume-id", gone->items[i].id);
		AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, err);
		if (root == NULL)
			return false;
		const struct xml *set = xml_find(root, "snapshotSet");
		for (const struct xml *item = set != NULL ? set->first : NULL; item != NULL;
		     item = item->next) {
			const char *id = xml_text(item, "snapshotId");
			if (snapshot_id_is_valid(id) &&
			    !mark(client, scope, id, gone->items[i].claim, err))
				return false;
		}
	}
	return true;
}

/* --- restoring ------------------------------------------------------------------------------ */

/* 0: no pod has such a claim. */
static uint64_t claim_gib(const struct app *app, const char *claim)
{
	for (size_t i = 0; i < app->pod_count; i++) {
		AUTO(cloud_claim_list_clear) struct cloud_claim_list claims = {0};
		cloud_claims_of_pod(app, &app->pods[i], &claims);
		for (size_t c = 0; c < claims.count; c++)
			if (strcmp(claims.items[c].name, claim) == 0)
				return (claims.items[c].size_bytes + BYTES_PER_GIB - 1) /
				       BYTES_PER_GIB;
	}
	return 0;
}

static bool check_snapshot(struct aws_client *client, const char *claim, const char *id,
			   uint64_t gib, struct error *err)
{
	AUTO(error_clear) struct error failure = ERROR_INIT;
	uint64_t size = 0;
	if (!snapshot_id_is_valid(id))
		return error_set(err, ERROR_INVALID,
				 "provider.restore: '%s' of claim '%s' is no snapshot's id", id,
				 claim);
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_EC2, "DescribeSnapshots");
	aws_query_add(&query, "SnapshotId.1", id);
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, &failure);
	if (root == NULL) {
		error_move(err, &failure);
		return error_prefix(err, "provider.restore: claim '%s'", claim);
	}
	const char *text = xml_text(root, "snapshotSet/item/volumeSize");
	if (text == NULL || !parse_u64(text, 1, MAX_GIB, &size))
		return error_set(err, ERROR_NOT_FOUND, "provider.restore: there is no snapshot %s",
				 id);
	if (size <= gib)
		return true;
	error_set(err, ERROR_INVALID,
		  "provider.restore: claim '%s' asks for %llu GiB, and %s is of a volume of %llu",
		  claim, (unsigned long long)gib, id, (unsigned long long)size);
	return error_hint(err, "storage: %lluGi", (unsigned long long)size);
}

bool volumes_check_restore(struct aws_client *client, const struct app *app,
			   const struct environment *environment, const struct volume_list *there,
			   struct error *err)
{
	for (size_t i = 0; i < environment->restore_count; i++) {
		const char *claim = environment->restore[i].key;
		uint64_t gib = claim_gib(app, claim);
		bool is_there = false;
		for (size_t v = 0; v < there->count; v++)
			is_there = is_there || strcmp(there->items[v].claim, claim) == 0;
		if (gib == 0)
			return error_set(err, ERROR_INVALID,
					 "provider.restore: no pod has a claim '%s'", claim);
		if (!is_there &&
		    !check_snapshot(client, claim, environment->restore[i].value, gib, err))
			return false;
	}
	return true;
}

static int newest_first(const void *a, const void *b)
{
	return strcmp(((const struct left_snapshot *)b)->started,
		      ((const struct left_snapshot *)a)->started);
}

bool volumes_list_left(struct aws_client *client, const struct cloud_scope *scope,
		       struct left_snapshot_list *ret, struct error *err)
{
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_EC2, "DescribeSnapshots");
	aws_query_add(&query, "Owner.1", "self");
	aws_query_add_filter(&query, 1, "tag:i2kit:stack", scope->name);
	aws_query_add_filter(&query, 2, "tag:i2kit:project", scope->project);
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, err);
	if (root == NULL)
		return false;
	const struct xml *set = xml_find(root, "snapshotSet");
	for (const struct xml *item = set != NULL ? set->first : NULL; item != NULL;
	     item = item->next) {
		const char *id = xml_text(item, "snapshotId");
		const char *claim = ec2_tag_of(item, "i2kit:claim");
		const char *started = xml_text(item, "startTime");
		if (!snapshot_id_is_valid(id) || claim == NULL)
			continue;
		struct left_snapshot *added = ARRAY_APPEND(ret->items, ret->count);
		added->id = xstrdup(id);
		added->claim = xstrdup(claim);
		added->started = xstrdup(started != NULL ? started : "");
	}
	if (ret->count > 1)
		qsort(ret->items, ret->count, sizeof(*ret->items), newest_first);
	return true;
}
