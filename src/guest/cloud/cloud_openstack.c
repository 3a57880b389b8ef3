/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/cloud/cloud_openstack.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/path.h"
#include "guest/cloud/cloud_http.h"
#include "guest/machine/config_disk.h"
#include "wire/release_document.h"

#define METADATA	 "http://169.254.169.254/openstack/latest/"
#define METADATA_WAIT_MS 5000
#define META_DATA	 "meta_data.json"
#define USER_DATA	 "user_data"
#define UUID_LENGTH	 36

static void free_cloud(struct guest_cloud *cloud)
{
	if (cloud == NULL)
		return;
	free(cloud->instance_id);
	free(cloud->address);
	free(cloud->endpoint);
	free(cloud);
}
DEFINE_AUTO_PTR(guest_cloud, free_cloud)

bool cloud_openstack_has_drive(void)
{
	return path_exists(CONFIG_DRIVE_FILES "/" META_DATA);
}

static bool ask(const char *name, char **ret, struct error *err)
{
	AUTO(cloud_answer_clear) struct cloud_answer answer = {0};
	AUTO_FREE char *url = xasprintf(METADATA "%s", name);
	struct cloud_request request = {
		.method = "GET", .url = url, .timeout_ms = METADATA_WAIT_MS};

	if (!cloud_http(&request, &answer, err))
		return error_prefix(err, "instance metadata");
	if (answer.status != 200)
		return error_set(err, answer.status == 404 ? ERROR_NOT_FOUND : ERROR_NETWORK,
				 "instance metadata: %s: HTTP %d", name, answer.status);
	*ret = TAKE_PTR(answer.body);
	return true;
}

/* "meta_data.json" or "user_data"; *ret owned. */
static bool read_file(const char *name, char **ret, struct error *err)
{
	AUTO_FREE char *path = xasprintf(CONFIG_DRIVE_FILES "/%s", name);

	if (!cloud_openstack_has_drive())
		return ask(name, ret, err);
	return file_read(path, RELEASE_MAX_BYTES, ret, NULL, err);
}

static bool is_uuid(const char *text)
{
	return text != NULL && strlen(text) == UUID_LENGTH &&
	       strspn(text, "0123456789abcdefABCDEF-") == UUID_LENGTH;
}

static struct guest_cloud *openstack_open(struct error *err)
{
	AUTO_FREE char *text = NULL;
	AUTO_PTR(guest_cloud) struct guest_cloud *cloud = xcalloc(1, sizeof(*cloud));

	cloud->backend = &cloud_backend_openstack;
	if (!read_file(META_DATA, &text, err))
		return NULL;
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(text, strlen(text), META_DATA, JSON_LAST_KEY_WINS, err);
	if (document == NULL)
		return NULL;
	struct json_view uuid = json_view_require(json_document_root(document), "uuid");
	cloud->instance_id = json_view_text(uuid);
	if (json_view_exists(uuid) && !is_uuid(cloud->instance_id))
		json_view_complain(uuid, "is no UUID");
	return json_document_check(document, err) ? TAKE_PTR(cloud) : NULL;
}

static bool openstack_user_data(struct guest_cloud *cloud, char **ret, struct error *err)
{
	(void)cloud;
	return read_file(USER_DATA, ret, err);
}

const struct cloud_backend cloud_backend_openstack = {
	.open = openstack_open,
	.user_data = openstack_user_data,
};
