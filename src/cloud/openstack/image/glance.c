/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/image/glance.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/strbuf.h"

#define MAX_PAGE  1000
#define MAX_PAGES 100
#define MAX_BYTES (INT64_C(1) << 50)
#define TAG	  "i2kit"
#define PATCH	  "application/openstack-images-v2.1-json-patch"

void glance_image_clear(struct glance_image *image)
{
	free(image->id);
	free(image->status);
	free(image->hash_algorithm);
	free(image->hash);
	free(image->verified);
	*image = (struct glance_image){0};
}

void glance_list_clear(struct glance_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		glance_image_clear(&list->items[i]);
	free(list->items);
	*list = (struct glance_list){0};
}

/* False: it belongs to another project. */
static bool read_image(struct json_view view, const char *project, struct glance_image *ret)
{
	const char *owner = json_view_peek(json_view_get(view, "owner"));

	*ret = (struct glance_image){
		.id = json_view_text(json_view_require(view, "id")),
		.status = json_view_text(json_view_require(view, "status")),
		.hash_algorithm = json_view_text(json_view_get(view, "os_hash_algo")),
		.hash = json_view_text(json_view_get(view, "os_hash_value")),
		.verified = json_view_text(json_view_get(view, "i2kit_verified")),
		.size_bytes =
			(uint64_t)json_view_number(json_view_get(view, "size"), 0, MAX_BYTES, 0),
	};
	return project != NULL && owner != NULL && strcmp(owner, project) == 0;
}

/* The next page as a path below ours; NULL: there is none. Owned. */
static char *read_next(struct json_view root)
{
	struct json_view next = json_view_get(root, "next");
	const char *text = json_view_peek(next);

	if (text != NULL && strncmp(text, "/v2/images?", 11) == 0)
		return xstrdup(text + 3);
	if (text != NULL)
		json_view_complain(next, "is no page of images");
	return NULL;
}

static bool read_page(struct openstack_client *client, const char *path, const char *project,
		      struct glance_list *list, char **ret_next, struct error *err)
{
	const struct openstack_call call = {.service = &OPENSTACK_IMAGE, .path = path};
	AUTO_PTR(json_document)
	struct json_document *document = openstack_client_ask(client, &call, err);

	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	struct json_view images = json_view_require(root, "images");
	size_t count = json_view_count(images, MAX_PAGE);
	for (size_t i = 0; i < count; i++) {
		struct glance_image image;
		if (read_image(json_view_at(images, i), project, &image))
			*ARRAY_APPEND(list->items, list->count) = image;
		else
			glance_image_clear(&image);
	}
	*ret_next = read_next(root);
	return json_document_check(document, err);
}

bool glance_list_of(struct openstack_client *client, const struct digest *digest,
		    struct glance_list *ret, struct error *err)
{
	const struct openstack_login *login = openstack_client_login(client, err);
	AUTO(glance_list_clear) struct glance_list list = {0};

	if (login == NULL)
		return false;
	AUTO_FREE char *project = xstrdup_or_null(login->project_id);
	char *path = xasprintf("/images?tag=" TAG "&visibility=private&limit=100&i2kit_sha256=%s",
			       DIGEST_HEX(digest));
	for (unsigned page = 0; path != NULL && page < MAX_PAGES; page++) {
		AUTO_FREE char *now = path;
		path = NULL;
		if (!read_page(client, now, project, &list, &path, err)) {
			free(path);
			return false;
		}
	}
	if (path != NULL) {
		free(path);
		return error_set(err, ERROR_INVALID, "image: the list of images does not end");
	}
	*ret = list;
	list = (struct glance_list){0};
	return true;
}

bool glance_get(struct openstack_client *client, const char *id, struct glance_image *ret,
		struct error *err)
{
	AUTO_FREE char *path = xasprintf("/images/%s", id);
	const struct openstack_call call = {.service = &OPENSTACK_IMAGE, .path = path};
	AUTO_PTR(json_document)
	struct json_document *document = openstack_client_ask(client, &call, err);
	AUTO(glance_image_clear) struct glance_image image = {0};

