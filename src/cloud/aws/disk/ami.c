/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/disk/ami.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/xml.h"
#include "cloud/aws/client/answer.h"
#include "cloud/aws/client/pager.h"
#include "cloud/aws/disk/snapshot.h"
#include "cloud/patience.h"

#define MAX_PAGES    100
#define WAIT_MS	     (10 * 60 * 1000)
#define NOT_FOUND_MS (60 * 1000) /* EC2 may take a while to know its newest image */
#define POLL_MS	     2000
/* An image's name has at most 128 characters. */
#define DIGITS_IN_NAME	32
#define MAX_POD_IN_NAME 50

void ami_clear(struct ami *ami)
{
	free(ami->id);
	free(ami->snapshot);
	free(ami->state);
	free(ami->created);
	free(ami->project);
	*ami = (struct ami){0};
}

void ami_list_clear(struct ami_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		ami_clear(&list->items[i]);
	free(list->items);
	*list = (struct ami_list){0};
}

const char *ec2_tag_of(const struct xml *item, const char *key)
{
	const struct xml *set = xml_find(item, "tagSet");
	for (const struct xml *tag = set != NULL ? set->first : NULL; tag != NULL;
	     tag = tag->next) {
		const char *name = xml_text(tag, "key");
		if (name != NULL && strcmp(name, key) == 0)
			return xml_text(tag, "value");
	}
	return NULL;
}

static bool id_is_valid(const char *id, const char *prefix)
{
	size_t size = strlen(prefix);
	return id != NULL && strlen(id) <= 64 && strncmp(id, prefix, size) == 0 &&
	       id[size + strspn(id + size, "0123456789abcdef")] == '\0';
}

static void read_item(const struct xml *item, struct ami_list *list)
{
	const char *id = xml_text(item, "imageId");
	const char *snapshot = xml_text(item, "blockDeviceMapping/item/ebs/snapshotId");
	const char *state = xml_text(item, "imageState");
	const char *created = xml_text(item, "creationDate");
	const char *digest = ec2_tag_of(item, "i2kit:image-sha256");
	const char *encrypted = xml_text(item, "blockDeviceMapping/item/ebs/encrypted");
	const char *verified = ec2_tag_of(item, "i2kit:verified");
	if (!id_is_valid(id, "ami-"))
		return;
	struct ami *ami = ARRAY_APPEND(list->items, list->count);
	ami->id = xstrdup(id);
	ami->snapshot = snapshot_id_is_valid(snapshot) ? xstrdup(snapshot) : NULL;
	ami->state = xstrdup(state != NULL ? state : "");
	ami->created = xstrdup(created != NULL ? created : "");
	ami->project = xstrdup_or_null(ec2_tag_of(item, "i2kit:project"));
	ami->is_encrypted = encrypted != NULL && strcmp(encrypted, "true") == 0;
	ami->is_verified = verified != NULL && strcmp(verified, "none") != 0;
	(void)!digest_parse(digest, &ami->digest);
}

static int newest_first(const void *a, const void *b)
{
	return strcmp(((const struct ami *)b)->created, ((const struct ami *)a)->created);
}

static void fill_filters(struct aws_query *query, const char *project, const char *pod,
			 const struct digest *digest)
{
	unsigned n = 0;
	if (project != NULL)
		aws_query_add_filter(query, ++n, "tag:i2kit:project", project);
	if (pod != NULL)
		aws_query_add_filter(query, ++n, "tag:i2kit:pod", pod);
	if (digest != NULL)
		aws_query_add_filter(query, ++n, "tag:i2kit:image-sha256", DIGEST_TEXT(digest));
	if (n == 0)
		aws_query_add_filter(query, ++n, "tag-key", "i2kit:image-sha256");
	aws_query_add(query, "Owner.1", "self");
}

bool ami_list(struct aws_client *client, const char *project, const char *pod,
	      const struct digest *digest, struct ami_list *ret, struct error *err)
{
	AUTO(ami_list_clear) struct ami_list out = {0};
	AUTO(aws_pager_clear)
	struct aws_pager pager = {.action = "DescribeImages", .most = MAX_PAGES};
	do {
		AUTO(aws_query_clear) struct aws_query query;
		aws_query_init(&query, &AWS_EC2, "DescribeImages");
		fill_filters(&query, project, pod, digest);
		aws_query_add(&query, "NextToken", pager.token);
		AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, err);
		if (root == NULL)
			return false;
		const struct xml *set = xml_find(root, "imagesSet");
		for (const struct xml *item = set != NULL ? set->first : NULL; item != NULL;
		     item = item->next)
			read_item(item, &out);
		if (!aws_pager_turn(&pager, xml_text(root, "nextToken"), err))
			return false;
	} while (pager.token != NULL);
	if (out.count > 1)
		qsort(out.items, out.count, sizeof(*out.items), newest_first);
	*ret = out;
	out = (struct ami_list){0};
	return true;
}

/* The snapshot is part of it: another one with the same digest in its tags is another image. */
static char *image_name(const struct ami_register *image)
{
	return xasprintf("i2kit-%.*s-%.*s-%s", MAX_POD_IN_NAME, image->pod, DIGITS_IN_NAME,
			 DIGEST_HEX(&image->digest), image->snapshot);
}

static void fill_register(struct aws_query *query, const struct ami_register *image)
{
	AUTO_FREE char *name = image_name(image);
	AUTO_FREE char *label = xasprintf("%s/%s", image->project, image->pod);
	AUTO_FREE char *description = xasprintf("i2kit %s/%s %s", image->project, image->pod,
						DIGEST_TEXT(&image->digest));
	aws_query_add(query, "Name", name);
	aws_query_add(query, "Description", description);
	/* The service's own defaults are i386 and paravirtual. */
	aws_query_add(query, "Architecture", "x86_64");
	aws_query_add(query, "VirtualizationType", "hvm");
	aws_query_add(query, "EnaSupport", "true");
	/* The disk boots both ways: UEFI where the instance type has it, BIOS elsewhere. */
	aws_query_add(query, "BootMode", "uefi-preferred");
	aws_query_add(query, "ImdsSupport", "v2.0");
	aws_query_add(query, "RootDeviceName", AMI_ROOT_DEVICE);
	aws_query_add(query, "BlockDeviceMapping.1.DeviceName", AMI_ROOT_DEVICE);
	aws_query_add(query, "BlockDeviceMapping.1.Ebs.SnapshotId", image->snapshot);
	aws_query_add(query, "BlockDeviceMapping.1.Ebs.VolumeType", "gp3");
	aws_query_add(query, "BlockDeviceMapping.1.Ebs.DeleteOnTermination", "true");
	const struct aws_tag tags[] = {
		{"Name", label},
		{"i2kit:project", image->project},
		{"i2kit:pod", image->pod},
		{"i2kit:image-sha256", DIGEST_TEXT(&image->digest)},
		{"i2kit:receipt", image->receipt_tag},
		{"i2kit:version", I2KIT_VERSION},
	};
	aws_query_add_tags(query, 1, "image", tags, ARRAY_SIZE(tags));
}

/*
 * The image of that name, if it boots the very snapshot that was compared: a name proves nothing.
 * Owned, NULL when there is none.
 */
static char *find_registered(struct aws_client *client, const struct ami_register *image)
{
	AUTO_FREE char *name = image_name(image);
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_EC2, "DescribeImages");
	aws_query_add_filter(&query, 1, "name", name);
	aws_query_add(&query, "Owner.1", "self");
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, NULL);
	AUTO(ami_list_clear) struct ami_list list = {0};
	const struct xml *set = xml_find(root, "imagesSet");
	for (const struct xml *item = set != NULL ? set->first : NULL; item != NULL;
	     item = item->next)
		read_item(item, &list);
	for (size_t i = 0; i < list.count; i++)
		if (list.items[i].snapshot != NULL &&
		    strcmp(list.items[i].snapshot, image->snapshot) == 0)
			return xstrdup(list.items[i].id);
	return NULL;
}