	if (document == NULL)
		return false;
	(void)read_image(json_document_root(document), NULL, &image);
	if (!json_document_check(document, err))
		return false;
	*ret = image;
	image = (struct glance_image){0};
	return true;
}

/*
 * The base has drivers for virtio alone that a cloud's own choice may lack: so virtio is asked for. A
 * configuration drive is a CD-ROM, on IDE unless the image says otherwise. BIOS is taken where the disk can:
 * UEFI needs 256 MiB.
 */
static void write_hardware(struct json_writer *json, struct disk_firmware firmware)
{
	json_write_text(json, "os_type", "linux");
	json_write_text(json, "hw_firmware_type", firmware.has_bios ? "bios" : "uefi");
	json_write_text(json, "hw_disk_bus", "virtio");
	json_write_text(json, "hw_cdrom_bus", "scsi");
	json_write_text(json, "hw_scsi_model", "virtio-scsi");
	json_write_text(json, "hw_vif_model", "virtio");
	json_write_text(json, "hw_rng_model", "virtio");
}

char *glance_document(const struct cloud_upload *disk, struct disk_firmware firmware)
{
	const uint64_t gib = UINT64_C(1) << 30;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	AUTO_FREE char *name =
		xasprintf("i2kit-%s-%s-%.12s", disk->project, disk->pod, DIGEST_HEX(&disk->digest));

	json_open_object(&json, NULL);
	json_write_text(&json, "name", name);
	json_write_text(&json, "disk_format", "raw");
	json_write_text(&json, "container_format", "bare");
	json_write_text(&json, "visibility", "private");
	json_write_unsigned(&json, "min_disk", (disk->size_bytes + gib - 1) / gib);
	json_open_list(&json, "tags");
	json_write_text(&json, NULL, TAG);
	json_close(&json);
	write_hardware(&json, firmware);
	json_write_text(&json, "i2kit_project", disk->project);
	json_write_text(&json, "i2kit_pod", disk->pod);
	json_write_text(&json, "i2kit_sha256", DIGEST_HEX(&disk->digest));
	json_write_text_if(&json, "i2kit_receipt", disk->receipt_tag);
	json_close(&json);
	return strbuf_take(&out);
}

bool glance_create(struct openstack_client *client, const char *document, char **ret_id,
		   struct error *err)
{
	const struct openstack_call call = {
		.service = &OPENSTACK_IMAGE, .method = "POST", .path = "/images", .json = document};
	AUTO_PTR(json_document)
	struct json_document *made = openstack_client_ask(client, &call, err);

	if (made == NULL)
		return false;
	AUTO_FREE char *id = json_view_text(json_view_require(json_document_root(made), "id"));
	if (!json_document_check(made, err))
		return false;
	*ret_id = TAKE_PTR(id);
	return true;
}

bool glance_mark(struct openstack_client *client, const struct glance_image *image,
		 const char *verified, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	AUTO_FREE char *path = xasprintf("/images/%s", image->id);
	struct json_writer json = JSON_WRITER(&out, 0);

	json_open_list(&json, NULL);
	json_open_object(&json, NULL);
	json_write_text(&json, "op", "replace");
	json_write_text(&json, "path", "/protected");
	json_write_bool(&json, "value", true);
	json_close(&json);
	json_open_object(&json, NULL);
	json_write_text(&json, "op", "add"); /* over what is there, too */
	json_write_text(&json, "path", "/i2kit_verified");
	json_write_text(&json, "value", verified);
	json_close(&json);
	json_close(&json);
	const struct openstack_call call = {.service = &OPENSTACK_IMAGE,
					    .method = "PATCH",
					    .path = path,
					    .json = strbuf_text(&out),
					    .type = PATCH};
	return openstack_client_call(client, &call, &answer, err);
}

bool glance_delete(struct openstack_client *client, const char *id, struct error *err)
{
	AUTO_FREE char *path = xasprintf("/images/%s", id);
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	const struct openstack_call call = {
		.service = &OPENSTACK_IMAGE, .method = "DELETE", .path = path};

	return openstack_client_call(client, &call, &answer, &failure) || answer.status == 404 ||
	       error_move(err, &failure);
}