bool ami_register(struct aws_client *client, const struct ami_register *image, char **ret_id,
		  struct error *err)
{
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_EC2, "RegisterImage");
	fill_register(&query, image);
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, &answer, &failure);
	if (root == NULL) {
		/* An answer that was lost on the way may have registered it. */
		if (aws_code_is(&answer, "InvalidAMIName.Duplicate"))
			*ret_id = find_registered(client, image);
		return *ret_id != NULL ? true : error_move(err, &failure);
	}
	const char *id = xml_text(root, "imageId");
	if (!id_is_valid(id, "ami-"))
		return error_set(err, ERROR_INVALID, "RegisterImage answered without an image");
	*ret_id = xstrdup(id);
	return true;
}

/* *ret_state is owned; NULL while EC2 does not know the image. */
static bool get_state(struct aws_client *client, const char *id, char **ret_state,
		      struct error *err)
{
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_EC2, "DescribeImages");
	aws_query_add(&query, "ImageId.1", id);
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, &answer, &failure);
	if (root == NULL && !aws_code_is(&answer, "InvalidAMIID.NotFound"))
		return error_move(err, &failure);
	*ret_state = xstrdup_or_null(xml_text(root, "imagesSet/item/imageState"));
	return true;
}

bool ami_wait(struct aws_client *client, const char *id, const struct progress *progress,
	      struct error *err)
{
	uint64_t start = clock_monotonic_ms();
	uint64_t pause = 250;
	while (clock_monotonic_ms() - start < WAIT_MS) {
		AUTO_FREE char *state = NULL;
		if (!get_state(client, id, &state, err))
			return false;
		if (state != NULL && strcmp(state, "available") == 0)
			return true;
		if (state != NULL && strcmp(state, "pending") != 0)
			return error_set(err, ERROR_INVALID, "the image %s is %s", id, state);
		if (state == NULL && clock_monotonic_ms() - start > NOT_FOUND_MS)
			return error_set(err, ERROR_NOT_FOUND, "EC2 does not know the image %s",
					 id);
		if (!patience_wait_ms(pause, progress, err))
			return false;
		pause = pause * 2 < POLL_MS ? pause * 2 : POLL_MS;
	}
	return error_set(err, ERROR_TIMEOUT, "the image %s is not available after 10 minutes", id);
}

const char *ec2_root_disk(const struct xml *item, const char *key)
{
	const char *device = xml_text(item, "rootDeviceName");
	const struct xml *set = xml_find(item, "blockDeviceMapping");
	for (const struct xml *m = set != NULL ? set->first : NULL; m != NULL; m = m->next) {
		const char *name = xml_text(m, "deviceName");
		const struct xml *disk = xml_find(m, "ebs");
		if (device != NULL && name != NULL && strcmp(device, name) == 0 && disk != NULL)
			return xml_text(disk, key);
	}
	return NULL;
}

bool ec2_tag(struct aws_client *client, const char *id, const char *key, const char *value,
	     struct error *err)
{
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_EC2, "CreateTags");
	aws_query_add(&query, "ResourceId.1", id);
	aws_query_add(&query, "Tag.1.Key", key);
	aws_query_add(&query, "Tag.1.Value", value);
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, err);
	return root != NULL;
}

bool ami_remove(struct aws_client *client, const struct ami *ami, struct error *err)
{
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_EC2, "DeregisterImage");
	aws_query_add(&query, "ImageId", ami->id);
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, &answer, &failure);
	if (root == NULL && !aws_code_is(&answer, "InvalidAMIID.NotFound") &&
	    !aws_code_is(&answer, "InvalidAMIID.Unavailable"))
		return error_move(err, &failure);
	return ami->snapshot == NULL || snapshot_delete(client, ami->snapshot, err);
}
